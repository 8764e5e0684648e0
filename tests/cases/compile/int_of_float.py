# int() truncates toward zero and is exact for every finite double.
def whole(x):
    return int(x)
call(whole, 2.9)  # expect: 2
call(whole, -2.9)  # expect: -2
call(whole, 9.223372036854775e+18)  # expect: 9223372036854774784
call(whole, 9.223372036854775807e18)  # expect: 9223372036854775808
call(whole, -9.223372036854775808e18)  # expect: -9223372036854775808
call(whole, 1e22)  # expect: 10000000000000000000000
call(whole, True)  # expect: 1
call(whole, -0.0)  # expect: 0
call(whole, math.nan)  # expect: ValueError: cannot convert float NaN to integer, line 3
call(whole, -math.inf)  # expect: OverflowError: cannot convert float infinity to integer, line 3
