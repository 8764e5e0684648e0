"""Lets this Python compile its hot functions (../within.py), then does what its own sitecustomize does. Leaves no trace in sys.path and
the environment."""

import os
import sys


def _begin(here):
    told = os.environ.pop("HASTEN_HOT", None)
    if told is None:
        return
    theirs, folder, package, manner = told.split("\n")
    if theirs:
        os.environ["PYTHONPATH"] = theirs[1:]
    else:
        os.environ.pop("PYTHONPATH", None)
    within = {"__name__": "hasten_hot", "__builtins__": __builtins__}
    for part in ("trampoline.py", "safety.py", "within.py"):  # one namespace: none is a module that the program could meet
        with open(os.path.join(os.path.dirname(here), part), encoding="utf-8") as file:
            exec(compile(file.read(), f"<hasten {part}>", "exec"), within)
    within["begin"](folder, package, manner)


def _next(here):
    """The sitecustomize that stands behind this one, if any."""
    import importlib.util
    from importlib.machinery import PathFinder

    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    sys.path_importer_cache.pop(here, None)
    sys.modules.pop("sitecustomize", None)
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None:
        raise ImportError("No module named 'sitecustomize'", name="sitecustomize")  # which site passes over
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_here = os.path.dirname(os.path.abspath(__file__))
try:
    _begin(_here)
finally:
    _next(_here)
