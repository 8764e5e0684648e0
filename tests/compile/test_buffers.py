"""bytearray, array.array and memoryview: numbers in one piece of memory, read and written there, with CPython's answers and errors."""

import copy
import math
import struct
import sys
from array import array
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
sys.path.insert(0, str(Path(__file__).parent))
import buffers as plain  # noqa: E402

CODES = "bBhHiIlLqQfd"
RANGES = {code: (-(2 ** (8 * struct.calcsize(code) - 1)), 2 ** (8 * struct.calcsize(code) - 1) - 1) for code in "bhilq"} | {
    code: (0, 2 ** (8 * struct.calcsize(code)) - 1) for code in "BHILQ"
}


def compiled(name):
    function = getattr(plain, name)
    return hasten.jit(type(function)(function.__code__, function.__globals__, name, function.__defaults__))


def told(function, *args):
    """What came of the call, and what became of its arguments; NaN and the sign of 0 count."""
    args = copy_of(args)
    try:
        result = function(*args)
    except Exception as error:
        result = (type(error), str(error))
    return repr(seen(result)), repr(seen(args))


def copy_of(value):
    if isinstance(value, (list, tuple)):
        return type(value)(map(copy_of, value))
    return memoryview(bytearray(value.tobytes())).cast(value.format) if isinstance(value, memoryview) else copy.copy(value)


def seen(value):
    if isinstance(value, memoryview):
        try:
            return value.format, value.tobytes()
        except ValueError:
            return "released"
    if isinstance(value, (list, tuple)):
        return [seen(one) for one in value]
    return (value.tobytes(), value.typecode) if isinstance(value, array) else value


def both(name, *args, times=3):
    jitted = compiled(name)
    for _ in range(times):
        assert told(jitted, *args) == told(getattr(plain, name), *args)
    return jitted


def values_of(code):
    if code in "fd":
        return [0.0, -0.0, 1.5, -2.25, 1e300, -1e-300, math.inf, math.nan, 0.1, 3e38, 1e39]
    low, high = RANGES[code]
    return [0, 1, 5, high, low, high - 1, low + 1, high // 2, 100]


def floats_that_fit(code):
    return [x for x in values_of(code) if code != "f" or not (math.isfinite(x) and abs(x) > 3.4e38)]


def sample(code):
    return array(code, floats_that_fit(code) if code in "fd" else values_of(code))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", ["array", "memoryview"])
def test_every_format_is_read(code, kind):
    items = sample(code) if kind == "array" else memoryview(sample(code))
    for name in ("total", "by_index"):
        both(name, items)
    for index in (0, -1, len(items) - 1, -len(items), len(items), -len(items) - 1, 2**70, True, 1.0, None):
        both("get_at", items, index)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", ["array", "memoryview"])
def test_every_format_is_written_and_what_does_not_fit_is_refused(code, kind):
    items = sample(code) if kind == "array" else memoryview(sample(code))
    both("put", items, values_of(code) if code not in "f" else floats_that_fit("f"))
    jitted = compiled("put_at")
    beyond = [RANGES[code][0] - 1, RANGES[code][1] + 1] if code in RANGES else []
    for value in [1, 2, *values_of(code), *beyond, True, 0.5, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**30, None, "x", 1j]:
        for index in (0, -1, len(items)):
            assert told(jitted, items, index, value) == told(plain.put_at, items, index, value), (value, index)


def test_bytearrays():
    for data in (bytearray(b"\x00\x01\xfe\xff" * 9), bytearray(b"a")):
        for name in ("total", "by_index", "swapped"):
            both(name, data)
        jitted = compiled("put_at")
        for value in (0, 255, 256, -1, True, 2**70, 1.0, b"a"):
            for index in (0, -1, len(data), -len(data) - 1):
                assert told(jitted, data, index, value) == told(plain.put_at, data, index, value)
    both("by_index", bytearray())
    both("total", bytearray())


@pytest.mark.parametrize("code", CODES)
def test_append(code):
    jitted = compiled("append")
    items, theirs = array(code), array(code)
    for value in [1, 2, 3] * 40 + values_of(code)[:9]:
        try:
            plain.append(theirs, value)
        except OverflowError as error:
            with pytest.raises(OverflowError, match=str(error)):
                jitted(items, value)
        else:
            jitted(items, value)
        assert seen(items) == seen(theirs) and sys.getsizeof(items) == sys.getsizeof(theirs)
    for value in (None, "x", 2**64, -(2**64), 1j):
        assert told(jitted, items, value) == told(plain.append, items, value)


def test_append_to_a_bytearray_takes_the_memory_that_cpython_takes():
    jitted = compiled("append")
    items, theirs = bytearray(), bytearray()
    for k in range(300):
        plain.append(theirs, k & 255)
        jitted(items, k & 255)
        assert items == theirs and items.__alloc__() == theirs.__alloc__()
    for cut in (250, 3, 10):
        del items[:cut], theirs[:cut]
        for k in range(20):
            plain.append(theirs, k)
            jitted(items, k)
            assert items == theirs and items.__alloc__() == theirs.__alloc__()
    assert told(jitted, items, 256) == told(plain.append, items, 256)


def test_what_somebody_looks_at_does_not_grow():
    for items in (array("d", [1.0] * 5), bytearray(b"abc"), array("i", [3])):
        both("exported", items, 7)


def test_made_in_the_function():
    for name, args in {
        "filled": ("x", [1, 2, 3, 500, 7] * 30),
        "sieve": (400,),
        "halves": (31,),
        "through_views": (700,),
    }.items():
        jitted = both(name, *args)
        assert jitted.hasten.report()["refusals"] == []


def test_they_may_grow_and_shrink_while_they_are_walked():
    for items in (array("d", [1.5, 2.5]), array("q", [3]), bytearray(b"ab")):
        both("grows_while_walked", items, 40)
        both("shrinks_while_walked", items * 9)


def test_two_at_once():
    both("paired", array("d", [0.5] * 40), array("f", [0.1] * 33))
    both("paired", bytearray(b"abc"), array("h", [-4, 5, 6]))


def test_a_view_that_is_released_raises():
    jitted = compiled("released_in_between")
    for _ in range(4):
        assert told(jitted, memoryview(array("i", range(40))), 30) == told(plain.released_in_between, memoryview(array("i", range(40))), 30)


def test_views_of_other_forms_are_left_to_cpython():
    base = bytearray(range(64))
    for view in (
        memoryview(base)[::2],
        memoryview(base)[10:20],
        memoryview(base)[::-1],
        memoryview(base).cast("c"),
        memoryview(base).cast("?"),
        memoryview(base).cast("B", (8, 8)),
        memoryview(base).toreadonly(),
    ):
        for index in (0, -1, 5, 100):
            got, want = [], []
            for function, to in ((compiled("get_at"), got), (plain.get_at, want)):
                for _ in range(3):
                    try:
                        to.append(function(view, index))
                    except Exception as error:
                        to.append((type(error), str(error)))
            assert got == want
        got = want = None
        try:
            compiled("put_at")(view, 1, 3)
        except Exception as error:
            got = type(error), str(error)
        try:
            plain.put_at(view, 1, 3)
        except Exception as error:
            want = type(error), str(error)
        assert got == want


def test_one_function_for_arrays_of_many_codes():
    jitted = compiled("total")
    for _ in range(3):
        for code in CODES:
            items = sample(code)
            assert repr(jitted(items)) == repr(plain.total(items))
        for other in (bytearray(b"abc"), [1, 2.5], (3,), b"xyz", range(4), memoryview(b"abc"), array("b")):
            assert jitted(other) == plain.total(other)


def test_items_of_other_kinds_in_one_loop():
    both("changes_kind", [array("d", [1.5]), array("i", [2]), bytearray(b"a"), [1, 2], array("d", [0.25]), memoryview(b"q")])
    both("changes_kind", [array("d", [1.5, 2.5])] * 6)


def test_lines_of_a_sieve_are_native():
    jitted = both("sieve", 2000)
    by_line = {row["line"] - jitted.hasten.report()["lines"][0]["line"]: row["class"] for row in jitted.hasten.report()["lines"]}
    code = plain.sieve.__code__
    assert all(by_line[k] in ("native", "checked") for k in (4, 5, 6, 7)), (by_line, code.co_firstlineno)
