def pair(a, b):
    q, r = divmod(a, b)
    return q, r
call(pair, 7, 2)  # expect: (3, 1)
call(pair, -7, 2)  # expect: (-4, 1)
call(pair, 7.5, -2)  # expect: (-4.0, -0.5)
call(pair, -(2**63), -1)  # expect: (9223372036854775808, 0)
call(pair, 5, 0)  # expect: ZeroDivisionError, line 2
