# Shifts by 64 and more are exact; a negative count is an error.
def shift(a, n):
    return a << n, a >> n
call(shift, 1, 62)  # expect: (4611686018427387904, 0)
call(shift, 1, 63)  # expect: (9223372036854775808, 0)
call(shift, 1, 64)  # expect: (18446744073709551616, 0)
call(shift, -1, 63)  # expect: (-9223372036854775808, -1)
call(shift, -1, 100)  # expect: (-1267650600228229401496703205376, -1)
call(shift, -5, 1)  # expect: (-10, -3)
call(shift, 0, 200)  # expect: (0, 0)
call(shift, 1, -1)  # expect: ValueError: negative shift count, line 3
