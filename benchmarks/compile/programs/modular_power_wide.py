"""Modular powers of numbers beyond 2**63: the test of Miller and Rabin around 2**64."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("mypyc", "pypy")
SMALL = [(2**64, 3), (2**61, 5), (101, 4)]
LARGE = (2**64 + 1, 4000)


def power(base: int, exponent: int, modulus: int) -> int:
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def is_probable_prime(n: int) -> bool:
    odd = n - 1
    twos = 0
    while odd % 2 == 0:
        odd //= 2
        twos += 1
    for witness in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        if n == witness:
            return True
        x = power(witness, odd, n)
        if x == 1 or x == n - 1:
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def main(first: int, count: int) -> int:
    last = 0
    n = first | 1
    for _ in range(count):
        if is_probable_prime(n):
            last = n
        n += 2
    return last
