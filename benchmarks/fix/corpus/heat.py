"""Heat in a plate, point by point.

cause: compile
line: new[y][x] = (grid[y - 1][x] + grid[y + 1][x] + grid[y][x - 1] + grid[y][x + 1]) * 0.25
cure: @jit
gain: 15x
"""


def make_plate(size):
    return [[100.0 if y == 0 else 0.0 for _ in range(size)] for y in range(size)]


def spread(grid, new, size):
    change = 0.0
    for y in range(1, size - 1):
        for x in range(1, size - 1):
            new[y][x] = (grid[y - 1][x] + grid[y + 1][x] + grid[y][x - 1] + grid[y][x + 1]) * 0.25
            difference = new[y][x] - grid[y][x]
            change += difference * difference
    return change


def main():
    size = 90
    grid, new = make_plate(size), make_plate(size)
    for step in range(280):
        change = spread(grid, new, size)
        grid, new = new, grid
        if step % 70 == 0:
            print(step, f"{change:.9f}")
    print(f"{grid[10][45]:.9f}")


main()
