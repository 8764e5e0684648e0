# Integer division rounds toward minus infinity, as in Python.
def floor(a, b):
    return a // b
call(floor, 7, 2)  # expect: 3
call(floor, -7, 2)  # expect: -4
call(floor, 7, -2)  # expect: -4
call(floor, -7, -2)  # expect: 3
call(floor, -(2**63), -1)  # expect: 9223372036854775808
call(floor, 0, -5)  # expect: 0
call(floor, 1, 0)  # expect: ZeroDivisionError: integer division or modulo by zero, line 3
