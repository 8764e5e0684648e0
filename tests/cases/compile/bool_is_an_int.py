# Arithmetic on bools gives ints; bitwise operations on two bools stay bool.
def mix(p, q):
    return p + q, p * 3, p & q, p | 1, -p, p == 1, p / 2
call(mix, True, True)  # expect: (2, 3, True, 1, -1, True, 0.5)
call(mix, False, True)  # expect: (1, 0, False, 1, 0, False, 0.0)
