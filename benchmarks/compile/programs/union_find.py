"""Union-find with path halving and union by size: how many groups are left."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1, 0), (10, 5), (50, 60)]
LARGE = (20_000, 300_000)


def find(parent: list[int], x: int) -> int:
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x


def main(count: int, links: int) -> int:
    parent = list(range(count))
    size = [1] * count
    groups = count
    seed = 7
    for _ in range(links):
        seed = (seed * 1103515245 + 12345) % 2147483648
        a = find(parent, seed % count)
        seed = (seed * 1103515245 + 12345) % 2147483648
        b = find(parent, seed % count)
        if a != b:
            if size[a] < size[b]:
                a, b = b, a
            parent[b] = a
            size[a] += size[b]
            groups -= 1
    return groups
