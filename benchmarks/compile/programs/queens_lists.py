"""All solutions of the n queens, with a list for the columns and the diagonals; no recursion."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (4,), (6,)]
LARGE = (11,)


def main(n: int) -> int:
    row_column = [-1] * n
    column_used = [False] * n
    rising = [False] * (2 * n)
    falling = [False] * (2 * n)
    solutions = 0
    row = 0
    while row >= 0:
        column = row_column[row]
        if column >= 0:
            column_used[column] = rising[row + column] = falling[row - column + n] = False
        column += 1
        while column < n and (column_used[column] or rising[row + column] or falling[row - column + n]):
            column += 1
        if column == n:
            row_column[row] = -1
            row -= 1
            continue
        row_column[row] = column
        if row == n - 1:
            solutions += 1
            continue
        column_used[column] = rising[row + column] = falling[row - column + n] = True
        row += 1
        row_column[row] = -1
    return solutions
