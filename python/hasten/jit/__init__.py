"""Compile Python functions to machine code that means exactly what the Python means.

>>> import hasten
>>> @hasten.jit
... def triangle(n):
...     total = 0
...     for i in range(n):
...         total += i
...     return total
>>> triangle(10)
45

This module is the decorator itself: `hasten.jit`, `from hasten import jit` and `import hasten.jit` all give it.
"""

import os
import sys
import types

from hasten import _runtime
from hasten.errors import CompileError

__all__ = ["Function", "explain", "report"]

Function = _runtime.Function

def _error_of(reason: str) -> CompileError:
    from hasten.jit.places import split_reason  # here, because what it imports takes longer than everything else in this module

    parts = split_reason(reason)
    if parts["line"] is None:
        return CompileError(reason)
    place = f"{parts['file']}:{parts['line']}" + (f":{parts['column']}" if parts["column"] is not None else "")
    return CompileError(
        f"{place}: {parts['why']}",
        code=parts["code"] or "",
        hint=f"Try: {parts['hint']}" if parts["hint"] else "",
        line=parts["line"],
        column=parts["column"] or 0,
    )


def _jit(function=None, *, strict: bool = False, background: bool = False):
    """Compile `function` when it is called, for the types that it is called with.

    The result is a drop-in: same name, signature, documentation, methods, pickling and exceptions. What cannot be
    compiled yet runs as the Python function that it is; `report()` says which line and why.

    Args:
        function: a Python function. Without it, `jit(strict=True)` returns the decorator.
        strict: raise hasten.errors.CompileError instead of falling back to Python.
        background: generate code in a thread of its own, without the GIL. Calls run as Python until it is there, and none
            waits for LLVM; `function.wait()` does. Code out of the cache on disk is used at once.
    Environment: HASTEN_JIT=0 makes this return `function` itself; HASTEN_JIT_BACKGROUND=1 says background=True everywhere.
    """
    if function is None:
        return lambda wanted: _jit(wanted, strict=strict, background=background)
    if os.environ.get("HASTEN_JIT") == "0" or isinstance(function, Function):
        return function
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_jit(function.__func__, strict=strict, background=background))
    if not isinstance(function, types.FunctionType):
        if strict:
            raise CompileError(
                f"{function!r} is not a Python function", code="C103", hint="Decorate the def statement itself"
            )
        if not callable(function):
            raise TypeError(f"hasten.jit expects a function, not {type(function).__name__}")
        return function
    return _runtime.make_function(function, _error_of if strict else None, bool(background))


def report(function) -> dict:
    """How the calls of a compiled function ran, line by line: `function.hasten.report()`, where the keys are told."""
    if not isinstance(function, Function):
        raise TypeError(f"{function!r} was not made by hasten.jit")
    return function.hasten.report()


def explain(function) -> str:
    """The same in words, one line a fact. `function.hasten.listing()` shows them beside the source."""
    facts = report(function)
    from hasten.jit.listing import call_words, summary, version_words

    lines = [f"{function.__qualname__}: {summary(facts)}"]
    lines.extend(f"  {version_words(version)}" for version in facts["versions"])
    for landing in facts["landings"]:
        seen = f" ({landing['seen']})" if landing["seen"] else ""
        lines.append(f"  line {landing['line']}: {landing['why']}{seen}, {landing['count']} times")
    for line in facts["lines"]:
        lines.extend(f"  line {line['line']}: `{call['callee']}` through CPython: {call_words(call)}" for call in line["calls"])
    if facts["python_calls"]:
        lines.append(f"  {facts['python_calls']} calls ran as Python")
    lines.extend(f"  {reason}" for reason in facts["reasons"])
    return "\n".join(lines)


class _CallableModule(types.ModuleType):
    """Makes `hasten.jit` the decorator in whichever way it is reached."""

    def __call__(self, function=None, *, strict: bool = False, background: bool = False):
        return _jit(function, strict=strict, background=background)


_CallableModule.__call__.__doc__ = _jit.__doc__
sys.modules[__name__].__class__ = _CallableModule
