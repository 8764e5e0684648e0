"""Rays against spheres: the light on each point of a small picture."""

from __future__ import annotations

from math import sqrt

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (6,)]
LARGE = (260,)


def hit(ox: float, oy: float, oz: float, dx: float, dy: float, dz: float, cx: float, cy: float, cz: float, radius: float) -> float:
    x = ox - cx
    y = oy - cy
    z = oz - cz
    b = x * dx + y * dy + z * dz
    c = x * x + y * y + z * z - radius * radius
    inside = b * b - c
    if inside < 0.0:
        return -1.0
    return -b - sqrt(inside)


def main(size: int) -> float:
    xs = [0.0, 1.2, -1.4, 0.3]
    ys = [0.0, 0.4, -0.3, 1.3]
    zs = [4.0, 5.0, 3.5, 6.0]
    radii = [1.0, 0.8, 0.5, 1.1]
    light = 0.0
    for row in range(size):
        for column in range(size):
            dx = column / size - 0.5
            dy = row / size - 0.5
            dz = 1.0
            length = sqrt(dx * dx + dy * dy + dz * dz)
            dx /= length
            dy /= length
            dz /= length
            nearest = 1e9
            which = -1
            for i in range(len(xs)):
                t = hit(0.0, 0.0, 0.0, dx, dy, dz, xs[i], ys[i], zs[i], radii[i])
                if 0.0 < t < nearest:
                    nearest = t
                    which = i
            if which >= 0:
                nx = (dx * nearest - xs[which]) / radii[which]
                ny = (dy * nearest - ys[which]) / radii[which]
                nz = (dz * nearest - zs[which]) / radii[which]
                light += max(0.0, -(nx * 0.5 + ny * 0.5 + nz * 0.707))
    return light
