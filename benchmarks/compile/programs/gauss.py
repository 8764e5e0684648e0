"""A linear system by elimination with partial pivoting; the residual is the answer."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (4,), (10,)]
LARGE = (170,)


def solve(a: list[list[float]], b: list[float]) -> list[float]:
    n = len(b)
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i][k]) > abs(a[pivot][k]):
                pivot = i
        a[k], a[pivot] = a[pivot], a[k]
        b[k], b[pivot] = b[pivot], b[k]
        for i in range(k + 1, n):
            factor = a[i][k] / a[k][k]
            for j in range(k, n):
                a[i][j] -= factor * a[k][j]
            b[i] -= factor * b[k]
    x = [0.0] * n
    for i in range(n - 1, -1, -1):
        total = b[i]
        for j in range(i + 1, n):
            total -= a[i][j] * x[j]
        x[i] = total / a[i][i]
    return x


def main(n: int) -> float:
    a = [[1.0 / (1.0 + abs(i - j)) + (2.0 if i == j else 0.0) for j in range(n)] for i in range(n)]
    b = [float(i % 5) for i in range(n)]
    x = solve(a, b)
    total = 0.0
    for value in x:
        total += value * value
    return total
