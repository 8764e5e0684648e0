"""How deep calls may go before RecursionError: as deep as in Python, whoever calls whom."""

import functools
import sys

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

LIMIT = 200


def down_in_python(log, n):
    log.append(n)
    return down_in_python(log, n + 1)


@hasten.jit
def down(log, n, then):
    if n == 0:
        return then(log, 0)
    return down(log, n - 1, then) + 1


@hasten.jit
def by_turns(log, n):
    if n % 10 == 0:
        return a_turn(log, n + 1)
    return by_turns(log, n + 1) + 1


def a_turn(log, n):
    log.append(n)
    return by_turns(log, n)


@hasten.jit
def overflowing(log, n, x):
    if n == 0:
        return down_in_python(log, int(x != 0))
    return overflowing(log, n - 1, x * 7) + 1


@hasten.jit
def in_a_list(log, n):
    log.append(n)
    return [in_a_list(log, n + 1) for _ in (0,)]


@hasten.jit
def in_a_generator(log, n):
    log.append(n)
    return list(in_a_generator(log, n + 1) for _ in (0,))


@hasten.jit
def with_a_leaf_below(log, n):
    log.append(n)
    return [leaf(k) for k in (n, n + 1)] and with_a_leaf_below(log, n + 1)


def leaf(n):
    return n


NAMES = ["down", "by_turns", "overflowing", "in_a_list", "in_a_generator", "with_a_leaf_below"]
CASES = {
    "native, then Python": lambda: lambda log: down(log, 100, down_in_python),
    "deeper": lambda: lambda log: down(log, 150, down_in_python),
    "by turns": lambda: lambda log: by_turns(log, 1),
    "landed": lambda: lambda log: overflowing(log, 120, 3),
    "a list comprehension": lambda: lambda log: in_a_list(log, 0),
    "a generator expression": lambda: lambda log: in_a_generator(log, 0),
    "leaves": lambda: lambda log: with_a_leaf_below(log, 0),
}


def reached(function):
    log = []
    with pytest.raises(RecursionError):
        function(log)
    return log


@pytest.mark.parametrize("case", CASES)
def test_calls_go_as_deep_as_in_python(case, monkeypatch):
    old = sys.getrecursionlimit()
    for name in NAMES:  # compiled for their types before the limit is near
        function = globals()[name]
        with pytest.raises((RecursionError, TypeError)):
            function([], *((3, None) if name == "down" else (2, 5) if name == "overflowing" else ("",)))
    functools.reduce(lambda a, b: a, [1, 2])
    results = []
    for plain in (True, False, False):
        if plain:
            for name in NAMES:
                monkeypatch.setitem(globals(), name, globals()[name].__wrapped__)
        run = CASES[case]()
        sys.setrecursionlimit(LIMIT)
        try:
            for _ in range(3):
                log = reached(run)
            results.append((len(log), log[-1]))
        finally:
            sys.setrecursionlimit(old)
            monkeypatch.undo()
    # In comprehensions CPython's own C functions take a level now and then.
    slack = 1 if "expression" in case or "comprehension" in case else 0
    assert abs(results[1][0] - results[0][0]) <= slack and results[1] == results[2], results


def test_a_limit_that_is_set_inside_stays():
    old = sys.getrecursionlimit()

    @hasten.jit
    def sets(limit):
        sys.setrecursionlimit(limit)
        return [set_again(limit + k) for k in range(3)][-1]

    def set_again(limit):
        sys.setrecursionlimit(limit)
        return limit

    try:
        for _ in range(3):
            assert sets(old + 50) == old + 52 == sys.getrecursionlimit()

        def depth(n):
            try:
                return depth(n + 1)
            except RecursionError:
                return n

        sys.setrecursionlimit(500)
        plain = depth(0)
        for _ in range(20):
            sets(500)
        sys.setrecursionlimit(500)
        assert depth(0) == plain
    finally:
        sys.setrecursionlimit(old)
