def unpack(values):
    a, b = values
    return b, a
call(unpack, (1, 2.0))  # expect: (2.0, 1)
call(unpack, [1, 2])  # expect: (2, 1)
call(unpack, (1, 2, 3))  # expect: ValueError: too many values to unpack (expected 2), line 2
call(unpack, [1])  # expect: ValueError: not enough values to unpack (expected 2, got 1), line 2
call(unpack, 5)  # expect: TypeError: cannot unpack non-iterable int object, line 2
