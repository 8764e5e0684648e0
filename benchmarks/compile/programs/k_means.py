"""Points in the plane in k groups (Lloyd); the sum of the distances is the answer."""

from __future__ import annotations

from math import sqrt

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(5, 2, 2), (30, 4, 5)]
LARGE = (6000, 8, 16)


def main(count: int, groups: int, turns: int) -> float:
    xs = [(i * 7919 % 1009) / 10.0 for i in range(count)]
    ys = [(i * 104729 % 997) / 10.0 for i in range(count)]
    cx = [xs[i] for i in range(groups)]
    cy = [ys[i] for i in range(groups)]
    total = 0.0
    for _ in range(turns):
        sum_x = [0.0] * groups
        sum_y = [0.0] * groups
        members = [0] * groups
        total = 0.0
        for i in range(count):
            nearest = 0
            least = 1e300
            for g in range(groups):
                dx = xs[i] - cx[g]
                dy = ys[i] - cy[g]
                squared = dx * dx + dy * dy
                if squared < least:
                    least = squared
                    nearest = g
            sum_x[nearest] += xs[i]
            sum_y[nearest] += ys[i]
            members[nearest] += 1
            total += sqrt(least)
        for g in range(groups):
            if members[g] > 0:
                cx[g] = sum_x[g] / members[g]
                cy[g] = sum_y[g] / members[g]
    return total
