"""Heat spreads over a plate: the mean temperature of the inside after some steps."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(3, 1), (8, 4)]
LARGE = (100, 50)


def step(plate: list[list[float]]) -> list[list[float]]:
    size = len(plate)
    after = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(size):
            if i == 0 or j == 0 or i == size - 1 or j == size - 1:
                after[i][j] = plate[i][j]
            else:
                after[i][j] = (plate[i - 1][j] + plate[i + 1][j] + plate[i][j - 1] + plate[i][j + 1]) / 4.0
    return after


def main(size: int, steps: int) -> float:
    plate = [[100.0 if i == 0 else 0.0 for _ in range(size)] for i in range(size)]
    for _ in range(steps):
        plate = step(plate)
    total = 0.0
    for i in range(1, size - 1):
        for j in range(1, size - 1):
            total += plate[i][j]
    return total / ((size - 2) * (size - 2))
