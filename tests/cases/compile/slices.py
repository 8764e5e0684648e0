def cut(values, a, b, s):
    return values[a:b], values[::s]
call(cut, [1, 2, 3, 4], 1, 3, -1)  # expect: ([2, 3], [4, 3, 2, 1])
call(cut, [1, 2, 3, 4], -2, 99, 2)  # expect: ([3, 4], [1, 3])
call(cut, [1, 2, 3, 4], None, None, 0)  # expect: ValueError: slice step cannot be zero, line 2
