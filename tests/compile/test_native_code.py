"""Functions that must really run as native code: equal to CPython, entered natively, and left where they should."""

import math
import operator

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
pytest.importorskip("hasten._compile")


def outcome(function, arguments):
    try:
        return ("returned", repr(function(*arguments)))
    except Exception as error:  # noqa: BLE001 - whatever it raises is compared
        return ("raised", type(error).__name__, str(error))


def both(function, *calls):
    """Calls the plain and the compiled function alike; gives the compiled one's report."""
    compiled = hasten.jit(function)
    for arguments in calls:
        assert outcome(compiled, arguments()) == outcome(function, arguments())
    return compiled.report()


def sum_of_squares(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def test_an_int_loop_runs_natively():
    report = both(sum_of_squares, lambda: (0,), lambda: (10,), lambda: (100_000,))
    assert report["tier"] == "native"
    assert report["compiles"] == 1
    assert report["python_calls"] == report["interpreter_calls"] == 0
    assert report["landings"] == []


def factorial(n):
    result = 1
    for i in range(2, n + 1):
        result *= i
    return result


def test_overflow_goes_on_exactly_and_widens_the_next_version():
    compiled = hasten.jit(factorial)
    assert compiled(20) == 2432902008176640000
    assert compiled(25) == 15511210043330985984000000
    assert [landing["why"] for landing in compiled.report()["landings"]] == [
        "integer beyond 64 bits"
    ]
    for n in range(30):
        assert compiled(n) == math.factorial(n)


def total(items):
    result = 0
    for item in items:
        result += item
    return result


def test_an_int_start_stays_an_int_until_a_float_comes():
    report = both(
        total,
        lambda: ([],),
        lambda: ([1.5, 2.25],),
        lambda: ([1, 2],),
        lambda: ([1, 2.5, True],),
        lambda: ([-0.0],),
    )
    assert report["tier"] == "native"


def change(items, index, value):
    items[index] = value
    return items[index], items[-1], len(items)


def test_lists_change_in_place():
    given = [1.0, 2.0, 3.0]
    compiled = hasten.jit(change)
    kept = given[1]
    assert compiled(given, 1, 9.5) == (9.5, 3.0, 3)
    assert given == [1.0, 9.5, 3.0]
    assert kept == 2.0, "a float that somebody else holds must not be overwritten"
    assert outcome(compiled, ([1.0], 5, 2.0)) == (
        "raised",
        "IndexError",
        "list assignment index out of range",
    )


def escape(limit, points, offsets):
    counts = [0] * len(points)
    for i in range(len(points)):
        n = 0
        z = points[i]
        c = offsets[i]
        while abs(z) < 2 and n < limit:
            z = z * z + c
            n += 1
        counts[i] = n
    return counts


def test_complex_lists():
    points = [complex(x / 16, y / 16) for x in range(-32, 33) for y in range(-32, 33)]
    offsets = [complex(-0.62772, -0.42193)] * len(points)
    report = both(escape, lambda: (60, points, offsets))
    assert report["tier"] == "native" and report["landings"] == []


@pytest.mark.parametrize(
    "parts",
    [
        (2.0, 0.0),
        (1.2, 1.6),
        (math.nextafter(2, 0), 0.0),
        (math.sqrt(2), math.sqrt(2)),
        (math.nan, 0.0),
        (math.inf, math.nan),
        (1e308, 1e308),
        (5e-324, 0.0),
    ],
)
def test_magnitudes_at_the_border_compare_as_hypot_does(parts):
    def near(z, bound):
        return abs(z) < bound, abs(z) <= bound, abs(z) > bound, abs(z) >= bound

    # A nested function: its source is found, its names are global. Both bounds that the magnitude touches.
    for bound in (2, 2.0, 1e-200, 1e300):
        both(near, lambda bound=bound: (complex(*parts), bound))


def inner(x):
    return x * 2 + 1


def outer(n):
    result = 0
    for i in range(n):
        result += inner(i)
    return result


def test_compiled_functions_call_each_other_natively(monkeypatch):
    expected = outer(1000)
    compiled_inner = hasten.jit(inner)
    monkeypatch.setitem(globals(), "inner", compiled_inner)
    compiled = hasten.jit(outer)
    assert compiled(1000) == expected == 1000000
    assert compiled_inner.report()["versions"] == [], "called directly, not through its object"
    monkeypatch.setitem(globals(), "inner", lambda x: -x)
    assert compiled(1000) == -499500, "globals are live"


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def test_recursion_is_limited_as_in_python(monkeypatch):
    compiled = hasten.jit(depth)
    monkeypatch.setitem(globals(), "depth", compiled)
    assert compiled(500) == 500
    with pytest.raises(RecursionError):
        compiled(10**7)
    assert compiled(500) == 500


def hot_loop(n, start):
    total = start
    for i in range(n):
        total += 2**40 + i
    return total


def test_a_hot_loop_is_entered_again_in_the_middle():
    report = both(hot_loop, lambda: (100_000, 2**63 - 2**45))
    assert [landing["why"] for landing in report["landings"]] == ["integer beyond 64 bits"]
    assert report["loop_entries"] >= 1


class Word(str):
    """Not str itself: what its methods are is found out at each call."""


def only_objects(words):
    longest = ""
    for word in words:
        longest = longest.upper() + word.lower().strip().title()
        longest = longest.swapcase().strip()
    return longest


def test_what_would_not_be_faster_is_left_to_python_with_the_reason():
    report = both(only_objects, lambda: ([Word("a"), Word("B")],))
    assert report["python_calls"] == 1
    assert (
        "not be faster" in report["reasons"][0] and "test_native_code.py:" in report["reasons"][0]
    )


def operations_of_all_pairs(n):
    """Iterators over tuples of objects that a loop which became hot in the interpreter is entered with."""
    out = []
    for a in (n, -n, n + 1, True, 2.0, 10**20):
        for b in (n, 3, -2, 0.5, False, -(10**20)):
            for op in (operator.mod, operator.floordiv, operator.truediv, divmod, operator.and_, operator.xor):
                try:
                    out.append(op(a, b))
                except Exception as e:
                    out.append((type(e).__name__, str(e)))
    return out


def test_a_loop_over_tuples_of_objects_is_entered_in_the_middle():
    compiled = hasten.jit(operations_of_all_pairs)
    for n in (3, -3, 2.5, 0) * 4:
        assert repr(compiled(n)) == repr(operations_of_all_pairs(n))
