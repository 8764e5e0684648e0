"""Heapsort of floats in place."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0,), (1,), (40,)]
LARGE = (40_000,)


def sift_down(values: list[float], start: int, end: int) -> None:
    root = start
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and values[child] < values[child + 1]:
            child += 1
        if values[root] >= values[child]:
            return
        values[root], values[child] = values[child], values[root]
        root = child


def main(count: int) -> float:
    values = [((i * 48271) % 65537) / 7.0 for i in range(count)]
    for start in range(count // 2 - 1, -1, -1):
        sift_down(values, start, count)
    for end in range(count - 1, 0, -1):
        values[0], values[end] = values[end], values[0]
        sift_down(values, 0, end)
    total = 0.0
    for i in range(count):
        total += values[i] * (i % 10)
    return total
