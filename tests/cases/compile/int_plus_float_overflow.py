def plus(a, b):
    return a + b
call(plus, 1, 0.5)  # expect: 1.5
call(plus, 2**53 + 1, 0.0)  # expect: 9007199254740992.0
call(plus, 10**400, 0.5)  # expect: OverflowError: int too large to convert to float, line 2
