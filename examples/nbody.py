"""Sun and giant planets under gravity, in plain floats.

    python examples/nbody.py [STEPS]

The energies that it checks are those which the Computer Language Benchmarks Game publishes for this system (nine
digits), with its time step of 0.01 days.
"""

import math
import sys

SOLAR_MASS = 4 * math.pi * math.pi
DAYS_A_YEAR = 365.24

# Steps: energy after them, to nine digits.
KNOWN_ENERGIES = {0: "-0.169075164", 1000: "-0.169087605", 50000: "-0.169078071", 500000: "-0.169096567"}


def solar_system():
    """Position, velocity (a year) and mass of each body: [x, y, z, vx, vy, vz, mass]."""
    sun = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, SOLAR_MASS]
    jupiter = [
        4.84143144246472090e00,
        -1.16032004402742839e00,
        -1.03622044471123109e-01,
        1.66007664274403694e-03 * DAYS_A_YEAR,
        7.69901118419740425e-03 * DAYS_A_YEAR,
        -6.90460016972063023e-05 * DAYS_A_YEAR,
        9.54791938424326609e-04 * SOLAR_MASS,
    ]
    saturn = [
        8.34336671824457987e00,
        4.12479856412430479e00,
        -4.03523417114321381e-01,
        -2.76742510726411936e-03 * DAYS_A_YEAR,
        4.99852801234917238e-03 * DAYS_A_YEAR,
        2.30417297573763929e-05 * DAYS_A_YEAR,
        2.85885980666130812e-04 * SOLAR_MASS,
    ]
    uranus = [
        1.28943695621391310e01,
        -1.51111514016986312e01,
        -2.23307578892655734e-01,
        2.96460137564761618e-03 * DAYS_A_YEAR,
        2.37847173959480950e-03 * DAYS_A_YEAR,
        -2.96589568540237556e-05 * DAYS_A_YEAR,
        4.36624404335156298e-05 * SOLAR_MASS,
    ]
    neptune = [
        1.53796971148509165e01,
        -2.59193146099879641e01,
        1.79258772950371181e-01,
        2.68067772490389322e-03 * DAYS_A_YEAR,
        1.62824170038242295e-03 * DAYS_A_YEAR,
        -9.51592254519715870e-05 * DAYS_A_YEAR,
        5.15138902046611451e-05 * SOLAR_MASS,
    ]
    return [sun, jupiter, saturn, uranus, neptune]


def rest_at_centre(bodies):
    """Gives the sun the momentum that brings the whole system to rest."""
    px = py = pz = 0.0
    for body in bodies:
        px += body[3] * body[6]
        py += body[4] * body[6]
        pz += body[5] * body[6]
    sun = bodies[0]
    sun[3] = -px / sun[6]
    sun[4] = -py / sun[6]
    sun[5] = -pz / sun[6]


def energy(bodies):
    """Kinetic and potential energy of the system."""
    total = 0.0
    for i in range(len(bodies)):
        x, y, z, vx, vy, vz, mass = bodies[i]
        total += 0.5 * mass * (vx * vx + vy * vy + vz * vz)
        for j in range(i + 1, len(bodies)):
            other = bodies[j]
            dx = x - other[0]
            dy = y - other[1]
            dz = z - other[2]
            total -= mass * other[6] / math.sqrt(dx * dx + dy * dy + dz * dz)
    return total


def advance(bodies, dt, steps):
    """Moves the bodies on by `steps` steps of `dt` years."""
    count = len(bodies)
    for _ in range(steps):
        for i in range(count):
            a = bodies[i]
            for j in range(i + 1, count):
                b = bodies[j]
                dx = a[0] - b[0]
                dy = a[1] - b[1]
                dz = a[2] - b[2]
                squared = dx * dx + dy * dy + dz * dz
                pull = dt / (squared * math.sqrt(squared))
                a[3] -= dx * b[6] * pull
                a[4] -= dy * b[6] * pull
                a[5] -= dz * b[6] * pull
                b[3] += dx * a[6] * pull
                b[4] += dy * a[6] * pull
                b[5] += dz * a[6] * pull
        for body in bodies:
            body[0] += dt * body[3]
            body[1] += dt * body[4]
            body[2] += dt * body[5]


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 500000
    bodies = solar_system()
    rest_at_centre(bodies)
    assert f"{energy(bodies):.9f}" == KNOWN_ENERGIES[0]
    advance(bodies, 0.01, steps)
    after = f"{energy(bodies):.9f}"
    print(f"energy after {steps} steps: {after}")
    if steps in KNOWN_ENERGIES:
        assert after == KNOWN_ENERGIES[steps], f"it must be {KNOWN_ENERGIES[steps]}"
        print("check: ok")


if __name__ == "__main__":
    main()
