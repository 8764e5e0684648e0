"""Sudoku by backtracking: the cell with the fewest candidates first."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
EASY = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
HARD = "4.....8.5.3..........7......2.....6.....8.4......1.......6.3.7.5..2.....1.4......"
SMALL = [(EASY, 1), ("1" * 81, 1)]
LARGE = (EASY, 30)


def candidates(grid: list[int], place: int) -> list[int]:
    row = place // 9
    column = place % 9
    used = set()
    for i in range(9):
        used.add(grid[9 * row + i])
        used.add(grid[9 * i + column])
    top = row // 3 * 3
    left = column // 3 * 3
    for r in range(top, top + 3):
        for c in range(left, left + 3):
            used.add(grid[9 * r + c])
    return [digit for digit in range(1, 10) if digit not in used]


def solve(grid: list[int]) -> bool:
    best = -1
    choices: list[int] = []
    for place in range(81):
        if grid[place] == 0:
            options = candidates(grid, place)
            if best < 0 or len(options) < len(choices):
                best = place
                choices = options
    if best < 0:
        return True
    for digit in choices:
        grid[best] = digit
        if solve(grid):
            return True
    grid[best] = 0
    return False


def main(puzzle: str, turns: int) -> str:
    solution = ""
    for _ in range(turns):
        grid = [0 if c == "." else int(c) for c in puzzle]
        if not solve(grid):
            return "no solution"
        solution = "".join(str(digit) for digit in grid)
    return solution
