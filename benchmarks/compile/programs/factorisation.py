"""The prime factors of all numbers below a limit, by trial division."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(2,), (30,), (300,)]
LARGE = (50_000,)


def count_factors(n: int) -> int:
    count = 0
    divisor = 2
    while divisor * divisor <= n:
        while n % divisor == 0:
            n //= divisor
            count += 1
        divisor += 1 if divisor == 2 else 2
    return count + 1 if n > 1 else count


def main(limit: int) -> int:
    total = 0
    for n in range(2, limit):
        total += count_factors(n) * (n % 5)
    return total
