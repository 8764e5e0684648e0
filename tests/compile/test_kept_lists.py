"""Small functions whose lists stay inside, one for each bug that runtime/planted.h knows in what native code does with them.

Each is the same as its twin that is not compiled; with the bug of its number switched on in a build that has it
(HASTEN_PLANT=N, see planted.py) it is not.
"""

import math
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

sys.path.insert(0, str(Path(__file__).parent))

from test_objects import outcome  # noqa: E402


@hasten.jit
def grow_and_fail(w, x):
    w.append(x + 2)
    w.append(w[-1] * 3)
    if len(w) > 4:
        raise ValueError(x)
    return len(w)


def handles_after_landing(x):
    """The callee goes on with list objects from its product on, and raises there."""
    w, total = [1, x, 3], 0
    try:
        total += grow_and_fail(w, x)
    except ValueError:
        total += 7
    for part in w:
        total = (total * 3 + part) % 1000003
    return total, len(w)


def equal_shapes(n):
    """Equal items, one byte each here and eight there."""
    a, b, total = [False] * n, [0] * n, 0
    for i in range(n):
        a[i] = i % 2 == 1
        b[i] = i % 2
    for i in range(n):
        total += a[i] + b[i]
    return total, a == b, a != b


def extends_by_shown(n):
    a, b = [1] * 3, [n, 2]
    shown = {"b": b}
    a.extend(b)
    total = 0
    for i in range(len(a)):
        total += a[i]
    return total, shown


def extends_beyond(x):
    a, b, total = [0] * 3, [x] * 3, 0
    a.extend(b)
    for i in range(len(a)):
        total += a[i]
    return total, len(b)


def inserts_beyond(x):
    a, total = [0] * 3, 0
    a.insert(1, x)
    for i in range(len(a)):
        total += a[i] * 4 // 3
    return total, a[1] + a[1]


def inserts_before_last(n):
    a, total = [1, 2, 3], 0
    a.insert(-1, n)
    for part in a:
        total = total * 5 + part
    return total


def sorts_without_order(x):
    a, told = [x * 1.0, math.nan, 1.5, -x * 1.0], []
    a.sort()
    for part in a:
        told.append(part if part == part else None)
    return told


def slices_rows(n):
    rows, total = [[i, n] for i in range(4)], 0
    others = rows[1:]
    rows.clear()
    rows = [[7, 8] for _ in range(6)]
    for row in others:
        total = total * 3 + row[0] + row[1]
    return total, len(rows)


CALLS = [
    (118, handles_after_landing, [1, 5, 2**62, 2**63 - 1]), (119, equal_shapes, [3, 4, 7]), (120, extends_by_shown, [1, 5]),
    (121, extends_beyond, [5, 2**62]), (122, inserts_beyond, [5, 2**62]), (125, inserts_before_last, [9, 4]),
    (128, sorts_without_order, [1, 5, -3]), (130, slices_rows, [1, 5]),
]  # fmt: skip


@pytest.mark.parametrize("bug, function, values", CALLS, ids=[function.__name__ for _, function, _ in CALLS])
def test_same_as_python(bug, function, values):
    compiled = hasten.jit(function)
    for n in values * 3:
        assert outcome(compiled, (n,), {}) == outcome(plain(function), (n,), {})


def plain(function):
    """A copy of the function that calls no compiled ones."""
    names = dict(vars(sys.modules[__name__]))
    names["grow_and_fail"] = type(plain)(grow_and_fail.__wrapped__.__code__, names)
    return type(plain)(function.__code__, names, function.__name__)
