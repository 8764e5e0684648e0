"""Many binary searches in one sorted list."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0, 5), (10, 30)]
LARGE = (10_000, 60_000)


def position(values: list[int], wanted: int) -> int:
    low = 0
    high = len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def main(size: int, searches: int) -> int:
    values = [i * 3 for i in range(size)]
    found = 0
    for n in range(searches):
        wanted = n * 7919 % (3 * size + 1)
        at = position(values, wanted)
        if at < size and values[at] == wanted:
            found += 1
    return found
