"""Quicksort in place, with the middle item as the pivot."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0,), (1,), (50,)]
LARGE = (80_000,)


def sort(values: list[int], low: int, high: int) -> None:
    while low < high:
        pivot = values[(low + high) // 2]
        i = low
        j = high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if j - low < high - i:
            sort(values, low, j)
            low = i
        else:
            sort(values, i, high)
            high = j


def main(count: int) -> int:
    values = [(i * 7919 + 13) % 10007 for i in range(count)]
    sort(values, 0, count - 1)
    total = 0
    for i in range(count):
        total += i * values[i]
    return total
