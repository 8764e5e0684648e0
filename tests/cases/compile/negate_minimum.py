# -(-2**63) and abs(-2**63) do not fit 64 bits.
def both(a):
    return -a, abs(a), ~a, +a
call(both, -(2**63))  # expect: (9223372036854775808, 9223372036854775808, 9223372036854775807, -9223372036854775808)
call(both, 5)  # expect: (-5, 5, -6, 5)
call(both, True)  # expect: (-1, 1, -2, 1)
