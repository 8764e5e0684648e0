# An int list becomes mixed under our feet.
def store(values, i, x):
    values[i] = x
    total = 0
    for v in values:
        total = total + v
    return total
values = [1, 2, 3]
call(store, values, 0, 5)  # expect: 10
call(store, values, 1, 0.5)  # expect: 8.5
call(store, values, 2, 2**63)  # expect: 9.223372036854776e+18
call(store, values, 1, True)  # expect: 9223372036854775814
call(store, values, 1, None)  # expect: TypeError: unsupported operand type(s) for +: 'int' and 'NoneType', line 6
