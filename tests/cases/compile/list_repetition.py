def repeat(x, n):
    return [x] * n
call(repeat, 0, 3)  # expect: [0, 0, 0]
call(repeat, -0.0, 2)  # expect: [-0.0, -0.0]
call(repeat, 1, -1)  # expect: []
call(repeat, 1, True)  # expect: [1]
call(repeat, 1, 1.0)  # expect: TypeError: can't multiply sequence by non-int of type 'float', line 2
