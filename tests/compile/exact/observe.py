"""What can be seen of a call: result or exception, traceback lines, and everything that the arguments became.

Two observations are equal only if types are the same, floats have the same bits (any NaN equals any NaN: CPython
does not define the sign that arithmetic gives to a NaN), and the same lists are shared in the same places. Lists keep
their identity through a call; numbers and tuples have none that a program may rely on.
"""

from __future__ import annotations

import array
import ctypes
import io
import re
import struct
import sys


COUNTED = (list, dict, set, bytearray)
MUTABLE = (bytearray, set, dict, array.array, memoryview)


def in_order(items):
    """Those of a set. The hash of a NaN is its address, so where it lies, and others because of it, is chance."""
    return sorted(items, key=repr) if "'nan'" in repr(items) else items


def canonical(value, seen: dict):
    """A plain tuple that is equal for equal observations. `seen` numbers the lists in order of first sight."""
    kind = type(value)
    if kind is int:
        return ("int", value)
    if kind is bool or value is None:
        return (kind.__name__, value)
    if kind is float:
        return ("float", "nan" if value != value else struct.pack(">d", value).hex())
    if kind is complex:
        return ("complex", canonical(value.real, seen)[1], canonical(value.imag, seen)[1])
    if kind is str:
        return ("str", without_addresses(value))
    if kind is tuple:
        return ("tuple", *[canonical(item, seen) for item in value])
    if isinstance(value, list):
        if id(value) in seen:
            return ("same", seen[id(value)])
        seen[id(value)] = len(seen)
        return (kind.__name__, *[canonical(item, seen) for item in list.__iter__(value)])
    if kind is bytes:
        return ("bytes", value.hex())
    if kind is frozenset:
        return ("frozenset", *in_order([canonical(item, seen) for item in value]))
    if kind in MUTABLE or kind.__name__ in ("Thing", "End"):
        if id(value) in seen:
            return ("same", seen[id(value)])
        seen[id(value)] = len(seen)
        if kind.__name__ == "Thing":
            return ("Thing", *[canonical(getattr(value, name, "-"), seen) for name in ("x", "y")])
        if kind.__name__ == "End":
            return ("End", value.name)
        if kind is memoryview:
            return ("memoryview", value.tobytes().hex(), value.format)
        if kind is not dict:
            items = [canonical(item, seen) for item in value]
            return (kind.__name__, getattr(value, "typecode", ""), *(in_order(items) if kind is set else items))
        return ("dict", *[(canonical(k, seen), canonical(v, seen)) for k, v in value.items()])
    if isinstance(value, dict):
        return (kind.__name__, *[(canonical(k, seen), canonical(v, seen)) for k, v in dict.items(value)])
    if isinstance(value, (set, str)):
        plain = type(value).__mro__[1]
        items = [canonical(item, seen) for item in plain.__iter__(value)]
        return (kind.__name__, *(in_order(items) if plain is set else items))
    if isinstance(value, int):
        return (kind.__name__, int.__int__(value))
    if isinstance(value, float):
        return (kind.__name__, canonical(float.__float__(value), seen)[1])
    if isinstance(value, complex):
        return (kind.__name__, canonical(value.real, seen)[1], canonical(value.imag, seen)[1])
    if isinstance(value, BaseException):
        return (kind.__name__, canonical(value.args, seen))
    if isinstance(value, type):
        return ("type", value.__name__)
    if hasattr(value, "__next__"):
        return (kind.__name__, *rest_of(value, seen))
    return (kind.__name__, str(value) if kind in (range, slice) else "")


def without_addresses(text: str) -> str:
    """Programs turn texts round, too."""
    return re.sub(r" at 0x[0-9a-f]+|[0-9a-f]+x0 ta ", "", text) if " at 0x" in text or "x0 ta " in text else text


def rest_of(iterator, seen: dict) -> list:
    """What it would still give: using it up is what nobody minds any more."""
    rest = []
    try:
        for item in iterator:
            rest.append(canonical(item, seen))
            if len(rest) > 50:
                break
    except Exception as error:  # noqa: BLE001 - whatever comes is the observation
        rest.append(type(error).__name__)
    return rest


def traceback_lines(error: BaseException, filename: str) -> tuple:
    """(function, line) of each frame of the program. A comprehension has a frame of its own only up to 3.11."""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == filename and not code.co_name.startswith("call_"):
            entry = (code.co_name, trace.tb_lineno)
            if code.co_name not in ("<listcomp>", "<genexpr>"):
                lines.append(entry)
        trace = trace.tb_next
    return tuple(lines)


def chain(error: BaseException) -> tuple:
    """The types of the exceptions behind it, and whether each is shown."""
    links = []
    while error is not None and len(links) < 9:
        links.append((type(error).__name__, type(error.__cause__).__name__, error.__suppress_context__))
        error = error.__cause__ or error.__context__
    return tuple(links)


def message(error: BaseException) -> str:
    return without_addresses(str(error)[:500])


def is_unsure_line(error: BaseException) -> bool:
    """CPython 3.11 reads a local by an instruction fused with the one before, once the code is warm: the line that
    it then gives for an unbound local is that of the statement before."""
    return type(error) is UnboundLocalError and not hasattr(sys, "monitoring")


# abs() of a complex with a NaN part raises OverflowError if the C errno happens to be ERANGE, from whatever ran before.
errno_location = ctypes.CDLL(None).__errno_location
errno_location.restype = ctypes.POINTER(ctypes.c_int)


def observe(function, args: tuple, kwargs: dict, globals_: list, filename: str):
    """Calls and returns the observation, as a tuple of parts that are compared one by one."""
    seen: dict = {}
    lists = [a for a in args if type(a) in COUNTED]
    lists += [row for a in args if type(a) in (list, tuple) for row in a if type(row) in COUNTED]
    counts_before = [sys.getrefcount(a) for a in lists]
    errno_location()[0] = 0
    before, sys.stdout = sys.stdout, io.StringIO()
    try:
        try:
            result = function(*args, **kwargs)
        finally:
            printed, sys.stdout = sys.stdout.getvalue(), before
    except Exception as error:  # noqa: BLE001 - whatever comes is the observation
        outcome = (
            "raised",
            canonical(error, seen),
            message(error),
            traceback_lines(error, filename)[: -1 if is_unsure_line(error) else None],
            chain(error),
            printed,
        )
        del error
    else:
        outcome = ("returned", canonical(result, seen), *([printed] if printed else []))
        del result
    after = tuple(canonical(value, seen) for value in (*args, *kwargs.values(), *globals_))
    # A list argument that has more or fewer owners afterwards than under CPython is a leak or a crash to come.
    owners = tuple(
        sys.getrefcount(a) - before for a, before in zip(lists, counts_before, strict=True)
    )
    return {"outcome": outcome, "arguments": after, "owners": owners}


def difference(plain: dict, compiled: dict) -> str | None:
    """The first part that differs, in words, or None."""
    for part in ("outcome", "arguments", "owners"):
        if plain[part] != compiled[part]:
            return f"{part}: CPython {shorten(plain[part])}  compiled {shorten(compiled[part])}"
    return None


def shorten(value) -> str:
    try:
        text = repr(value)
    except ValueError:  # an int too long for decimal digits
        text = f"<{type(value).__name__} with a huge int>"
    return text if len(text) < 700 else text[:450] + " ... " + text[-200:]
