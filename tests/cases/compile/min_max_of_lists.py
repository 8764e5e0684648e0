def ends(values):
    return min(values), max(values)
call(ends, [3, 1, 2])  # expect: (1, 3)
call(ends, [1, 1.0, True])  # expect: (1, 1)
call(ends, [2.5])  # expect: (2.5, 2.5)
call(ends, [1, None])  # expect: TypeError: '<' not supported between instances of 'NoneType' and 'int', line 2
