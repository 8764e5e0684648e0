"""The attractor of Lorenz, by the method of Runge and Kutta."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0,), (10,)]
LARGE = (100_000,)


def slope(x: float, y: float, z: float) -> tuple[float, float, float]:
    return 10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z


def main(steps: int) -> float:
    x, y, z = 1.0, 1.0, 1.0
    h = 0.005
    highest = 0.0
    for _ in range(steps):
        ax, ay, az = slope(x, y, z)
        bx, by, bz = slope(x + 0.5 * h * ax, y + 0.5 * h * ay, z + 0.5 * h * az)
        cx, cy, cz = slope(x + 0.5 * h * bx, y + 0.5 * h * by, z + 0.5 * h * bz)
        dx, dy, dz = slope(x + h * cx, y + h * cy, z + h * cz)
        x += h / 6.0 * (ax + 2.0 * bx + 2.0 * cx + dx)
        y += h / 6.0 * (ay + 2.0 * by + 2.0 * cy + dy)
        z += h / 6.0 * (az + 2.0 * bz + 2.0 * cz + dz)
        if z > highest:
            highest = z
    return highest
