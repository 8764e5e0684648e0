"""To which cube root of one Newton's iteration leads, for each point of a square."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (6,)]
LARGE = (110,)


def basin(z: complex) -> int:
    for _ in range(40):
        square = z * z
        if abs(square) < 1e-12:
            return 3
        z = z - (square * z - 1.0) / (3.0 * square)
        if abs(z - 1.0) < 1e-6:
            return 0
    return 1 if z.imag > 0 else 2


def main(size: int) -> int:
    total = 0
    for row in range(size):
        for column in range(size):
            total += basin(complex(4.0 * column / size - 2.0, 4.0 * row / size - 2.0))
    return total
