"""Pancake flips over all permutations (fannkuch)."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(2,), (4,), (5,)]
LARGE = (8,)


def main(n: int) -> tuple[int, int]:
    permutation = list(range(n))
    counts = [0] * n
    checksum = 0
    most = 0
    turn = 0
    r = n
    while True:
        while r != 1:
            counts[r - 1] = r
            r -= 1
        if permutation[0] != 0:
            flipped = permutation[:]
            flips = 0
            first = flipped[0]
            while first != 0:
                low = 0
                high = first
                while low < high:
                    flipped[low], flipped[high] = flipped[high], flipped[low]
                    low += 1
                    high -= 1
                flips += 1
                first = flipped[0]
            most = max(most, flips)
            checksum += flips if turn % 2 == 0 else -flips
        turn += 1
        while True:
            if r == n:
                return checksum, most
            front = permutation[0]
            for i in range(r):
                permutation[i] = permutation[i + 1]
            permutation[r] = front
            counts[r] -= 1
            if counts[r] > 0:
                break
            r += 1
