def plus(a, b):
    return a + b
call(plus, 1, 2)  # expect: 3
call(plus, 1, None)  # expect: TypeError: unsupported operand type(s) for +: 'int' and 'NoneType', line 2
call(plus, [1], [2])  # expect: [1, 2]
call(plus, "a", "b")  # expect: 'ab'
call(plus, [1], 1)  # expect: TypeError: can only concatenate list (not "int") to list, line 2
