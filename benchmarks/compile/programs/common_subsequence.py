"""The longest common subsequence of two sequences of numbers, with one row."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0,), (3,), (30,)]
LARGE = (900,)


def draw(count: int, seed: int) -> list[int]:
    values = [0] * count
    for i in range(count):
        seed = (seed * 1103515245 + 12345) % 2147483648
        values[i] = seed // 65536 % 7
    return values


def main(count: int) -> int:
    a = draw(count, 1)
    b = draw(count, 2)
    row = [0] * (count + 1)
    for x in a:
        diagonal = 0
        for j in range(count):
            above = row[j + 1]
            if x == b[j]:
                row[j + 1] = diagonal + 1
            else:
                row[j + 1] = max(above, row[j])
            diagonal = above
    return row[count]
