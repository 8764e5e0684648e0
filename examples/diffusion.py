"""Heat spreading over a square plate whose edges meet (a torus), on lists of lists.

    python examples/diffusion.py [STEPS]

The start is a wave along one axis on a warm plate. The exact answer is known: the scheme keeps the heat, and each
step multiplies the wave by 1 - 4 * rate * sin(pi * waves / size) ** 2.
"""

import math
import sys

SIZE = 128
WAVES = 3
RATE = 0.2  # diffusion constant * time step / spacing squared; stable up to 0.25


def make_plate():
    """A plate of temperature 1 with a wave of height 1 on it."""
    return [[1.0 + math.cos(2 * math.pi * WAVES * column / SIZE) for column in range(SIZE)] for _ in range(SIZE)]


def step(plate, rate):
    """The plate one time step later."""
    rows = len(plate)
    columns = len(plate[0])
    after = [[0.0] * columns for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            around = (
                plate[(i + 1) % rows][j]
                + plate[(i - 1) % rows][j]
                + plate[i][(j + 1) % columns]
                + plate[i][(j - 1) % columns]
            )
            after[i][j] = plate[i][j] + rate * (around - 4.0 * plate[i][j])
    return after


def simulate(plate, steps, rate):
    for _ in range(steps):
        plate = step(plate, rate)
    return plate


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    plate = simulate(make_plate(), steps, RATE)
    heat = sum(sum(row) for row in plate)
    height = plate[0][0] - 1.0
    print(f"after {steps} steps: heat {heat:.6f}, height of the wave {height:.9f}")
    expected = (1.0 - 4.0 * RATE * math.sin(math.pi * WAVES / SIZE) ** 2) ** steps
    assert abs(heat - SIZE * SIZE) < 1e-6, "heat was lost or made"
    assert abs(height - expected) < 1e-9, f"the height must be {expected:.9f}"
    print("check: ok")


if __name__ == "__main__":
    main()
