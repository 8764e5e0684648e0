# A negative base with a fraction gives a complex number; overflow is an error.
def power(a, b):
    return a ** b
call(power, 2.0, 0.5)  # expect: 1.4142135623730951
call(power, -8.0, 1 / 3)  # expect: (1.0000000000000002+1.7320508075688772j)
call(power, -8, 1 / 3)  # expect: (1.0000000000000002+1.7320508075688772j)
call(power, -2.0, 3.0)  # expect: -8.0
call(power, 2.0, -2)  # expect: 0.25
call(power, -0.0, 3)  # expect: -0.0
call(power, math.nan, 0)  # expect: 1.0
call(power, 1.0, math.nan)  # expect: 1.0
call(power, 10.0, 400.0)  # expect: OverflowError, line 3
call(power, 0.0, -1.0)  # expect: ZeroDivisionError, line 3
