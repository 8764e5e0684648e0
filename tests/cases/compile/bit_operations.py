def bits(a, b):
    return a & b, a | b, a ^ b, ~a
call(bits, 12, 10)  # expect: (8, 14, 6, -13)
call(bits, -1, 2**63)  # expect: (9223372036854775808, -1, -9223372036854775809, 0)
call(bits, True, False)  # expect: (False, True, True, -2)
call(bits, True, 6)  # expect: (0, 7, 7, -2)
