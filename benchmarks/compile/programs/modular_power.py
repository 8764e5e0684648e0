"""Modular powers by squaring, and Fermat's test with them."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(10,), (100,), (400,)]
LARGE = (110_000,)


def power(base: int, exponent: int, modulus: int) -> int:
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def main(limit: int) -> int:
    probable = 0
    for n in range(3, limit, 2):
        if power(2, n - 1, n) == 1:
            probable += 1
    return probable
