"""The fast Fourier transform, iterative and in place, there and back."""

from __future__ import annotations

from math import cos, pi, sin

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (3,), (5,)]
LARGE = (15,)


def transform(values: list[complex], sign: float) -> None:
    count = len(values)
    j = 0
    for i in range(1, count):
        bit = count >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            values[i], values[j] = values[j], values[i]
    length = 2
    while length <= count:
        angle = sign * 2.0 * pi / length
        root = complex(cos(angle), sin(angle))
        for start in range(0, count, length):
            factor = complex(1.0, 0.0)
            for k in range(start, start + length // 2):
                even = values[k]
                odd = values[k + length // 2] * factor
                values[k] = even + odd
                values[k + length // 2] = even - odd
                factor = factor * root
        length *= 2


def main(bits: int) -> float:
    count = 1 << bits
    values = [complex(i % 17, i % 5) for i in range(count)]
    transform(values, 1.0)
    transform(values, -1.0)
    worst = 0.0
    for i in range(count):
        error = abs(values[i] / count - complex(i % 17, i % 5))
        if error > worst:
            worst = error
    return worst
