"""Conway's life on a set of cells without borders."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [(0,), (4,)]
LARGE = (400,)


def step(alive: set[tuple[int, int]]) -> set[tuple[int, int]]:
    near: dict[tuple[int, int], int] = {}
    for x, y in alive:
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                if dx or dy:
                    cell = (x + dx, y + dy)
                    near[cell] = near.get(cell, 0) + 1
    return {cell for cell, count in near.items() if count == 3 or (count == 2 and cell in alive)}


def main(turns: int) -> list[tuple[int, int]]:
    alive = {(0, 1), (1, 3), (2, 0), (2, 1), (2, 4), (2, 5), (2, 6)}
    for _ in range(turns):
        alive = step(alive)
    return sorted(alive)
