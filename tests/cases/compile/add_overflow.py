# 2**63 - 1 + 1 is 2**63, and the way back is exact.
def plus(a, b):
    s = a + b
    return s, s < a, s - b == a
call(plus, 2**63 - 1, 1)  # expect: (9223372036854775808, False, True)
call(plus, 5, 6)  # expect: (11, False, True)
call(plus, -(2**63), -1)  # expect: (-9223372036854775809, True, True)
call(plus, 2**62, 2**62)  # expect: (9223372036854775808, False, True)
