def order(a, b):
    return a < b, a <= b, a == b, a != b, a >= b, a > b
call(order, math.nan, math.nan)  # expect: (False, False, False, True, False, False)
call(order, 0.0, -0.0)  # expect: (False, True, True, False, True, False)
call(order, math.inf, 1e308)  # expect: (False, False, False, True, True, True)
