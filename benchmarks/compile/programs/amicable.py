"""The sum of all amicable numbers below a limit."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(10,), (300,)]
LARGE = (14_000,)


def sum_of_divisors(n: int) -> int:
    total = 1
    divisor = 2
    while divisor * divisor <= n:
        if n % divisor == 0:
            total += divisor
            if divisor * divisor != n:
                total += n // divisor
        divisor += 1
    return total


def main(limit: int) -> int:
    total = 0
    for n in range(2, limit):
        other = sum_of_divisors(n)
        if other != n and sum_of_divisors(other) == n:
            total += n
    return total
