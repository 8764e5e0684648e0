"""Shortest roads between towns: dicts of neighbours and a heap of the standard library."""

from __future__ import annotations

import heapq

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [3, 20]
LARGE = 25_000


def given(size: int) -> tuple[dict[str, list[tuple[str, int]]], str]:
    roads: dict[str, list[tuple[str, int]]] = {f"town{i}": [] for i in range(size)}
    for i in range(size):
        for k in (1, 7, 31):
            j = (i * k + k) % size
            roads[f"town{i}"].append((f"town{j}", (i * 13 + k * 29) % 50 + 1))
            roads[f"town{j}"].append((f"town{i}", (i * 17 + k * 5) % 50 + 1))
    return roads, "town0"


def main(roads: dict[str, list[tuple[str, int]]], start: str) -> int:
    distance: dict[str, int] = {start: 0}
    heap = [(0, start)]
    done: set[str] = set()
    while heap:
        length, town = heapq.heappop(heap)
        if town in done:
            continue
        done.add(town)
        for other, road in roads[town]:
            longer = length + road
            if other not in distance or longer < distance[other]:
                distance[other] = longer
                heapq.heappush(heap, (longer, other))
    return sum(distance.values())
