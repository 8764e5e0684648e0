"""Conway's life on a torus of rows; how many cells live at the end."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(3, 1), (8, 4)]
LARGE = (100, 60)


def step(cells: list[list[int]]) -> list[list[int]]:
    size = len(cells)
    after = [[0] * size for _ in range(size)]
    for i in range(size):
        up = cells[i - 1]
        here = cells[i]
        down = cells[(i + 1) % size]
        for j in range(size):
            left = j - 1
            right = (j + 1) % size
            near = up[left] + up[j] + up[right] + here[left] + here[right] + down[left] + down[j] + down[right]
            if near == 3 or (near == 2 and here[j]):
                after[i][j] = 1
    return after


def main(size: int, turns: int) -> int:
    cells = [[1 if (i * 7 + j * j * 3) % 5 < 2 else 0 for j in range(size)] for i in range(size)]
    for _ in range(turns):
        cells = step(cells)
    alive = 0
    for row in cells:
        for cell in row:
            alive += cell
    return alive
