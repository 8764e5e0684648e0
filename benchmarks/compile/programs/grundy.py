"""Grundy numbers of Kayles: the least number that no move reaches."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (8,), (40,)]
LARGE = (1500,)


def main(limit: int) -> int:
    grundy = [0] * (limit + 1)
    total = 0
    for n in range(1, limit + 1):
        seen = [False] * 64
        for taken in range(1, 3):
            for left in range(n - taken + 1):
                seen[grundy[left] ^ grundy[n - taken - left]] = True
        least = 0
        while seen[least]:
            least += 1
        grundy[n] = least
        total = (total * 7 + least) % 1000003
    return total
