"""How many moves a knight needs to every square, breadth first with a dict of positions."""

from __future__ import annotations

from collections import deque

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [(1,), (3,), (6,)]
LARGE = (240,)


def main(size: int) -> dict[int, int]:
    jumps = [(1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2)]
    distance = {(0, 0): 0}
    queue = deque([(0, 0)])
    while queue:
        place = queue.popleft()
        x, y = place
        for dx, dy in jumps:
            other = (x + dx, y + dy)
            if 0 <= other[0] < size and 0 <= other[1] < size and other not in distance:
                distance[other] = distance[place] + 1
                queue.append(other)
    counts: dict[int, int] = {}
    for moves in distance.values():
        counts[moves] = counts.get(moves, 0) + 1
    return counts
