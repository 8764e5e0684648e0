"""What a run wrote to disk: results, which are compared, and what a tool keeps for itself, which is not.

Kept by a tool: compiled modules, folders that say so by a CACHEDIR.TAG (pytest's, mypy's, ruff's), and the temporary folder
as far as its files are gone after the run or lie in folders that are numbered anew each time (pytest's tmp_path).
"""

from __future__ import annotations

import os
import tempfile

_TAG = "CACHEDIR.TAG"


class Written:
    """The files that the runs of one program were seen to write.

    folder: the one that the program runs in; results: paths that are compared; aside: words for what is not, in the order in which it was seen.
    """

    def __init__(self, folder):
        self._folder = os.path.join(os.path.realpath(folder), "")
        self.results = []
        self.aside = []

    def note(self, path):
        """A path that a run wrote, once that run has ended. True if it is a result, false if it is set aside."""
        if path in self.results:
            return True
        words = kept_by_a_tool(path, self._folder)
        if words is None:
            self.results.append(path)
        elif words not in self.aside:
            self.aside.append(words)
        return words is None


def kept_by_a_tool(path, own_folder):
    """What a written file is, if it is nothing that the program was run for; else None. A file below own_folder is no scratch."""
    parts = path.split(os.sep)
    if "__pycache__" in parts or path.endswith(".pyc"):
        return "compiled modules"
    folder = path
    while len(folder) > 1:
        if os.path.isfile(os.path.join(folder, _TAG)):
            return f"the cache {folder}"
        folder = os.path.dirname(folder)
    temporary = os.path.realpath(tempfile.gettempdir())
    if path == temporary or os.path.dirname(path) == temporary and not os.path.lexists(path):
        return "temporary files"
    if path.startswith(os.path.join(temporary, "pytest-of-")) and not os.path.realpath(path).startswith(own_folder):
        return "pytest's temporary folders"
    return None
