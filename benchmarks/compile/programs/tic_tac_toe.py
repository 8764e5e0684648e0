"""Tic-tac-toe played to the end by both, with the positions seen in a dict."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [("XOXOX....",), ("XOX.O.X..",)]
LARGE = ("X........",)
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))


def winner(board: tuple[str, ...]) -> str:
    for a, b, c in LINES:
        if board[a] != "." and board[a] == board[b] == board[c]:
            return board[a]
    return ""


def value(board: tuple[str, ...], player: str, seen: dict[tuple[str, ...], int]) -> int:
    if board in seen:
        return seen[board]
    won = winner(board)
    if won:
        result = 1 if won == "X" else -1
    elif "." not in board:
        result = 0
    else:
        best = -2 if player == "X" else 2
        for place in range(9):
            if board[place] == ".":
                after = board[:place] + (player,) + board[place + 1 :]
                score = value(after, "O" if player == "X" else "X", seen)
                best = max(best, score) if player == "X" else min(best, score)
        result = best
    seen[board] = result
    return result


def main(start: str) -> tuple[int, int]:
    total = 0
    positions = 0
    for turn in range(24):
        seen: dict[tuple[str, ...], int] = {}
        total += value(tuple(start), "X" if turn % 2 == 0 else "O", seen)
        positions += len(seen)
    return total, positions
