def get(values, i):
    return values[i]
def put(values, i):
    values[i] = 0
call(get, [1, 2, 3], -1)  # expect: 3
call(get, [1, 2, 3], -3)  # expect: 1
call(get, [1, 2, 3], True)  # expect: 2
call(get, [1, 2, 3], 3)  # expect: IndexError: list index out of range, line 2
call(get, [1, 2, 3], -4)  # expect: IndexError: list index out of range, line 2
call(get, [1, 2, 3], 2**63)  # expect: IndexError: cannot fit 'int' into an index-sized integer, line 2
call(get, [1, 2, 3], 1.0)  # expect: TypeError: list indices must be integers or slices, not float, line 2
call(get, (1, 2), 5)  # expect: IndexError: tuple index out of range, line 2
call(get, None, 5)  # expect: TypeError: 'NoneType' object is not subscriptable, line 2
call(put, [1], 1)  # expect: IndexError: list assignment index out of range, line 4
call(put, (1, 2), 1)  # expect: TypeError: 'tuple' object does not support item assignment, line 4
