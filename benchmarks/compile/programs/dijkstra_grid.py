"""The cheapest way over a grid of costs (Dijkstra), with a binary heap of our own in two lists."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (4,), (10,)]
LARGE = (200,)


def push(keys: list[int], places: list[int], key: int, place: int) -> None:
    keys.append(key)
    places.append(place)
    child = len(keys) - 1
    while child > 0:
        parent = (child - 1) // 2
        if keys[parent] <= key:
            break
        keys[child] = keys[parent]
        places[child] = places[parent]
        child = parent
    keys[child] = key
    places[child] = place


def pop(keys: list[int], places: list[int]) -> None:
    key = keys.pop()
    place = places.pop()
    count = len(keys)
    if count == 0:
        return
    parent = 0
    child = 1
    while child < count:
        if child + 1 < count and keys[child + 1] < keys[child]:
            child += 1
        if key <= keys[child]:
            break
        keys[parent] = keys[child]
        places[parent] = places[child]
        parent = child
        child = 2 * parent + 1
    keys[parent] = key
    places[parent] = place


def main(size: int) -> int:
    cost = [(i * 7919 + i * i * 31) % 9 + 1 for i in range(size * size)]
    far = 10**9
    distance = [far] * (size * size)
    distance[0] = cost[0]
    keys = [cost[0]]
    places = [0]
    while len(keys) > 0:
        length = keys[0]
        place = places[0]
        pop(keys, places)
        if length > distance[place]:
            continue
        row = place // size
        column = place % size
        for direction in range(4):
            r = row + (direction == 0) - (direction == 1)
            c = column + (direction == 2) - (direction == 3)
            if 0 <= r < size and 0 <= c < size:
                other = r * size + c
                longer = length + cost[other]
                if longer < distance[other]:
                    distance[other] = longer
                    push(keys, places, longer, other)
    return distance[size * size - 1]
