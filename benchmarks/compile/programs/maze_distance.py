"""How far all places of a maze are from a corner, breadth first with a ring of numbers."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(2,), (6,), (12,)]
LARGE = (300,)


def main(size: int) -> int:
    wall = [(i * 7919 + i // size * 104729) % 1009 < 280 for i in range(size * size)]
    wall[0] = False
    distance = [-1] * (size * size)
    queue = [0] * (size * size)
    distance[0] = 0
    head = 0
    tail = 1
    total = 0
    while head < tail:
        place = queue[head]
        head += 1
        total += distance[place]
        row = place // size
        column = place % size
        if row > 0 and not wall[place - size] and distance[place - size] < 0:
            distance[place - size] = distance[place] + 1
            queue[tail] = place - size
            tail += 1
        if row < size - 1 and not wall[place + size] and distance[place + size] < 0:
            distance[place + size] = distance[place] + 1
            queue[tail] = place + size
            tail += 1
        if column > 0 and not wall[place - 1] and distance[place - 1] < 0:
            distance[place - 1] = distance[place] + 1
            queue[tail] = place - 1
            tail += 1
        if column < size - 1 and not wall[place + 1] and distance[place + 1] < 0:
            distance[place + 1] = distance[place] + 1
            queue[tail] = place + 1
            tail += 1
    return total
