"""Ackermann's function, for small arguments."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0, 3), (2, 3)]
LARGE = (2, 450)


def main(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return main(m - 1, 1)
    return main(m - 1, main(m, n - 1))
