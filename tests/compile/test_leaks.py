"""Calls that are repeated leave nothing behind: results, exceptions, calls that leave native code, refused calls."""

import gc
import resource
import sys

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)


def make_list(n):
    out = []
    for i in range(n):
        out.append(i * 1000003)
    return out


def make_floats(n):
    return [i * 0.5 for i in range(n)]


def nested(n):
    return [[i + j * 1.5 for j in range(n)] for i in range(n)]


def write(values, x):
    for i in range(len(values)):
        values[i] = x + i
    return values


def big(n):
    product = 1
    for i in range(1, n):
        product *= i
    return product


def raise_late(values):
    out = []
    for v in values:
        out.append([v])
        total = 10**20 + v
        if v > 5:
            raise ValueError(out, total)
    return out


def index_error(values, n):
    total = 0.0
    copy = [v for v in values]
    for i in range(n):
        total += copy[i]
    return total


def raise_in_callee(values, n):
    kept = [values, [n]]
    return index_error(kept[0], n + 100), kept


def swap(pair):
    a, b = pair
    return b, [a, (b, a)]


def complex_walk(z, n):
    out = [z]
    for _ in range(n):
        z = z * z + 0.1j
        out.append(z)
    return out


def changes_type(n):
    x = 1000000
    for i in range(n):
        if i == n // 2:
            x = x + 0.5
        x = x + 1000
    return x


def recursive(n, values):
    if n == 0:
        return [values]
    return recursive(n - 1, values + [n * 100000])


def joined_tuples(values, rows, n):
    for k in range(n):
        if k > 3:
            return (values, rows, "four", (k, "five"))
    return (rows, values, values, (rows, [n]))


def chosen_item(values, n):
    items = ((1.5, values), ("text", [n]), (values, n))
    out = []
    for k in range(3 * n):
        pair = items[k % 3]
        out.append(pair[1])
    return out


def pair_of(values, n):
    if n < 0:
        return (values, 0.5)
    return (n, [values])


def joined_in_callee(values, n):
    pair = (values, values)
    for k in range(n):
        pair = (pair_of(values, k - 2), [k])
    return pair


def numbered_pairs(values, others):
    out = []
    for k, (x, y) in enumerate(zip(values, others)):
        out.append((y, x, k))
    return out


def read_before_loop(values, n):
    total = 0
    for _ in range(n):
        total += len(values) + max(SHARED, [q for q in values])[0]
    return total


SHARED = [1000, 2000]

CALLS = [
    (joined_tuples, "([1.5] * 3, [[1], [2]], 2)"),
    (joined_tuples, "([1.5] * 3, [[1], [2]], 5)"),
    (chosen_item, "([1.5] * 3, 4)"),
    (joined_in_callee, "([10**6], 9)"),
    (numbered_pairs, "([[1], [2]], [[3], [4]])"),
    (numbered_pairs, "([[1], 2.5], [[3], None])"),
    (read_before_loop, "([10**9, 2**200] + [7] * 40, 60)"),
    (make_list, "(300,)"),
    (make_floats, "(300,)"),
    (nested, "(12,)"),
    (write, "([0] * 50, 10**6)"),
    (write, "([0.5] * 50, 0.25)"),
    (write, "([0] * 50, 2**62 + 2**61)"),
    (write, "([0] * 50, None)"),
    (write, "([0] * 50, 2**63)"),
    (big, "(40,)"),
    (raise_late, "([1, 2, 3, 9, 1],)"),
    (raise_late, "([1, 2, 3.5, 9, 1],)"),
    (index_error, "([1.5] * 20, 30)"),
    (index_error, "([1, None], 2)"),
    (index_error, "(None, 2)"),
    (raise_in_callee, "([1.5] * 20, 3)"),
    (swap, "((10**6, 2.5),)"),
    (swap, "((1, 2, 3),)"),
    (complex_walk, "(0.3 + 0.2j, 50)"),
    (changes_type, "(4000,)"),
    (recursive, "(8, [])"),
    (recursive, "(8,)"),
]


@pytest.fixture(autouse=True, scope="module")
def compiled():
    """Every function above, in the globals of this module, so that they call each other compiled."""
    for name, value in list(globals().items()):
        if (
            callable(value)
            and getattr(value, "__module__", None) == __name__
            and hasattr(value, "__code__")
        ):
            if not name.startswith(("test_", "compiled", "repeat")):
                globals()[name] = hasten.jit(value)


def repeat(function, text, times):
    build = compile(text, "arguments", "eval")
    for _ in range(times):
        try:
            function(*eval(build))
        except Exception:  # noqa: BLE001 - the exception is part of the test
            pass


@pytest.mark.parametrize(("plain", "text"), CALLS, ids=[f"{f.__name__}{t}" for f, t in CALLS])
def test_nothing_is_left(plain, text):
    function = globals()[plain.__name__]
    repeat(function, text, 60)  # versions are made, caches filled
    grown = []
    for _ in range(4):
        gc.collect()
        before = sys.getallocatedblocks()
        repeat(function, text, 50)
        gc.collect()
        grown.append(sys.getallocatedblocks() - before)
    assert min(grown) < 25, f"50 calls left {grown} blocks, four times over"


def test_many_types_do_not_grow_memory_for_ever():
    """Argument types that never repeat must not make versions without end."""
    function = globals()["swap"]
    function((1, 2))

    def turn(count):
        for n in range(count):
            kinds = [1, 1.5, 1j, True, None, [1], (1,), "a"]
            function((kinds[n % 8], tuple(kinds[(n >> (3 * k)) % 8] for k in range(4))))

    turn(2000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    turn(4000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kB
