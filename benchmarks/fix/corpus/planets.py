"""A sun and its planets, moved in small steps.

cause: compile
line: for j in range(i + 1, n):
cure: @jit
gain: 10x
"""


def advance(xs, ys, us, vs, masses, step, count):
    n = len(xs)
    for _ in range(count):
        for i in range(n):
            for j in range(i + 1, n):
                dx = xs[i] - xs[j]
                dy = ys[i] - ys[j]
                distance = (dx * dx + dy * dy + 0.01) ** 0.5
                force = step / (distance * distance * distance)
                us[i] -= dx * masses[j] * force
                vs[i] -= dy * masses[j] * force
                us[j] += dx * masses[i] * force
                vs[j] += dy * masses[i] * force
        for i in range(n):
            xs[i] += step * us[i]
            ys[i] += step * vs[i]
    return xs[0]


def main():
    xs, ys = [0.0, 1.0, -2.0, 3.0, 5.0], [0.0, 0.5, 1.0, -2.0, 0.0]
    us, vs = [0.0, 0.0, 0.4, 0.3, 0.0], [0.0, 1.2, 0.9, 0.7, 0.6]
    masses = [4.0, 0.01, 0.02, 0.01, 0.001]
    for part in range(8):
        advance(xs, ys, us, vs, masses, 0.001, 6000)
        print(part, " ".join(f"{x:.6f},{y:.6f}" for x, y in zip(xs, ys)))


main()
