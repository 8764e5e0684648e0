"""All sums of subsets of numbers, as a set."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [(0, 5), (4, 10), (8, 100)]
LARGE = (60, 60_000)


def main(count: int, limit: int) -> tuple[int, int]:
    sums = {0}
    for i in range(count):
        number = (i * 7919 + 31) % 1777 + 1
        longer: set[int] = set()
        for total in sums:
            if total + number <= limit:
                longer.add(total + number)
        sums |= longer
    return len(sums), max(sums)
