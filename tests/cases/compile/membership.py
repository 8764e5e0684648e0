def has(x, values):
    return x in values, x not in values
call(has, 2, [1, 2, 3])  # expect: (True, False)
call(has, 2.0, [1, 2, 3])  # expect: (True, False)
call(has, True, [1])  # expect: (True, False)
call(has, math.nan, [1.0])  # expect: (False, True)
call(has, 1, 5)  # expect: TypeError: argument of type 'int' is not iterable, line 2
