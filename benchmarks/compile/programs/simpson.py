"""An integral by Simpson's rule, refined until it no longer changes."""

from __future__ import annotations

from math import exp, sin

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0.0, 1.0, 1e-3), (1.0, 1.0, 1e-3)]
LARGE = (0.0, 20.0, 1e-17)


def height(x: float) -> float:
    return exp(-0.1 * x) * sin(3.0 * x) + x / (1.0 + x * x)


def main(low: float, high: float, tolerance: float) -> float:
    before = 0.0
    pieces = 2
    while pieces < 300_000:
        width = (high - low) / pieces
        total = height(low) + height(high)
        for i in range(1, pieces):
            total += height(low + i * width) * (4.0 if i % 2 else 2.0)
        area = total * width / 3.0
        if abs(area - before) < tolerance:
            break
        before = area
        pieces *= 2
    return before
