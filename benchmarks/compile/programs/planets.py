"""Five bodies that attract each other, in lists of coordinates; the energy at the end is the answer."""

from __future__ import annotations

from math import sqrt

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0,), (3,)]
LARGE = (16_000,)


def advance(
    x: list[float], y: list[float], z: list[float], vx: list[float], vy: list[float], vz: list[float], mass: list[float], dt: float
) -> None:
    count = len(mass)
    for i in range(count):
        for j in range(i + 1, count):
            dx = x[i] - x[j]
            dy = y[i] - y[j]
            dz = z[i] - z[j]
            squared = dx * dx + dy * dy + dz * dz
            pull = dt / (squared * sqrt(squared))
            vx[i] -= dx * mass[j] * pull
            vy[i] -= dy * mass[j] * pull
            vz[i] -= dz * mass[j] * pull
            vx[j] += dx * mass[i] * pull
            vy[j] += dy * mass[i] * pull
            vz[j] += dz * mass[i] * pull
    for i in range(count):
        x[i] += dt * vx[i]
        y[i] += dt * vy[i]
        z[i] += dt * vz[i]


def main(steps: int) -> float:
    x = [0.0, 4.84, 8.34, 12.89, 15.37]
    y = [0.0, -1.16, 4.12, -15.11, -25.9]
    z = [0.0, -0.10, -0.4, -0.22, 0.17]
    vx = [0.0, 0.6, -1.01, 1.08, 0.97]
    vy = [0.0, 2.81, 1.82, 0.86, 0.59]
    vz = [0.0, -0.02, 0.008, -0.01, -0.03]
    mass = [39.47, 0.037, 0.011, 0.0017, 0.002]
    for _ in range(steps):
        advance(x, y, z, vx, vy, vz, mass, 0.01)
    energy = 0.0
    for i in range(len(mass)):
        energy += 0.5 * mass[i] * (vx[i] ** 2 + vy[i] ** 2 + vz[i] ** 2)
        for j in range(i + 1, len(mass)):
            dx = x[i] - x[j]
            dy = y[i] - y[j]
            dz = z[i] - z[j]
            energy -= mass[i] * mass[j] / sqrt(dx * dx + dy * dy + dz * dz)
    return energy
