"""Connected areas of a picture: how many, and the largest."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (6,), (15,)]
LARGE = (300,)


def fill(picture: list[list[int]], row: int, column: int) -> int:
    size = len(picture)
    colour = picture[row][column]
    rows = [row]
    columns = [column]
    picture[row][column] = -1
    area = 0
    while len(rows) > 0:
        r = rows.pop()
        c = columns.pop()
        area += 1
        for step in range(4):
            nr = r + (step == 0) - (step == 1)
            nc = c + (step == 2) - (step == 3)
            if 0 <= nr < size and 0 <= nc < size and picture[nr][nc] == colour:
                picture[nr][nc] = -1
                rows.append(nr)
                columns.append(nc)
    return area


def main(size: int) -> tuple[int, int]:
    picture = [[(i * i + j * j * 3 + i * j) // 7 % 3 for j in range(size)] for i in range(size)]
    areas = 0
    largest = 0
    for row in range(size):
        for column in range(size):
            if picture[row][column] >= 0:
                area = fill(picture, row, column)
                areas += 1
                if area > largest:
                    largest = area
    return areas, largest
