"""Positions of a board game two moves ahead; each move copies the board with deepcopy.

cause: copy of what is there
line: new = copy.deepcopy(board)
cure: [row[:] for row in board]
gain: 8x
"""

import copy


def moves(board, player):
    size = len(board)
    out = []
    for y in range(size):
        for x in range(size):
            if board[y][x] == 0:
                new = copy.deepcopy(board)
                new[y][x] = player
                out.append(new)
    return out


def value(board):
    return sum(cell * (x + 1) * (y + 2) for y, row in enumerate(board) for x, cell in enumerate(row))


def main():
    board = [[(x * y) % 3 % 2 for x in range(8)] for y in range(8)]
    best = None
    for first in moves(board, 1):
        for second in moves(first, -1):
            score = value(second)
            if best is None or score > best:
                best = score
    print(best)


main()
