"""Merge sort from below, with a second list."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0,), (1,), (33,)]
LARGE = (60_000,)


def merge(source: list[int], target: list[int], low: int, middle: int, high: int) -> None:
    i = low
    j = middle
    for k in range(low, high):
        if i < middle and (j >= high or source[i] <= source[j]):
            target[k] = source[i]
            i += 1
        else:
            target[k] = source[j]
            j += 1


def main(count: int) -> int:
    source = [(i * 7919 + 13) % 10007 for i in range(count)]
    target = [0] * count
    width = 1
    while width < count:
        for low in range(0, count, 2 * width):
            merge(source, target, low, min(low + width, count), min(low + 2 * width, count))
        source, target = target, source
        width *= 2
    total = 0
    for i in range(count):
        total += i * source[i]
    return total
