# The remainder takes the divisor's sign.
def rest(a, b):
    return a % b
call(rest, 7, 3)  # expect: 1
call(rest, 7, -3)  # expect: -2
call(rest, -7, 3)  # expect: 2
call(rest, -7, -3)  # expect: -1
call(rest, -(2**63), -1)  # expect: 0
call(rest, 7, 0)  # expect: ZeroDivisionError: integer modulo by zero, line 3
