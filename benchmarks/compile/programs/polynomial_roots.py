"""The roots of a polynomial all at once (Durand and Kerner)."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(2, 5), (4, 10)]
LARGE = (40, 300)


def main(degree: int, turns: int) -> float:
    coefficients = [float(i % 5 - 2) for i in range(degree)]
    coefficients.append(1.0)
    roots = [complex(0.4, 0.9) * (1.0 + 0.1 * i) for i in range(degree)]
    for i in range(1, degree):
        roots[i] = roots[i] * roots[i - 1] / abs(roots[i - 1])
    for _ in range(turns):
        for i in range(degree):
            value = complex(0.0, 0.0)
            for k in range(degree, -1, -1):
                value = value * roots[i] + coefficients[k]
            for j in range(degree):
                if j != i:
                    value = value / (roots[i] - roots[j])
            roots[i] = roots[i] - value
    total = 0.0
    for root in roots:
        total += abs(root)
    return total
