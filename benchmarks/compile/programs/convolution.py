"""A signal smoothed with a kernel, and how often it then crosses its mean."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(5, 3), (40, 7)]
LARGE = (50_000, 31)


def smooth(signal: list[float], kernel: list[float]) -> list[float]:
    width = len(kernel)
    result = [0.0] * (len(signal) - width + 1)
    for i in range(len(result)):
        total = 0.0
        for k in range(width):
            total += signal[i + k] * kernel[k]
        result[i] = total
    return result


def main(count: int, width: int) -> int:
    signal = [((i * i * 31 + i * 17) % 1009) / 1009.0 for i in range(count)]
    kernel = [1.0 / width] * width
    smoothed = smooth(signal, kernel)
    mean = 0.0
    for value in smoothed:
        mean += value
    mean /= len(smoothed)
    crossings = 0
    for i in range(1, len(smoothed)):
        if (smoothed[i - 1] < mean) != (smoothed[i] < mean):
            crossings += 1
    return crossings
