"""The digits of pi by the spigot of Rabinowitz and Wagon; all numbers stay small."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (20,)]
LARGE = (450,)


def main(digits: int) -> int:
    size = digits * 10 // 3 + 2
    remainders = [2] * size
    signature = 0
    nines = 0
    held = 0
    for turn in range(digits + 1):
        carry = 0
        for i in range(size - 1, 0, -1):
            value = remainders[i] * 10 + carry * (i + 1)
            remainders[i] = value % (2 * i + 1)
            carry = value // (2 * i + 1)
        value = remainders[0] * 10 + carry
        remainders[0] = value % 10
        digit = value // 10
        if digit == 9:
            nines += 1
            continue
        if digit == 10:
            held += 1
            digit = 0
        if turn > 0:
            signature = (signature * 10 + held) % 1000003
            for _ in range(nines):
                signature = (signature * 10 + 9) % 1000003
        held = digit
        nines = 0
    return signature
