"""Cells of a large sheet as keys of a dictionary; their hash is the sum of row and column.

cause: hash that tells apart
line: return self.row + self.column
cure: hash((self.row, self.column))
gain: 5x
"""


class Cell:
    __slots__ = ("row", "column")

    def __init__(self, row, column):
        self.row = row
        self.column = column

    def __eq__(self, other):
        return self.row == other.row and self.column == other.column

    def __hash__(self):
        return self.row + self.column


def fill(rows, columns):
    sheet = {}
    for row in range(rows):
        for column in range(columns):
            sheet[Cell(row, column)] = row * column % 17
    return sheet


def main():
    sheet = fill(220, 220)
    print(len(sheet), sum(sheet[Cell(i, i * 7 % 220)] for i in range(220)))


main()
