"""Partitions of numbers by Euler's pentagonal numbers, modulo a prime."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (10,), (100,)]
LARGE = (10_000,)


def main(limit: int) -> int:
    count = [0] * (limit + 1)
    count[0] = 1
    for n in range(1, limit + 1):
        total = 0
        k = 1
        while True:
            first = k * (3 * k - 1) // 2
            if first > n:
                break
            sign = 1 if k % 2 else -1
            total += sign * count[n - first]
            second = first + k
            if second <= n:
                total += sign * count[n - second]
            k += 1
        count[n] = total % 998244353
    return count[limit]
