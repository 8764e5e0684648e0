# The first of equal values wins, with its own type; NaN goes by position.
def ends(a, b):
    return min(a, b), max(a, b)
call(ends, 1, 1.0)  # expect: (1, 1)
call(ends, 1.0, 1)  # expect: (1.0, 1.0)
call(ends, 0.0, -0.0)  # expect: (0.0, 0.0)
call(ends, -0.0, 0.0)  # expect: (-0.0, -0.0)
call(ends, math.nan, 1.0)  # expect: (nan, nan)
call(ends, 1.0, math.nan)  # expect: (1.0, 1.0)
call(ends, True, 1)  # expect: (True, True)
call(ends, 2**63, 2.0**63)  # expect: (9223372036854775808, 9223372036854775808)
