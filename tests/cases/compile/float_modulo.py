# Float remainders take the divisor's sign too, zeros included.
def rest(a, b):
    return a % b
call(rest, 7.5, -2.0)  # expect: -0.5
call(rest, -7.5, -2.0)  # expect: -1.5
call(rest, -7.5, 2.0)  # expect: 0.5
call(rest, 5.0, -math.inf)  # expect: -inf
call(rest, -0.0, 3.0)  # expect: 0.0
call(rest, 6.0, -3.0)  # expect: -0.0
call(rest, math.inf, 2.0)  # expect: nan
call(rest, 1.0, 0.0)  # expect: ZeroDivisionError, line 3
