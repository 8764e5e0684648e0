"""The Mandelbrot set, as signs.

cause: compile
line: while n < limit and x * x + y * y <= 4.0:
cure: @jit
gain: 20x
"""


def escape(cx, cy, limit):
    x = y = 0.0
    n = 0
    while n < limit and x * x + y * y <= 4.0:
        x, y = x * x - y * y + cx, 2.0 * x * y + cy
        n += 1
    return n


def picture(width, height, limit):
    rows = []
    for j in range(height):
        rows.append("".join(" .:-=+*#%@"[escape(-2.2 + 3.2 * i / width, -1.2 + 2.4 * j / height, limit) * 9 // limit]
                            for i in range(width)))
    return rows


def main():
    for row in picture(110, 44, 900):
        print(row)


main()
