"""The import overlay: chosen source files run with other text, and nothing on disk changes.

An imported module keeps its name, __file__, __spec__ and cached path; only the text that is compiled
comes from the trial. The main script is compiled from the trial's text under its own path.
"""

import sys

# Where importlib has them from: importing importlib itself loads a package that the program may not have.
from _frozen_importlib_external import SourceFileLoader, _path_isfile, decode_source, spec_from_file_location
from _io import IncrementalNewlineDecoder


class OverlayLoader(SourceFileLoader):
    """Reads one file from memory. hasten.jit asks it for the text that a function was compiled from."""

    def __init__(self, fullname, path, raw, compile_module):
        super().__init__(fullname, path)
        self._raw = raw
        self._compile_module = compile_module

    def get_code(self, fullname):
        return self._compile_module(self.path)

    def get_source(self, fullname):
        # decode_source() imports tokenize to look for the encoding: milliseconds that no plain run spends, on the program's time.
        if any(b"coding" in line for line in self._raw.split(b"\n", 2)[:2]) or self._raw.startswith(b"\xef\xbb\xbf"):
            return decode_source(self._raw)
        return IncrementalNewlineDecoder(None, True).decode(self._raw.decode())


# The program sees the usual loader by its usual name.
OverlayLoader.__name__ = OverlayLoader.__qualname__ = SourceFileLoader.__name__
OverlayLoader.__module__ = SourceFileLoader.__module__


class OverlayFinder:
    """First on sys.meta_path; asks the others where a module is, and swaps the loader if the file is overlaid."""

    def __init__(self, overlay, compile_module):
        self._overlay = overlay  # path -> bytes
        self._compile_module = compile_module
        self._added = {path for path in overlay if not _path_isfile(path)}

    def find_spec(self, fullname, path=None, target=None):
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.origin in self._overlay and isinstance(spec.loader, SourceFileLoader):
                    spec.loader = OverlayLoader(spec.loader.name, spec.loader.path, self._overlay[spec.origin],
                                                self._compile_module)
                return spec
        return self._spec_of_added(fullname, path) if self._added else None

    def _spec_of_added(self, fullname, path):
        """A module that only the changed program has."""
        name = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            for origin in (f"{folder}/{name}/__init__.py", f"{folder}/{name}.py"):
                if origin in self._added:
                    loader = OverlayLoader(fullname, origin, self._overlay[origin], self._compile_module)
                    return spec_from_file_location(fullname, origin, loader=loader)
        return None

    def invalidate_caches(self):
        pass
