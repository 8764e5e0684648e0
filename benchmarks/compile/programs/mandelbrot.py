"""The Mandelbrot set with complex numbers: how many points stay."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1, 10), (8, 20)]
LARGE = (200, 80)


def escape(c: complex, limit: int) -> int:
    z = 0j
    for n in range(limit):
        if abs(z) > 2.0:
            return n
        z = z * z + c
    return limit


def main(size: int, limit: int) -> int:
    inside = 0
    for row in range(size):
        for column in range(size):
            c = complex(-2.0 + 2.5 * column / size, -1.25 + 2.5 * row / size)
            if escape(c, limit) == limit:
                inside += 1
    return inside
