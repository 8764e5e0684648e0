# 2**53 + 1 is not equal to 2.0**53, although both convert to the same double.
def order(i, f):
    return i < f, i == f, i > f, i != f
call(order, 2**53 + 1, 2.0**53)  # expect: (False, False, True, True)
call(order, 2**53, 2.0**53)  # expect: (False, True, False, False)
call(order, 2**63 - 1, 2.0**63)  # expect: (True, False, False, True)
call(order, 2**63, 2.0**63)  # expect: (False, True, False, False)
call(order, -(2**63), -(2.0**63))  # expect: (False, True, False, False)
call(order, 5, math.nan)  # expect: (False, False, False, True)
call(order, 10**400, math.inf)  # expect: (True, False, False, True)
call(order, True, 1.0)  # expect: (False, True, False, False)
