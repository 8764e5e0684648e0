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

# "FILE:LINE:COLUMN: CODE why; try: hint", as the front end writes it; column, code and hint may be missing.
_REASON = (
    r"(?P<file>.*?):(?P<line>\d+)(?::(?P<column>\d+))?: "
    r"(?:(?P<code>[A-Z]\d{3}) )?(?P<why>.*?)(?:; try: (?P<hint>.*))?"
)


def _error_of(reason: str) -> CompileError:
    import re  # here, because importing it takes longer than everything else in this module

    match = re.fullmatch(_REASON, reason, re.DOTALL)
    if not match:
        return CompileError(reason)
    place = f"{match['file']}:{match['line']}" + (f":{match['column']}" if match["column"] else "")
    hint = f"Try: {match['hint']}" if match["hint"] else ""
    return CompileError(
        f"{place}: {match['why']}",
        code=match["code"] or "",
        hint=hint,
        line=int(match["line"]),
        column=int(match["column"] or 0),
    )


def _jit(function=None, *, strict: bool = False):
    """Compile `function` when it is called, for the types that it is called with.

    The result is a drop-in: same name, signature, documentation, methods, pickling and exceptions. What cannot be
    compiled yet runs as the Python function that it is; `report()` says which line and why.

    Args:
        function: a Python function. Without it, `jit(strict=True)` returns the decorator.
        strict: raise hasten.errors.CompileError instead of falling back to Python.
    Environment: HASTEN_JIT=0 makes this return `function` itself.
    """
    if function is None:
        return lambda wanted: _jit(wanted, strict=strict)
    if os.environ.get("HASTEN_JIT") == "0" or isinstance(function, Function):
        return function
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_jit(function.__func__, strict=strict))
    if not isinstance(function, types.FunctionType):
        if strict:
            raise CompileError(
                f"{function!r} is not a Python function", code="C103", hint="Decorate the def statement itself"
            )
        if not callable(function):
            raise TypeError(f"hasten.jit expects a function, not {type(function).__name__}")
        return function
    return _runtime.make_function(function, _error_of if strict else None)


def report(function) -> dict:
    """How the calls of a compiled function ran: see Function.report."""
    if not isinstance(function, Function):
        raise TypeError(f"{function!r} was not made by hasten.jit")
    return function.report()


def explain(function) -> str:
    """The same in words, one line a fact."""
    facts = report(function)
    lines = [f"{function.__qualname__}: {facts['tier']}"]
    for version in facts["versions"]:
        lines.append(
            f"  native version: {version['calls']} calls, left for the interpreter {version['landings']} times, "
            f"{version['code_bytes']} bytes"
        )
    for landing in facts["landings"]:
        seen = f" ({landing['seen'].__name__})" if landing["seen"] else ""
        lines.append(f"  line {landing['line']}: {landing['why']}{seen}, {landing['count']} times")
    if facts["python_calls"]:
        lines.append(f"  {facts['python_calls']} calls ran as Python")
    lines.extend(f"  {reason}" for reason in facts["reasons"])
    return "\n".join(lines)


class _CallableModule(types.ModuleType):
    """Makes `hasten.jit` the decorator in whichever way it is reached."""

    def __call__(self, function=None, *, strict: bool = False):
        return _jit(function, strict=strict)


_CallableModule.__call__.__doc__ = _jit.__doc__
sys.modules[__name__].__class__ = _CallableModule
