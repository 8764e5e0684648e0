"""Fibonacci numbers by the double recursion of the textbook."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0,), (1,), (12,)]
LARGE = (30,)


def main(n: int) -> int:
    if n < 2:
        return n
    return main(n - 1) + main(n - 2)
