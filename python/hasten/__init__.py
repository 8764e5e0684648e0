"""Hasten finds the line that costs the time, changes it, and proves that the program is faster and the same.

Importing it costs next to nothing: every part is loaded when it is first used.
"""

__version__ = "0.1.0"

# Public callables by the submodule that is them. Such a submodule replaces itself by its callable, so that
# `hasten.jit`, `from hasten import jit` and `import hasten.jit` give the same thing in whatever order.
_CALLABLES = ("jit", "profile")
_MODULES = ("errors", "machine")
_LABELS = "hasten.inside.labels"

__all__ = [*_CALLABLES, *_MODULES, "__version__", "label"]


def __getattr__(name):
    if name in _CALLABLES or name in _MODULES:
        import sys

        full_name = f"{__name__}.{name}"
        __import__(full_name)
        return sys.modules[full_name]
    if name == "label":
        import importlib

        globals()[name] = importlib.import_module(_LABELS).label
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell):
    """`%load_ext hasten`: the magics %hasten and %%hasten."""
    import importlib

    importlib.import_module("hasten.inside.magics").register(shell)


def __dir__():
    return sorted({*globals(), *__all__})
