# int / int is correctly rounded even beyond 2**53, and overflows by name.
def ratio(a, b):
    return a / b
call(ratio, 7, 2)  # expect: 3.5
call(ratio, 2**53 + 1, 1)  # expect: 9007199254740992.0
call(ratio, 2**62 + 1, 2**61 - 1)  # expect: 2.0
call(ratio, 9007199254740993, 3)  # expect: 3002399751580331.0
call(ratio, 10**400, 10**399)  # expect: 10.0
call(ratio, 10**400, 1)  # expect: OverflowError: integer division result too large for a float, line 3
call(ratio, 1, 0)  # expect: ZeroDivisionError: division by zero, line 3
call(ratio, 1.0, 0.0)  # expect: ZeroDivisionError: float division by zero, line 3
call(ratio, -1, 2**62)  # expect: -2.168404344971009e-19
