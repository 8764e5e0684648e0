"""What a capture says below the line: the bytecode of a function, and how the interpreter ran each instruction.

The module is also the callable `hasten.profile`, in whichever order it is reached. What that does stands in
hasten.inside, floors above, because it shows a verdict; here is only its name.

>>> import hasten
>>> with hasten.profile() as p:
...     total = sum(range(1000))
>>> p.report["python"].startswith("3.")
True
"""

import importlib
import sys
import types

_OF_PROFILE = ("Profile", "start", "stop")


def _inside() -> types.ModuleType:
    return importlib.import_module("hasten.inside.public")


class _CallableModule(types.ModuleType):
    """Makes `hasten.profile` the context manager and decorator."""

    def __call__(self, function=None, *, name: str = "", rate_hz: float = 0.0, calls: int = 1):
        return _inside().profile(function, name=name, rate_hz=rate_hz, calls=calls)


def __getattr__(name: str) -> object:
    if name in _OF_PROFILE:
        return getattr(_inside(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


sys.modules[__name__].__class__ = _CallableModule
