# round() goes to even, gives an int without digits, and is correct in decimal.
def nearest(x):
    return round(x)
def digits(x, n):
    return round(x, n)
call(nearest, 0.5)  # expect: 0
call(nearest, 1.5)  # expect: 2
call(nearest, 2.5)  # expect: 2
call(nearest, -2.5)  # expect: -2
call(nearest, 0.49999999999999994)  # expect: 0
call(nearest, 1e22)  # expect: 10000000000000000000000
call(nearest, 4503599627370497.5)  # expect: 4503599627370498
call(digits, 2.675, 2)  # expect: 2.67
call(digits, 1.005, 2)  # expect: 1.0
call(digits, 1234.5678, -2)  # expect: 1200.0
call(digits, 15, -1)  # expect: 20
call(digits, 25, -1)  # expect: 20
call(nearest, math.nan)  # expect: ValueError: cannot convert float NaN to integer, line 3
call(nearest, math.inf)  # expect: OverflowError: cannot convert float infinity to integer, line 3
