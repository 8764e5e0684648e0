"""A straight line through points by least squares, for many windows of a series."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(5, 3), (40, 8)]
LARGE = (12_000, 60)


def main(count: int, width: int) -> float:
    series = [((i * 7919 + i * i) % 1013) / 7.0 for i in range(count)]
    steepest = 0.0
    for start in range(count - width + 1):
        sum_x = sum_y = sum_xx = sum_xy = 0.0
        for i in range(width):
            x = float(i)
            y = series[start + i]
            sum_x += x
            sum_y += y
            sum_xx += x * x
            sum_xy += x * y
        slope = (width * sum_xy - sum_x * sum_y) / (width * sum_xx - sum_x * sum_x)
        if abs(slope) > abs(steepest):
            steepest = slope
    return steepest
