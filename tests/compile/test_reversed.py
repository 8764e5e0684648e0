"""reversed() in native code: what it walks, and where it stands wherever native code leaves, is Python's."""

import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

sys.path.insert(0, str(Path(__file__).parent))

from test_objects import outcome  # noqa: E402


def sequences(n):
    out = []
    for x in reversed([1, 2, n]):
        out.append(x)
    for x in reversed((1, 2.5, n)):
        out.append(x)
    for x in reversed("ab\u20ac"):
        out.append(x)
    for x in reversed(b"abc"):
        out.append(x)
    for x in reversed(range(3, -n, -2)):
        out.append(x)
    for i, x in enumerate(reversed([4, 5, 6 * n])):
        out.append((i, x))
    for i, x in zip(range(5), reversed((4, 5, n)), strict=False):
        out.append((i, x))
    out.append([x * 2 for x in reversed([4, 5, n]) if x])
    out.append(sum(x for x in reversed([1.5, n])))
    return out, [x for x in reversed([])], [x for x in reversed(())]


def cut(items, n):
    out = []
    for x in reversed(items):
        out.append(x)
        if x == n:
            del items[2:]
        if x == 1:
            items.extend([1, 2, 3])
    return out, items


def cut_and_grown(items, n):
    """Native code leaves where the list is too short for the iterator; it goes on when the list is long again."""
    out = []
    for x in reversed(items):
        out.append(x)
        if x == n:
            del items[2:]
            out.append(2**62 * n)
            items.extend(range(20))
    return out, items


def leaves(n):
    a, out, t = [3, 2, 1, n], [], 0
    for x in reversed(a):
        t = x * 2**62
        out.append(t)
        a.append(9)
    for _, (x, y) in enumerate(zip(reversed(a), reversed("xyz"), strict=False)):
        out.append(t * x)
        out.append(y)
    for x in reversed((1, 2, n)):
        out.append(x * 2**61 * n)
    for x in reversed(range(0, n * 100, 7)):
        out.append(x * 2**58)
    return out


def ranges(start, stop, step):
    return [x for x in reversed(range(start, stop, step))]


def total(items):
    t = 0
    for x in reversed(items):
        t += x
    return t


def kept(items):
    r = reversed(items)
    out = [next(r, None)]
    for x in r:
        out.append(x)
    for x in r:
        out.append(x)
    return out


def copies(n):
    a = [i * n for i in range(5)]
    rows = [[i, n] for i in range(3)]
    r = reversed(a)
    a.pop()
    s = reversed(a)
    a.append(7)
    b, c = list(r), list(s)
    back = rows[::-1]
    back[0][0] = 99
    d = a[::-1]
    d[0] += n
    e = list(reversed(rows))
    e[1][1] += 1
    return b, c, len(b) + c[0], back[-1][0] + rows[2][0], d[1] - d[0], e[0][0] + e[1][1], a[::-1][0], len([][::-1])


BIG = 2**62
CALLS = [
    (sequences, [(0,), (1,), (5,), (True,)]),
    (cut, [(list(range(10)), k) for k in (1, 5, 9, 0, 2, 20)] + [([1.5, 2.5] * 20, 1.5)]),
    (cut_and_grown, [(list(range(10)), k) for k in (1, 5, 9, 0, 2, 20)]),
    (leaves, [(0,), (1,), (2,), (5,), (40,)]),
    (ranges, [(0, 10, 3), (5, -5, -2), (0, 0, 1), (2 * BIG - 5, 2 * BIG - 1, 2), (-2 * BIG, 2 * BIG - 1, BIG),
              (2 * BIG - 1, -2 * BIG, -2 * BIG), (2 * BIG - 1, -2 * BIG, -BIG), (2**70, 2**70 + 3, 1)]),
    (total, [([1, 2, 3] * 9000,), ([1.5, 2] * 9000,), ([1, 2.5, 2**80] * 900,), (list("abc"),), ((1, 2) * 9000,),
             (b"abc" * 9000,), (range(9000),), ({1: 2, 3: 4},), ({1, 2},), (5,), (bytearray(b"ab"),), (None,)]),
    (kept, [([1, 2, 3],), ((1, 2),), ("xy",)]),
    (copies, [(1,), (3,), (2.5,), (BIG,)]),
]  # fmt: skip


@pytest.mark.parametrize("function, values", CALLS, ids=[function.__name__ for function, _ in CALLS])
@pytest.mark.parametrize("first", ["first", "last"])
def test_same_as_python(function, values, first):
    compiled = hasten.jit(function)

    def fresh(args):
        return tuple(list(arg) if type(arg) is list else arg for arg in args)

    for args in (values if first == "first" else values[::-1]) * 3:
        assert outcome(compiled, fresh(args), {}) == outcome(function, fresh(args), {})
    assert not [reason for reason in compiled.report()["reasons"] if "contradicts itself" in reason]


def polynomial(n):
    coefficients = [1.0 / (k + 1) for k in range(n)]
    result = 0.0
    for c in reversed(coefficients):
        result = result * 0.5 + c
    backwards = coefficients[::-1]
    again = list(reversed(backwards))
    return result + backwards[0] - again[-1]


def test_lines_are_native():
    """Neither reversed() nor what it walks is an object there."""
    compiled = hasten.jit(polynomial)
    for _ in range(3):
        assert compiled(30) == polynomial(30)
    report = compiled.hasten.report()
    words = [reason["why"] for line in report["lines"] for reason in line["reasons"]]
    assert not [why for why in words if "object" in why or "CPython" in why]
    assert report["line_counts"]["python call"] == report["line_counts"]["boxed"] == 0
