"""Happy numbers: squares of digits, summed until one or four."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (20,), (200,)]
LARGE = (60_000,)


def is_happy(n: int) -> bool:
    while n != 1 and n != 4:
        total = 0
        while n > 0:
            digit = n % 10
            total += digit * digit
            n //= 10
        n = total
    return n == 1


def main(limit: int) -> int:
    count = 0
    for n in range(1, limit):
        if is_happy(n):
            count += 1
    return count
