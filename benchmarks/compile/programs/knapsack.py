"""The 0/1 knapsack by dynamic programming over the capacity."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0, 10), (5, 20), (12, 50)]
LARGE = (120, 12_000)


def main(count: int, capacity: int) -> int:
    best = [0] * (capacity + 1)
    seed = 42
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) % 2147483648
        weight = seed % 97 + 1
        seed = (seed * 1103515245 + 12345) % 2147483648
        value = seed % 1009
        for room in range(capacity, weight - 1, -1):
            candidate = best[room - weight] + value
            if candidate > best[room]:
                best[room] = candidate
    return best[capacity]
