"""The eigenvalues of a symmetric matrix by rotations (Jacobi)."""

from __future__ import annotations

from math import sqrt

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(2, 1), (4, 3)]
LARGE = (48, 8)


def main(n: int, sweeps: int) -> float:
    a = [[1.0 / (i + j + 1.0) for j in range(n)] for i in range(n)]
    for _ in range(sweeps):
        for p in range(n - 1):
            for q in range(p + 1, n):
                if a[p][q] == 0.0:
                    continue
                theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q])
                t = (1.0 if theta >= 0.0 else -1.0) / (abs(theta) + sqrt(theta * theta + 1.0)) if abs(theta) < 1e150 else 0.0
                c = 1.0 / sqrt(t * t + 1.0)
                s = t * c
                for k in range(n):
                    akp = a[k][p]
                    akq = a[k][q]
                    a[k][p] = c * akp - s * akq
                    a[k][q] = s * akp + c * akq
                for k in range(n):
                    apk = a[p][k]
                    aqk = a[q][k]
                    a[p][k] = c * apk - s * aqk
                    a[q][k] = s * apk + c * aqk
    largest = a[0][0]
    for i in range(1, n):
        if a[i][i] > largest:
            largest = a[i][i]
    return largest
