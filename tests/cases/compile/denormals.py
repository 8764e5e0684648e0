# No flush to zero.
def half(x):
    return x / 2, x * 0.5
call(half, 5e-324)  # expect: (0.0, 0.0)
call(half, 1e-323)  # expect: (5e-324, 5e-324)
call(half, 2.2250738585072014e-308)  # expect: (1.1125369292536007e-308, 1.1125369292536007e-308)
