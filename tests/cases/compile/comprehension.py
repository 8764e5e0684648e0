def squares(values):
    return [v * v for v in values if v > 0]
call(squares, [3, -1, 2.5])  # expect: [9, 6.25]
call(squares, [3037000500])  # expect: [9223372037000250000]
call(squares, range(4))  # expect: [1, 4, 9]
call(squares, [1, None])  # expect: TypeError: '>' not supported between instances of 'NoneType' and 'int', line 2
