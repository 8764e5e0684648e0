"""Calls that are repeated leave nothing behind: results, exceptions, calls that leave native code, refused calls."""

import gc
import importlib.util
import os
import resource
import subprocess
import sys
from pathlib import Path

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


def branch_pair(values, other, n):
    if n % 2:
        pair = (values, other, n)
    else:
        pair = (other, values, n * 1000)
    return pair


def branch_kinds(values, n):
    if n == 0:
        return (values, n)
    if n == 1:
        return (n, values)
    return ([n * 1000], (values, n * 0.5)) if n > 3 else (None, values)


def kept_pair(values, other, n):
    pair = (values, other)
    for k in range(n):
        pair = (pair[1], pair[0]) if k % 3 else (values, pair[1])
    return pair[0]


def chosen_by_flag(rows, flag):
    return rows[0] if flag else rows[-1]


def chosen_in_loop(rows, n):
    best = rows[0]
    for k in range(n):
        best = rows[k % len(rows)] if len(rows[k % len(rows)]) >= len(best) else best
    return best


def chosen_or_made(rows, n):
    out = []
    for k in range(n):
        row = rows[k % len(rows)] if k % 2 else [k * 1000]
        out.append(row or rows[0])
    return out


def chosen_number(numbers, others, n):
    total = 0
    for k in range(n):
        total += numbers[k % len(numbers)] if k % 2 else others[k % len(others)]
    return total


def chosen_of_items(pairs, n):
    out = []
    for k in range(n):
        pair = pairs[k % len(pairs)]
        out.append(pair[0] if k % 3 else pair[1])
    return out


def lists_through(values, rows):
    rows[0] = values
    return rows


def call_with_lists(values, rows, n):
    for _ in range(n):
        rows = lists_through(values, rows)
        lists_through(values, rows)
    return lists_through(rows[-1], [values])


def tuples_through(pair, k):
    first, second = pair
    if k % 2:
        return (second, first)
    return (first, [second])


def call_with_tuples(values, other, n):
    out = []
    for k in range(n):
        pair = tuples_through((values, other), k)
        tuples_through(pair, k + 1)
        out.append(pair[k % 2])
    return out


def complex_through(z, w):
    return z * w + 1j


def call_with_complex(z, zs, n):
    for k in range(n):
        z = complex_through(zs[k % len(zs)], z) * 0.25
        zs[k % len(zs)] = complex_through(z, 0.5)
    return z, zs


def big_through(a, b):
    return a + b


def call_with_big(a, numbers, n):
    for k in range(n):
        a = big_through(a, numbers[k % len(numbers)])
        big_through(numbers[0], a)
    return (a, big_through(numbers[-1], 1))


def raises_deep(pair, n):
    if n == 0:
        raise ValueError(pair, n)
    return raises_deep((pair, [n]), n - 1)


def default_through(values, pair=(10**20, "kept", [1.5])):
    return pair if len(values) > 2 else (values, pair[2])


def call_with_default(values, n):
    out = [default_through(values)]
    for _ in range(n):
        out.append(default_through(values))
        default_through(values, (values, values, values))
    return out


SHARED = [1000, 2000]

# Objects that live on: after the calls each must have exactly as many owners as before.
LISTS = [[1.5, 2.5, 3.5], [4.5], []]
INTS = [[1, 2, 3], [10**6, 10**7], []]
BIG = [2**62, 2**62, 10**30, 2**63 - 1, -(2**200)]
COMPLEX = [0.3 + 0.2j, -1.5 + 2.5j, 1e200 + 1e200j]
PAIRS = [(10**6, "text"), ([1.5], 2.5), ((1, 2), None)]

KEPT_CALLS = [
    *[(branch_pair, f"(LISTS[0], LISTS[1], {n})") for n in (2, 3)],
    (branch_pair, "(BIG[2], 'text', 3)"),
    (branch_pair, "(PAIRS[0], PAIRS[1], 2)"),
    *[(branch_kinds, f"(LISTS[0], {n})") for n in (0, 1, 2, 5)],
    (kept_pair, "(LISTS[0], LISTS[1], 20)"),
    (kept_pair, "(BIG[2], LISTS[1], 20)"),
    *[(chosen_by_flag, f"({rows}, {flag})") for rows in ("LISTS", "INTS", "BIG", "COMPLEX", "PAIRS")
      for flag in (True, False)],
    (chosen_in_loop, "(LISTS, 20)"),
    (chosen_in_loop, "(INTS, 20)"),
    (chosen_in_loop, "(PAIRS, 20)"),
    (chosen_or_made, "(INTS, 20)"),
    (chosen_or_made, "(PAIRS, 20)"),
    (chosen_number, "(BIG, BIG, 20)"),
    (chosen_number, "(COMPLEX, BIG, 20)"),
    (chosen_number, "(INTS[0], COMPLEX, 20)"),
    (chosen_number, "(INTS[0], LISTS, 3)"),
    (chosen_of_items, "(PAIRS, 20)"),
    (chosen_of_items, "(LISTS, 20)"),
    (call_with_lists, "(LISTS[0], [LISTS[0], LISTS[1]], 20)"),
    (call_with_lists, "(LISTS[0], INTS[0][:], 20)"),
    (call_with_lists, "(BIG[2], BIG[:], 20)"),
    (call_with_tuples, "(LISTS[0], LISTS[1], 20)"),
    (call_with_tuples, "(BIG[2], PAIRS[0], 20)"),
    (call_with_tuples, "(COMPLEX[0], BIG[0], 20)"),
    (call_with_complex, "(COMPLEX[0], COMPLEX[:2], 20)"),
    (call_with_complex, "(COMPLEX[0], COMPLEX[:], 20)"),
    (call_with_complex, "(BIG[2], COMPLEX[:], 20)"),
    (call_with_big, "(1, BIG, 20)"),
    (call_with_big, "(BIG[2], BIG, 20)"),
    (call_with_big, "(BIG[0], [BIG[0], LISTS[0]], 20)"),
    (raises_deep, "((LISTS[0], BIG[2]), 20)"),
    (raises_deep, "(PAIRS[0], 20)"),
    (call_with_default, "(LISTS[0], 20)"),
    (call_with_default, "(LISTS[1], 20)"),
    (joined_tuples, "(LISTS[0], INTS, 2)"),
    (joined_tuples, "(LISTS[0], INTS, 9)"),
    (chosen_item, "(LISTS[0], 9)"),
    (joined_in_callee, "(LISTS[0], 9)"),
    (numbered_pairs, "(PAIRS, BIG)"),
]  # fmt: skip

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
    # What is there already (pytest, the other tests' modules) stays: no collection needs to walk through it again.
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


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


def owners():
    """How many owners each object has that outlives the calls: test data, constants, defaults."""
    reached, todo = {}, [LISTS, INTS, BIG, COMPLEX, PAIRS, SHARED]
    for value in list(globals().values()):
        plain = getattr(value, "__wrapped__", value)
        if getattr(plain, "__module__", None) == __name__ and hasattr(plain, "__code__"):
            todo += [plain.__code__.co_consts, plain.__defaults__]
    while todo:
        value = todo.pop()
        if id(value) not in reached:
            reached[id(value)] = value
            if isinstance(value, (list, tuple)):
                todo += value
    return {key: (repr(value)[:60], sys.getrefcount(value)) for key, value in reached.items()
            if not isinstance(value, (int, str, type(None))) or value in BIG}  # fmt: skip


@pytest.mark.parametrize(
    ("plain", "text"), KEPT_CALLS, ids=[f"{f.__name__}{t}" for f, t in KEPT_CALLS]
)
def test_what_lives_on_keeps_its_owners(plain, text):
    function = globals()[plain.__name__]
    build = compile(text, "arguments", "eval")
    for times in (60, 100, 100):  # versions are made in the first
        gc.collect()
        before = owners()
        blocks = sys.getallocatedblocks()
        for _ in range(times):
            try:
                function(*eval(build))
            except (ValueError, TypeError, IndexError):
                pass
        gc.collect()
        grown = sys.getallocatedblocks() - blocks
        after = owners()
    changed = {name: (count, after[key][1]) for key, (name, count) in before.items() if after[key][1] != count}
    assert not changed, f"100 calls changed the owners of {changed}"
    assert grown < 50, f"100 calls left {grown} blocks"


def load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXPRESSIONS, FAILING = load("language_expressions"), load("failing_expressions")
CONTAINER_CALLS = [
    *((f, f"[{text}]", vars(EXPRESSIONS)) for f, texts in EXPRESSIONS.CALLS.items() for text in texts),
    *((f, "([1, 2, 3], [4])", vars(FAILING)) for f in FAILING.FAILING if f.__code__.co_argcount == 2),
]


@pytest.mark.parametrize(("plain", "text", "names"), CONTAINER_CALLS, ids=lambda v: getattr(v, "__name__", ""))
def test_containers_leave_nothing(plain, text, names):
    function, build = hasten.jit(plain), compile(text, "arguments", "eval")

    def turns(count):
        for _ in range(count):
            try:
                function(*eval(build, names))
            except Exception:  # noqa: BLE001 - the exception is part of the test
                pass
            EXPRESSIONS.Noisy.log.clear()

    turns(60)
    grown = []
    for _ in range(4):
        gc.collect()
        before = sys.getallocatedblocks()
        turns(50)
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


CALLING = {
    "itself": "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\n",
    "another": "def g(n):\n    return n + 1\n\n@jit\ndef f(n):\n    return g(n) + g(n + 1)\n",
    "each other": "def g(n):\n    return n if n < 1 else f(n - 1)\n\n@jit\ndef f(n):\n    return n if n < 1 else g(n - 1)\n",
}


@pytest.mark.parametrize("which", CALLING)
@pytest.mark.parametrize("cache", ["off", "on"])
def test_functions_that_call_by_name_end_with_their_namespace(tmp_path, which, cache):
    """As plain functions do, which the collector takes apart."""
    (tmp_path / "made.py").write_text("@jit\n" + CALLING[which])
    program = tmp_path / "program.py"
    program.write_text(
        "import gc, weakref, hasten\n"
        "code = compile(open('made.py').read(), 'made.py', 'exec')\n"
        "for _ in range(20):\n"
        "    names = {'jit': hasten.jit}\n"
        "    exec(code, names)\n"
        "    names['f'](9), names['f'](9)\n"
        "    assert names['f'].report()['tier'] == 'native'\n"
        "    ends = [weakref.ref(names[name]) for name in ('f', 'g') if name in names]\n"
        "    del names\n"
        "    gc.collect()\n"
        "    assert not any(end() for end in ends)\n"
    )
    environment = dict(os.environ, HASTEN_JIT_CACHE="off" if cache == "off" else str(tmp_path / "cache"))
    subprocess.run([sys.executable, program.name], cwd=tmp_path, env=environment, check=True)
