"""The programs of benchmarks/compile/programs: loaded, compiled, and given their arguments. Runs on Python 3.9 too (PyPy).

Each file states `KIND`, "numeric" or "containers"; `PEERS`, the tools that can do its work from the same source; `SMALL`,
inputs for tests, and `LARGE`, one for timing. An input is the tuple of main's arguments, or what the file's `given` makes them
from. A file may have `CYTHON_OBJECTS`, names of variables that are no C types.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path

PROGRAMS = Path(__file__).resolve().with_name("programs")


def names():
    """All programs, by name."""
    return sorted(path.stem for path in PROGRAMS.glob("*.py"))


def load(name, folder=PROGRAMS, suffix=""):
    """A module of its own with the program, from its source or from what a tool made of it in `folder`."""
    found = sorted(folder.glob(f"{name}.*.so")) or [folder / f"{name}.py"]
    spec = importlib.util.spec_from_file_location(name + suffix, found[0])
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def functions(module):
    """The functions that are the program: all of the module but `given`."""
    own = [value for value in vars(module).values() if inspect.isfunction(value) and value.__module__ == module.__name__]
    return [function for function in own if function.__name__ != "given"]


def decorate(module, decorator):
    """Every function of the program, methods of its classes too, replaced by what the decorator makes of it."""
    for function in functions(module):
        setattr(module, function.__name__, decorator(function))
    for kind in [value for value in vars(module).values() if inspect.isclass(value) and value.__module__ == module.__name__]:
        for name, method in list(vars(kind).items()):
            if inspect.isfunction(method):
                setattr(kind, name, decorator(method))
    return module


def compiled(name):
    """The program with everything under hasten.jit."""
    import hasten

    return decorate(load(name, suffix="_compiled"), hasten.jit)


def arguments(module, size):
    """New arguments for one call of main."""
    return module.given(size) if hasattr(module, "given") else size


def answer(module, size):
    """What main gives, as text; or the exception."""
    try:
        return repr(module.main(*arguments(module, size)))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
