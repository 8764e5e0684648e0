"""Who of a circle is left when each k-th leaves, by a linked ring in a list."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1, 3), (7, 3), (41, 3)]
LARGE = (5_000, 1_500)


def main(count: int, k: int) -> int:
    following = [(i + 1) % count for i in range(count)]
    here = count - 1
    for _ in range(count - 1):
        for _ in range((k - 1) % count):
            here = following[here]
        following[here] = following[following[here]]
    return here
