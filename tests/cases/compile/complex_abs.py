# abs() of a complex number is hypot, and overflow is an error.
def size(z):
    return abs(z)
call(size, 3 + 4j)  # expect: 5.0
call(size, complex(math.nan, math.inf))  # expect: inf
call(size, complex(5e-324, 0))  # expect: 5e-324
call(size, complex(1e308, 1e308))  # expect: 1.4142135623730951e+308
call(size, complex(1.7e308, 1.7e308))  # expect: OverflowError: absolute value too large, line 3
