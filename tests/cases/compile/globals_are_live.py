# A global read in a compiled function is read at each call.
FACTOR = 2
def scale(x):
    return x * FACTOR
call(scale, 5)  # expect: 10
FACTOR = 2.5
call(scale, 5)  # expect: 12.5
FACTOR = 2**63
call(scale, 5)  # expect: 46116860184273879040
del FACTOR
call(scale, 5)  # expect: NameError: name 'FACTOR' is not defined, line 4
