def minus(a, b):
    return a - b
call(minus, -(2**63), 1)  # expect: -9223372036854775809
call(minus, 0, -(2**63))  # expect: 9223372036854775808
call(minus, 2**63, 1)  # expect: 9223372036854775807
