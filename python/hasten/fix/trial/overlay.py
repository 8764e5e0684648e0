"""The import overlay: chosen source files run with other text, and nothing on disk changes.

An imported module keeps its name, __file__, __spec__ and cached path; only the text that is compiled
comes from the trial. The main script is compiled from the trial's text under its own path.
"""

import sys
from importlib.machinery import SourceFileLoader


class OverlayLoader(SourceFileLoader):
    def __init__(self, fullname, path, compile_module):
        super().__init__(fullname, path)
        self._compile_module = compile_module

    def get_code(self, fullname):
        return self._compile_module(self.path)


class OverlayFinder:
    """First on sys.meta_path; asks the others where a module is, and swaps the loader if the file is overlaid."""

    def __init__(self, paths, compile_module):
        self._paths = frozenset(paths)
        self._compile_module = compile_module

    def find_spec(self, fullname, path=None, target=None):
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.origin in self._paths and isinstance(spec.loader, SourceFileLoader):
                    spec.loader = OverlayLoader(spec.loader.name, spec.loader.path, self._compile_module)
                return spec
        return None

    def invalidate_caches(self):
        pass
