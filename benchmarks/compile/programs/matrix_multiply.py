"""The product of two dense matrices, as lists of rows."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (3,), (8,)]
LARGE = (130,)


def make(size: int, shift: int) -> list[list[float]]:
    return [[((i * 7 + j * 3 + shift) % 11) * 0.5 for j in range(size)] for i in range(size)]


def multiply(a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    size = len(a)
    product = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(size):
            total = 0.0
            for k in range(size):
                total += a[i][k] * b[k][j]
            product[i][j] = total
    return product


def main(size: int) -> float:
    product = multiply(make(size, 1), make(size, 5))
    trace = 0.0
    for i in range(size):
        trace += product[i][i]
    return trace
