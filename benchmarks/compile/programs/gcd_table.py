"""How many pairs below a limit have no common divisor, by Euclid."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0,), (5,), (40,)]
LARGE = (1000,)


def gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def main(limit: int) -> int:
    coprime = 0
    for a in range(1, limit):
        for b in range(1, a + 1):
            if gcd(a, b) == 1:
                coprime += 1
    return coprime
