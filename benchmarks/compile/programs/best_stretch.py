"""The stretch of a sequence with the greatest sum (Kadane), for many shifts of it."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1, 1), (10, 3)]
LARGE = (4000, 180)


def best_sum(values: list[int], shift: int) -> int:
    best = values[0] - shift
    running = 0
    for value in values:
        running = max(running + value - shift, 0)
        if running > best:
            best = running
    return best


def main(count: int, shifts: int) -> int:
    values = [(i * 7919 + i * i) % 201 - 100 for i in range(count)]
    total = 0
    for shift in range(shifts):
        total += best_sum(values, shift - shifts // 2)
    return total
