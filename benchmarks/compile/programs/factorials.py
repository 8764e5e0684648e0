"""Factorials that outgrow a machine word, and the sum of their digits."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("mypyc", "pypy")
SMALL = [(5,), (20,), (21,), (60,)]
LARGE = (1600,)


def digit_sum(n: int) -> int:
    total = 0
    while n:
        n, digit = divmod(n, 10)
        total += digit
    return total


def main(limit: int) -> int:
    product = 1
    total = 0
    for n in range(2, limit):
        product *= n
        if n % 10 == 0:
            total += digit_sum(product)
    return total + digit_sum(product)
