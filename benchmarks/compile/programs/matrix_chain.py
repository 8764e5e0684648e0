"""The cheapest way to multiply a chain of matrices, by dynamic programming over its pieces."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (4,), (12,)]
LARGE = (160,)


def main(count: int) -> int:
    sizes = [(i * 37 + 11) % 53 + 5 for i in range(count + 1)]
    cost = [[0] * count for _ in range(count)]
    for length in range(2, count + 1):
        for first in range(count - length + 1):
            last = first + length - 1
            best = -1
            for cut in range(first, last):
                total = cost[first][cut] + cost[cut + 1][last] + sizes[first] * sizes[cut + 1] * sizes[last + 1]
                if best < 0 or total < best:
                    best = total
            cost[first][last] = best
    return cost[0][count - 1]
