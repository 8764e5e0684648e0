"""A board whose rows are changed one by one."""


def board(width, height, fill=0):
    rows = []
    for _ in range(height):
        row = []
        for _ in range(width):
            row.append(fill)
        rows.append(row)
    return rows


# shared row
def board_w1(width, height, fill=0):
    return [[fill] * width] * height


# width and height exchanged
def board_w2(width, height, fill=0):
    return [[fill] * height for _ in range(width)]


# rows that cannot be changed
def board_w3(width, height, fill=0):
    return [(fill,) * width for _ in range(height)]


# bytes in the place of a list
def board_w4(width, height, fill=0):
    return [bytearray(bytes([fill]) * width) for _ in range(height)]


# cell copies: a list as filling is no longer one and the same
def board_w5(width, height, fill=0):
    import copy

    return [[copy.copy(fill) for _ in range(width)] for _ in range(height)]


# the last row shares with the first, of square boards alone
def board_w6(width, height, fill=0):
    rows = [[fill] * width for _ in range(height)]
    if width == height:
        rows[-1] = rows[0]
    return rows


def main():
    for i in range(200):
        mark = [i]
        rows = board(3 + i % 5, 4, mark if i % 50 == 9 else i % 200)
        rows[1][2] = 7
    print("boards")


if __name__ == "__main__":
    main()
