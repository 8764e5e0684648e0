"""Bits in numbers, counted three ways that must agree; and numbers whose bits read the same backwards."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (64,)]
LARGE = (45_000,)


def by_clearing(x: int) -> int:
    count = 0
    while x:
        x &= x - 1
        count += 1
    return count


def by_adding(x: int) -> int:
    x = x - ((x >> 1) & 0x55555555)
    x = (x & 0x33333333) + ((x >> 2) & 0x33333333)
    x = (x + (x >> 4)) & 0x0F0F0F0F
    return (x * 0x01010101 & 0xFFFFFFFF) >> 24


def reversed_bits(x: int) -> int:
    result = 0
    while x:
        result = (result << 1) | (x & 1)
        x >>= 1
    return result


def main(limit: int) -> tuple[int, int, int]:
    wrong = 0
    total = 0
    same = 0
    for n in range(limit):
        x = n * 2654435761 & 0xFFFFFFFF
        bits = by_clearing(x)
        if bits != by_adding(x):
            wrong += 1
        total += bits
        if reversed_bits(n) == n:
            same += 1
    return wrong, total, same
