"""Lists that native code keeps for itself: the same as Python's whatever is done with them, and wherever native code leaves.

Each function makes its lists itself and shows them to nobody; a twin of it, not compiled, tells what is right.
"""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

sys.path.insert(0, str(Path(__file__).parent))

from test_objects import outcome  # noqa: E402

BIG = 2**62


def wide(n):
    """Its results leave int64 from some n on: code that takes them for ints leaves there."""
    return n * BIG if n > 2 else n


def indices(n):
    a = [0] * n
    for i in range(-n, n):
        a[i] = a[i - 1] + i
    a[True] += 7
    return a, a[-1], a[-n], len(a), bool(a), bool([0][:0])


def out_of_range(n):
    a = [1, 2, 3]
    total = 0
    for i in range(n):
        total += a[i]
    return total


def stores_out_of_range(n):
    a = [1.5] * 4
    for i in range(n):
        a[-i] = i * 0.5
    return a


def handled(n):
    a, told = [1] * 3, 0
    for i in range(n):
        try:
            told += a[i]
            a[i] = told
        except IndexError as error:
            told += len(str(error)) * 1000
            a.append(told)
    return a, told


def popped(n):
    a, told = list(range(n)), 0
    try:
        while True:
            told = told * 3 + a.pop()
            if told % 7 == 3 and len(a) > 2:
                told += a.pop(1) - a.pop(-1)
    except IndexError as error:
        return told, str(error), a


def grows_big(n):
    a = [1, 1]
    for i in range(n):
        a.append(a[-1] * 3 + a[-2])
    return a[-1], len(a), sum(a)


def stores_big(n):
    a = [0] * n
    for i in range(n):
        a[i] = wide(i)
    return a, sum(a), max(a), min(a)


def rows(n):
    grid = [[0] * n for _ in range(n)]
    shared = [[0] * n] * 3
    for i in range(n):
        for j in range(n):
            grid[i][j] = i * j - grid[j][i]
        shared[i % 3][i] = i
    row = grid[-1]
    row[0] = 99
    grid[0], grid[-1] = grid[-1], grid[0]
    return grid, shared, shared[0] is shared[2], grid[0] is row, grid[0] == row, grid[0] != grid[1], row is not grid[1]


def aliases(n):
    a = [k for k in range(n)]
    b = a
    c = a[:]
    b[0] = -5
    a = [b, c, b]
    a[0][1] = 8
    return a, a[0] is a[2], a[0] is a[1], b is c, c


def leaves_with_aliases(n):
    a = [1, 2, 3]
    b = a
    table = [a, [9], b]
    last = 0
    for i in range(n):
        last = wide(i) + table[i % 3][0]
        b[0] = i
    table[0].append(last)
    return a, b, table, a is b, table[0] is table[2], table[0] is a


def leaves_in_iteration(n):
    a, out = [3, 1, 2], []
    push = out.append
    for k, x in enumerate(a, 5):
        for y, z in zip(a, a[1:]):
            push(wide(k - 4) + x * y - z)
        if len(a) < n:
            a.append(x + k)
    return a, out


def iterated_while_changed(n):
    a, seen = [1, 2, 3, 4], 0
    for x in a:
        seen = seen * 10 + x
        if x == 2:
            del a[0]
        if len(a) < n:
            a.insert(1, 7)
    return a, seen


def methods(n):
    a = [5, 3, 8, 3, 1] * (n % 3 + 1)
    a.insert(-1, 40)
    a.insert(100, 41)
    a.insert(-100, 42)
    a.reverse()
    b = a.copy()
    a.sort()
    b += a
    b.extend(b)
    where = b.index(3), b.count(3), 8 in b, 9 not in b, True in b
    b.clear()
    b.extend([n])
    del a[1], a[-1]
    return a, b, where, a == sorted(a), a + b, b * n, 3 * b, a[1:3], a[-3:], a[4:2], a[: n - 2], a[::1]


def missing(n):
    a = [1, 2, 3]
    return a.index(n)


def empty_extremes(n):
    a = [1.0, 2.0][n:]
    return max(a), min(a), sum(a)


def sums(n):
    floats = [0.1] * n + [1e100, 1.0, -1e100]
    ints = [BIG] * n
    bools = [True, False, True]
    return sum(floats), sum(ints), sum(bools), max(bools), sum(floats[:0]), sum(ints[:0])


def floats(n):
    nan = math.nan if n else 1.0
    a = [0.0, -0.0, 2.5, -1.0, nan, 0.0, -0.0]
    a.sort()
    text = ""
    for x in a:
        text += f"{x} "
    return text, str(max(a)), str(min(a))


def mixed(n):
    best = [None] * n
    for i in range(n):
        if i % 2:
            best[i] = i * 0.5
        elif best[i] is None:
            best[i] = i
    found = None
    for x in best:
        if x is not None and (found is None or x > found):
            found = x
    return best, found


def pairs(n):
    points = [(i, i * 0.5, i % 2 == 0) for i in range(n)]
    points[1] = (-1, 3.0, False)
    far = 0.0
    for a, b, c in points:
        far += a * b if c else -b
    last = points.pop()
    x, y, z = points[0]
    return points, far, last, x, y, z


def unpacked(n):
    a = [1, 2, 3][: n + 1]
    x, y, z = a
    return x - y * z


def complexes(n):
    a = [complex(i, -i) for i in range(n)]
    for i in range(1, n):
        a[i] = a[i] / a[i - 1] if i > 1 else a[i] * 2j
    return a


def wrong_bounds(n):
    """Bounded at first sight: the slice, the sum of lists and the copy hold what comes in by another list."""
    a = [1, 2, 3]
    b = a + [n]
    c = [0] * 2
    c.extend(b)
    d = c[1:]
    e = d.copy()
    e[0] = n
    total = 0
    for x in e:
        total += x * BIG + x
    return total, d[-1] * BIG, e


def negative_by_bound(n):
    steps = [1, -1, 2]
    a = list(range(10))
    at = 0
    for i in range(n):
        at += steps[i % 3]
        a[at - 2] += at
    return a, at


@hasten.jit
def fill(grid, row, value):
    for j in range(len(grid[row])):
        grid[row][j] += value
    return grid[row]


@hasten.jit
def swap(a, i, j):
    a[i], a[j] = a[j], a[i]
    if a[i] == 5:
        a[i] = wide(a[j])
    return a


@hasten.jit
def fails(a, i):
    a[0] += 1
    return a[i]


def passes_on(n):
    grid = [[0] * 3 for _ in range(3)]
    got = fill(grid, 1, n)
    got[0] = -1
    a = [5, 4, 3, 2, 1]
    b = swap(a, 0, n % 5)
    b[2] += 1
    c = swap(a, 4, 0)
    return grid, got is grid[1], a, b is a, c is b


def passes_on_and_fails(n):
    a = [1, 2, 3]
    total = 0
    for i in range(n):
        total += fails(a, i)
    return total


def handles_what_a_callee_raises(n):
    a, total = [1, 2, 3], 0
    for i in range(n):
        try:
            total += fails(a, i)
        except IndexError:
            total += a[0] * 100
    return total, a


@hasten.jit
def place(columns, row, size):
    if row == size:
        return 1
    count = 0
    for column in range(size):
        safe = True
        for above in range(row):
            if columns[above] == column or abs(columns[above] - column) == row - above:
                safe = False
                break
        if safe:
            columns[row] = column
            count += place(columns, row + 1, size)
    return count


def recursion(n):
    columns = [0] * n
    return place(columns, 0, n), columns


def nested_three(n):
    cube = [[[i * j * k for k in range(n)] for j in range(2)] for i in range(3)]
    cube[1][1][0] = 50
    cube[2] = cube[1]
    flat = 0
    for plane in cube:
        for line in plane:
            flat = flat * 3 + line[-1] + line[0]
    return cube, flat, cube[2] is cube[1]


def holds_lists_of_two_lives(n):
    a = []
    for i in range(n):
        row = [i] * 2
        if i % 2:
            a.append(row)
        row[0] = -i
    return a, row


def negative_times(n):
    a = [1, 2] * -n
    b = [[1]] * 0
    return a, b, len(a) + len(b), a[n:], [0] * n == [0] * n


class Noted:
    def __init__(self, log, name):
        self.log, self.name = log, name

    def __del__(self):
        self.log.append(self.name)


def held_with_an_object(n):
    log = []
    numbers = [1, 2, 3]
    pair = (numbers, Noted(log, "first"))
    for k in range(n):
        numbers[k % 3] += k
        if k == 2:
            pair = (Noted(log, "second"), (numbers, 2.5))
        if k == 4:
            log.append(numbers[0])
    numbers[0] += len(log) * 1000
    return numbers[0] + numbers[1], log


def method_in_a_variable(n):
    numbers = [5]
    put, take = numbers.append, numbers.pop
    for k in range(n):
        put(k * k)
        if k % 3 == 2:
            put(take() + take())
    return numbers[0] + numbers[-1] + len(numbers)


CALLS = [
    (indices, [1, 2, 5]), (out_of_range, [3, 4]), (stores_out_of_range, [4, 5, 6]), (handled, [2, 3, 9]),
    (popped, [0, 1, 12]), (grows_big, [5, 30, 90]), (stores_big, [1, 3, 9]), (rows, [1, 2, 4]), (aliases, [2, 5]),
    (leaves_with_aliases, [1, 3, 8]), (leaves_in_iteration, [2, 3, 6, 9]), (iterated_while_changed, [2, 4, 9]),
    (methods, [0, 1, 2, 5]), (missing, [2, 4]), (empty_extremes, [0, 1, 2]), (sums, [0, 1, 2, 3, 10]), (floats, [0, 1]),
    (mixed, [1, 2, 7]), (pairs, [2, 6]), (unpacked, [1, 2]), (complexes, [2, 3, 6]), (wrong_bounds, [1, 3, -2, BIG]),
    (negative_by_bound, [1, 2, 9, 40]), (passes_on, [0, 1, 2, 4]), (passes_on_and_fails, [3, 4]),
    (handles_what_a_callee_raises, [3, 5]), (recursion, [4, 6]), (nested_three, [1, 3]), (holds_lists_of_two_lives, [1, 2, 5]),
    (negative_times, [0, 1, 2]), (held_with_an_object, [0, 1, 3, 9]), (method_in_a_variable, [0, 4, 40]),
]


@pytest.mark.parametrize("function, values", CALLS, ids=[function.__name__ for function, _ in CALLS])
@pytest.mark.parametrize("first", ["first", "last"])
def test_same_as_python(function, values, first):
    compiled = hasten.jit(function)
    for n in (values if first == "first" else values[::-1]) * 3:
        assert outcome(compiled, (n,), {}) == outcome(plain(function), (n,), {})
    assert not [reason for reason in compiled.report()["reasons"] if "contradicts itself" in reason]


def plain(function):
    """A copy of the function that calls no compiled ones."""
    names = dict(vars(sys.modules[__name__]))
    for name, value in names.items():
        if isinstance(value, hasten.jit.Function):
            names[name] = type(plain)(value.__wrapped__.__code__, names, name)
    return type(plain)(function.__code__, names, function.__name__)


def test_lines_are_native():
    """No list is an object there: making and indexing one says nothing of objects."""
    compiled = hasten.jit(nested_three)
    for _ in range(3):
        compiled(30)
    words = [reason["why"] for line in compiled.hasten.report()["lines"] for reason in line["reasons"]]
    assert words and not [why for why in words if "object" in why]


def test_a_list_put_together_of_several_is_native():
    """Parts that nobody reads by themselves are read as the whole."""

    def function(n):
        row = [0.5 * k for k in range(n)]
        for _ in range(3):
            row = [row[0]] + [row[k] + row[k - 1] for k in range(1, n - 1)] + [row[-1]]
        return row[1] + row[-1]

    compiled = hasten.jit(function)
    for _ in range(3):
        assert compiled(30) == function(30)
    words = [reason["why"] for line in compiled.hasten.report()["lines"] for reason in line["reasons"]]
    assert words and not [why for why in words if "object" in why]


@pytest.mark.parametrize("function", [rows, leaves_in_iteration, handled, recursion, passes_on], ids=lambda f: f.__name__)
def test_memory_stays_flat(function):
    import gc
    import resource

    compiled = hasten.jit(function)

    def grown(times):
        for _ in range(times):
            compiled(5)
        gc.collect()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, sys.getallocatedblocks()

    grown(1000)
    pages, blocks = grown(1000)
    more_pages, more_blocks = grown(4000)
    assert more_blocks - blocks < 300
    assert more_pages - pages < 4096  # KiB: a leaked list a call would be more than that


def test_what_a_tool_sees_when_it_looks_in():
    """A callee switches tracing on: the function goes on in CPython, with its lists as they are then."""
    seen = []

    def trace(frame, event, arg):
        if frame.f_code.co_name == "traced" and event == "line" and "out" in frame.f_locals:
            seen.append((frame.f_lineno, list(frame.f_locals["out"])))
        return trace

    def look(k):
        if k == 3:
            sys.settrace(trace)
            sys._getframe(1).f_trace = trace
        return k

    def traced(look):
        out = []
        for k in range(6):
            out.append(k * 2)
            look(k)
        return out

    try:
        assert hasten.jit(traced)(look) == [0, 2, 4, 6, 8, 10]
    finally:
        sys.settrace(None)


def test_lists_in_a_list_of_anything():
    def function(n):
        seen = []
        seen.append([n].copy())
        seen.append(str)
        other = [[n], "x", [n] * 2]
        other[1] = [1][:]
        other.insert(0, [2] + [3])
        return seen, other, [x for x in seen if x is not str][0].copy()

    compiled = hasten.jit(function)
    for _ in range(3):
        assert compiled(4) == function(4)


def test_lists_that_a_tuple_is_walked_for():
    def function(n):
        a = [[i * k for k in range(4)] for i in range(n)]
        b = [[i + k for k in range(4)] for i in range(n)]
        for rows in (a, b):
            for i in range(n):
                row = [3, 1, i]
                row[i % 3], row[0] = row[0], row[i % 3]
                rows[i] = row
        for rows in (a, [], b):
            if rows:
                rows[0] = [9]
        return a[0][0] + b[-1][0], a, len(b)

    compiled = hasten.jit(function)
    for n in (1, 2, 40):
        for _ in range(3):
            assert compiled(n) == function(n)
    report = compiled.hasten.report()
    assert (report["tier"], report["reasons"]) == ("native", [])


def test_a_list_of_a_range_runs_nobodys_code(tmp_path):
    """So what is called by a loop after it is looked at once, and not at each call."""
    (tmp_path / "program.py").write_text("""
import hasten
@hasten.jit
def swap(items, i):
    if i >= len(items) - 1:
        return 0
    items[i], items[i + 1] = items[i + 1], items[i]
    return len(items)
@hasten.jit
def main(n):
    items = list(range(n))
    total = 0
    for i in range(n):
        total += swap(items, i) + max(range(i, 3 * i + 1))
    return total, items[0], items[-1]
assert main(3000) == (3000 * 2999 + 3 * sum(range(3000)), 1, 0)
""")
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_TIER": "optimized"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "@hasten_body_0" in done.stderr and "@hj_guard_holds" not in done.stderr
