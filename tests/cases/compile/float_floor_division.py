# a // b on floats is a float, rounded down, with the sign of zero kept.
def floor(a, b):
    return a // b
call(floor, 7.5, 2.0)  # expect: 3.0
call(floor, -7.5, 2.0)  # expect: -4.0
call(floor, -0.0, 2.0)  # expect: -0.0
call(floor, 1.0, 0.1)  # expect: 9.0
call(floor, 1e308, 1e-308)  # expect: inf
call(floor, math.inf, 2.0)  # expect: nan
call(floor, 1.0, math.inf)  # expect: 0.0
call(floor, -1.0, math.inf)  # expect: -1.0
call(floor, 1.0, 0.0)  # expect: ZeroDivisionError: float floor division by zero, line 3
