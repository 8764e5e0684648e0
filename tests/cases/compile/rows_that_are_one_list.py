# [[0] * 2] * 2 holds the same row twice.
def grid(n):
    rows = [[0] * n] * n
    rows[0][0] = 7
    return rows
call(grid, 2)  # expect: [[7, 0], [7, 0]]
def separate(n):
    rows = [[0] * n for _ in range(n)]
    rows[0][0] = 7
    return rows
call(separate, 2)  # expect: [[7, 0], [0, 0]]
