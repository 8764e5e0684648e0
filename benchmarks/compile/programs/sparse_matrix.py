"""Sparse matrices as dicts of positions: a power by repeated products."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [(2, 1), (6, 2)]
LARGE = (150, 3)


def product(a: dict[tuple[int, int], float], b: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    rows: dict[int, list[tuple[int, float]]] = {}
    for (i, j), value in b.items():
        rows.setdefault(i, []).append((j, value))
    result: dict[tuple[int, int], float] = {}
    for (i, k), left in a.items():
        for j, right in rows.get(k, []):
            place = (i, j)
            result[place] = result.get(place, 0.0) + left * right
    return result


def main(size: int, turns: int) -> float:
    matrix: dict[tuple[int, int], float] = {}
    for i in range(size):
        for k in (1, 3, 4):
            matrix[i, (i * k + k) % size] = 1.0 / (i + k + 1)
    power = matrix
    for _ in range(turns):
        power = product(power, power)
    total = 0.0
    for value in power.values():
        total += value
    return total
