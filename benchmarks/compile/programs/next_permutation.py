"""All permutations in lexicographic order, each a step from the one before."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (3,), (5,)]
LARGE = (9,)


def advance(items: list[int]) -> bool:
    i = len(items) - 2
    while i >= 0 and items[i] >= items[i + 1]:
        i -= 1
    if i < 0:
        return False
    j = len(items) - 1
    while items[j] <= items[i]:
        j -= 1
    items[i], items[j] = items[j], items[i]
    low = i + 1
    high = len(items) - 1
    while low < high:
        items[low], items[high] = items[high], items[low]
        low += 1
        high -= 1
    return True


def main(n: int) -> int:
    items = list(range(n))
    total = 0
    number = 0
    while True:
        number += 1
        total = (total * 31 + items[0] * number) % 1000003
        if not advance(items):
            return total
