# A negative exponent gives a float; a big result an exact int.
def power(a, b):
    return a ** b
call(power, 2, 10)  # expect: 1024
call(power, 2, 62)  # expect: 4611686018427387904
call(power, 2, 63)  # expect: 9223372036854775808
call(power, 2, 64)  # expect: 18446744073709551616
call(power, -2, 63)  # expect: -9223372036854775808
call(power, 2, -1)  # expect: 0.5
call(power, 0, 0)  # expect: 1
call(power, 3, 41)  # expect: 36472996377170786403
call(power, -1, -1)  # expect: -1.0
call(power, True, 2)  # expect: 1
call(power, 0, -1)  # expect: ZeroDivisionError, line 3
