def transpose(m):
    for i in range(len(m)):
        for j in range(i):
            m[i][j], m[j][i] = m[j][i], m[i][j]
m = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
call(transpose, m)  # expect: None
print(m)  # expect: [[1, 4, 7], [2, 5, 8], [3, 6, 9]]
call(transpose, [[1], [2, 3]])  # expect: IndexError: list index out of range, line 4
