"""The number below a limit with the longest Collatz chain."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (2,), (10,), (1000,)]
LARGE = (20_000,)


def chain_length(n: int) -> int:
    length = 1
    while n != 1:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        length += 1
    return length


def main(limit: int) -> int:
    best = 1
    best_length = 0
    for start in range(1, limit):
        length = chain_length(start)
        if length > best_length:
            best = start
            best_length = length
    return best
