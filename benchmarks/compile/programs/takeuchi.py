"""Takeuchi's function: calls and comparisons, nothing else."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(3, 2, 1), (6, 4, 2)]
LARGE = (24, 16, 8)


def main(x: int, y: int, z: int) -> int:
    if y >= x:
        return z
    return main(main(x - 1, y, z), main(y - 1, z, x), main(z - 1, x, y))
