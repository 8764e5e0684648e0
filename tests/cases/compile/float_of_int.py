# float() rounds to even, and overflows by name.
def real(x):
    return float(x)
call(real, 2**53 + 1)  # expect: 9007199254740992.0
call(real, 2**53 + 3)  # expect: 9007199254740996.0
call(real, 2**63 - 1)  # expect: 9.223372036854776e+18
call(real, True)  # expect: 1.0
call(real, 10**400)  # expect: OverflowError: int too large to convert to float, line 3
