# floor, ceil and trunc give exact ints.
def whole(x):
    return math.floor(x), math.ceil(x), math.trunc(x)
call(whole, -2.5)  # expect: (-3, -2, -2)
call(whole, 1e22)  # expect: (10000000000000000000000, 10000000000000000000000, 10000000000000000000000)
call(whole, -0.0)  # expect: (0, 0, 0)
call(whole, 7)  # expect: (7, 7, 7)
call(whole, math.nan)  # expect: ValueError: cannot convert float NaN to integer, line 3
