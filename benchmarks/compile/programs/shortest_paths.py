"""All shortest paths of a graph as a matrix (Floyd and Warshall)."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (5,), (12,)]
LARGE = (140,)


def main(count: int) -> int:
    far = 10**9
    distance = [[0 if i == j else far for j in range(count)] for i in range(count)]
    for i in range(count):
        for k in range(1, 4):
            j = (i * k * 7 + k) % count
            if i != j:
                distance[i][j] = (i * 13 + k * 29) % 50 + 1
    for middle in range(count):
        for i in range(count):
            first = distance[i][middle]
            for j in range(count):
                length = first + distance[middle][j]
                if length < distance[i][j]:
                    distance[i][j] = length
    total = 0
    for i in range(count):
        for j in range(count):
            if distance[i][j] < far:
                total += distance[i][j]
    return total
