"""Functions that take any number of arguments, called natively: `*args` is a tuple of what is left over."""

import math
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

sys.path.insert(0, str(Path(__file__).parent))

from test_objects import outcome  # noqa: E402

BIG = 2**62


@hasten.jit
def mean(*values):
    return sum(values) / len(values)


@hasten.jit
def spread(first, *rest, scale=1):
    return (max(rest) - min(rest)) * scale + first


@hasten.jit
def packs(*values):
    return values


@hasten.jit
def named(a, b=7, *c, d, e=9):
    return a, b, c, d, e, len(c)


@hasten.jit
def some(*values):
    return any(values), all(values), len(values), sum(values)


@hasten.jit
def counts(*lists):
    lists[0][0] += 1
    return lists[0]


@hasten.jit
def walk(*values):
    t = 0
    for x in values:
        t += x * 2**40
    return t


@hasten.jit
def sixth(*values):
    return values[5]


def means(n):
    return [mean(n, i, i + 1) for i in range(5)] + [mean(i * 0.5, n, i) for i in range(4)] + [mean(True, n)]


def lost(n):
    """What the additions of floats lose counts, from CPython 3.12 on."""
    return [mean(-0.0), mean(-0.0, -0.0), mean(0.1, 0.2, 0.3, 1e100, -1e100, n), mean(math.inf, n), mean(math.nan, 1),
            mean(1e308, 1e308, -1e308), mean(*[0.1] * 7, n), mean(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, n)]  # fmt: skip


def none(n):
    return mean() if n else packs()


def spreads(n):
    return [spread(1, n, 2), spread(n, 3.5, 2, scale=n), spread(1, n), spread(1, 2.5, n)]


def packed(n):
    return packs(), packs(n), packs(n, 2.5, "x", [n]), packs(1)[0]


def names(n):
    return named(n, d=1), named(n, 2, d=n), named(1, 2, 3, n, d=4), named(1, 2, 3.5, "x", [n], d=4, e=n), named(b=2, a=n, d=1)


def wrong(n):
    return named(1, 2, 3) if n else named(d=1)


def twice(n):
    return named(1, 2, 3, a=n, d=1)


def somes(n):
    return some(), some(0, n), some(n, 1.5, True), some(n, 0.0, False), some(BIG, n, BIG)


def lists(n):
    a, b = [1.0, 2.0, n * 1.0], [n]
    for _ in range(3):
        counts(a, b)
    c = counts(b, a)
    return a, b, c


def walks(n):
    return walk(1, n, 3), walk(1.5, n), walk(n, 2**30 * n), walk()


def fails(n):
    return sixth(1, 2, n)


def caught(n):
    a = [1, 2, n]
    try:
        sixth(a, a)
    except IndexError as error:
        a.append(str(error))
    return a


def tuples(n):
    t = (3, n, 1.5)
    return (max(t), min(t), sum(t), any(t), all(t), max((n,)), sum(()), any(()), all(()), len(t), max((True, n)),
            min((n, n * 1.0)), max((n * 1.0, n)))  # fmt: skip


VALUES = [0, 1, 2, -3, True, 2.5, BIG, 2 * BIG - 1, 2**70, -0.0, None, "a"]


@pytest.mark.parametrize(
    "function",
    [means, lost, none, spreads, packed, names, wrong, twice, somes, lists, walks, fails, caught, tuples],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("first", ["first", "last"])
def test_same_as_python(function, first):
    compiled, right = hasten.jit(function), copy_without_jit(function)
    for n in (VALUES if first == "first" else VALUES[::-1]) * 3:
        assert outcome(compiled, (n,), {}) == outcome(right, (n,), {})
    assert not [reason for reason in compiled.report()["reasons"] if "contradicts itself" in reason]


def copy_without_jit(function):
    own = dict(vars(sys.modules[__name__]))
    for name, value in own.items():
        if isinstance(value, hasten.jit.Function):
            f = value.__wrapped__
            own[name] = type(function)(f.__code__, own, name, f.__defaults__)
            own[name].__kwdefaults__ = f.__kwdefaults__
    return type(function)(function.__code__, own, function.__name__)


def smooth(n):
    xs = [i * 0.5 for i in range(n)]
    for i in range(1, n - 1):
        xs[i] = mean(xs[i - 1], xs[i], xs[i + 1])
    return xs[n // 2]


def test_calls_are_native():
    compiled, right = hasten.jit(smooth), copy_without_jit(smooth)
    for _ in range(3):
        assert compiled(60) == right(60)
    assert compiled.hasten.report()["line_counts"]["python call"] == 0
