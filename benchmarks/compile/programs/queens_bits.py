"""How many ways n queens stand on a board, with three masks of bits."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (4,), (6,)]
LARGE = (12,)


def place(full: int, columns: int, left: int, right: int) -> int:
    if columns == full:
        return 1
    count = 0
    free = full & ~(columns | left | right)
    while free:
        bit = free & -free
        free ^= bit
        count += place(full, columns | bit, ((left | bit) << 1) & full, (right | bit) >> 1)
    return count


def main(n: int) -> int:
    return place((1 << n) - 1, 0, 0, 0)
