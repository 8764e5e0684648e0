"""Large buffers of native lists are kept for the next lists: what was in them shows nowhere, and no two lists have one."""

import subprocess
import sys
import textwrap
import tracemalloc

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

COUNT = 50_000  # 400 KB of ints, more than the C library keeps


def fills(n, by):
    a = [by] * n
    b = [k + by for k in range(n)]
    c = [0.0] * n
    a[n // 2] = b[n - 1]
    total = 0
    for k in range(n):
        total += a[k] * b[k]
        if c[k] != 0.0:
            return -1
        c[k] = 1.5
    return total, a[0], a[-1], b[0], b[-1], len(a), len(b), len(c)


def grows(n):
    """Three lists grow by turns, and are freed by turns; each has its own items."""
    total = 0
    for turn in range(3):
        a, b = [], [True] * (n // 2)
        c = [(k, k * 0.5) for k in range(n // 3)]
        for k in range(n):
            a.append(k * turn)
            b.append(k % 3 == turn)
            if k % 2:
                c.append((k, k + 0.5))
        a += a
        for k in range(len(c)):
            x, y = c[k]
            total += x + int(y)
        for k in range(len(a)):
            total += a[k]
        for k in range(len(b)):
            total += b[k]
    return total, len(a), len(b), len(c), a[n], a[n - 1]


def of_rows(n):
    rows = [[k] * (n + k) for k in range(12)]
    rows[3] = rows[4]
    del rows[5]
    rows[0].insert(1, 9)
    total = 0
    for row in rows:
        for x in row:
            total += x
        total += len(row)
    return total, rows[0][1], rows[0][2]


def triples(n):
    """Items of 24 bytes, which fill no page; just around the size from which buffers are mapped."""
    total = 0
    for count in range(n - 40, n + 40):
        a = [(count, 0.5, True)] * count
        b = []
        for k in range(count):
            b.append((k, k * 0.5, k > 9))
        a.append((1, 1.0, False))
        x, y, z = a[count]
        u, v, w = b[count - 1]
        total += x + u + int(y + v) + z + w + len(a)
    return total


@pytest.mark.parametrize("function,given", [(fills, (COUNT, 3)), (grows, (COUNT,)), (of_rows, (6000,)), (of_rows, (COUNT,)), (triples, (2560,)), (triples, (2730,))])
def test_same_as_python(function, given):
    compiled = hasten.jit(function)
    for n in (given[0], given[0] // 3, given[0] * 2, given[0]):
        expected = function(n, *given[1:])
        for _ in range(3):
            assert compiled(n, *given[1:]) == expected


def run(folder, code):
    """What the program, in a process of its own, prints."""
    (folder / "program.py").write_text(textwrap.dedent(code))
    done = subprocess.run([sys.executable, folder / "program.py"], capture_output=True, text=True, check=True)
    return float(done.stdout)


def test_pages_are_not_asked_for_again(tmp_path):
    faults = run(tmp_path, """
        import hasten, resource

        def table(n):
            a, b = [0] * n, [1.5] * n
            for k in range(1, n):
                a[k] = a[k - 1] + k
                b[k] += a[k] * 0.5
            return a[n - 1], b[n - 1]

        compiled = hasten.jit(table)
        def faults():
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for n in (100_000, 99_000, 100_000):
            compiled(n)
        before = faults()
        for n in range(100_000, 95_000, -250):
            compiled(n)
        print(faults() - before)
    """)
    assert faults < 200, f"{faults} page faults in 20 calls, of lists of 390 pages"


def test_little_is_kept(tmp_path):
    """Many lists at once, of 60 MB: 4 MB of it may stay."""
    code = """
        import hasten

        def many(n):
            rows = [[k] * 20_000 for k in range(n)]
            return len(rows), rows[-1][-1]

        def resident():
            return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20

        compiled = hasten.jit(many)
        compiled(4)
        compiled(30)
        before = resident()
        for _ in range(3):
            assert compiled(400) == (400, 399)
        print(resident() - before)
    """
    assert run(tmp_path, code) < 8.0


def test_tracemalloc_counts_what_is_somebodys():
    def function(n, traced):
        a = [0] * n
        for k in range(n):
            a[k] = k
        during = traced()
        return during, a[n - 1]

    traced = lambda: tracemalloc.get_traced_memory()[0]  # noqa: E731
    compiled = hasten.jit(function)
    tracemalloc.start()
    try:
        for _ in range(3):
            compiled(COUNT, traced)
        before = traced()
        during, last = compiled(COUNT, traced)
        assert last == COUNT - 1
        assert COUNT * 8 <= during - before < COUNT * 8 * 1.1
        assert traced() - before < 10_000
    finally:
        tracemalloc.stop()
