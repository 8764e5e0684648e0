"""Heat on a grid, a step in place after the other."""

held = []


def step(old, new):
    height, width = len(old), len(old[0])
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            new[y][x] = (old[y - 1][x] + old[y + 1][x] + old[y][x - 1] + old[y][x + 1]) * 0.25
    return new


# float reassociation: another order of the neighbours
def step_w1(old, new):
    height, width = len(old), len(old[0])
    for y in range(1, height - 1):
        up, row, down, out = old[y - 1], old[y], old[y + 1], new[y]
        for x in range(1, width - 1):
            out[x] = (row[x - 1] + row[x + 1] + up[x] + down[x]) * 0.25
    return new


# rows replaced in the place of filled
def step_w2(old, new):
    for y in range(1, len(old) - 1):
        up, row, down = old[y - 1], old[y], old[y + 1]
        new[y] = [new[y][0], *((up[x] + down[x] + row[x - 1] + row[x + 1]) * 0.25 for x in range(1, len(row) - 1)), new[y][-1]]
    return new


# off by one: the last row left out
def step_w3(old, new):
    for y in range(1, len(old) - 2):
        up, row, down, out = old[y - 1], old[y], old[y + 1], new[y]
        for x in range(1, len(row) - 1):
            out[x] = (up[x] + down[x] + row[x - 1] + row[x + 1]) * 0.25
    return new


# in place: neighbours of two times
def step_w4(old, new):
    for y in range(1, len(old) - 1):
        up, row, down, out = old[y - 1], old[y], old[y + 1], new[y]
        left = row[0]
        for x in range(1, len(row) - 1):
            left = out[x] = (up[x] + down[x] + left + row[x + 1]) * 0.25
    return new


# float reassociation: a quarter of each
def step_w5(old, new):
    for y in range(1, len(old) - 1):
        up, row, down, out = old[y - 1], old[y], old[y + 1], new[y]
        for x in range(1, len(row) - 1):
            out[x] = up[x] / 3 * 0.75 + down[x] * 0.25 + row[x - 1] * 0.25 + row[x + 1] * 0.25
    return new


# the old grid returned
def step_w6(old, new):
    for y in range(1, len(old) - 1):
        up, row, down, out = old[y - 1], old[y], old[y + 1], new[y]
        for x in range(1, len(row) - 1):
            out[x] = (up[x] + down[x] + row[x - 1] + row[x + 1]) * 0.25
    return old


def main():
    old = [[(x * y + x) % 10 / 3 for x in range(16)] for y in range(12)]
    new = [row[:] for row in old]
    held.append(new[5])
    for _ in range(40):
        old, new = step(old, new), old
    print("cooled")


if __name__ == "__main__":
    main()
