def values(a, b, s):
    out = []
    for i in range(a, b, s):
        out.append(i)
    return out
call(values, 0, 10, 3)  # expect: [0, 3, 6, 9]
call(values, 10, 0, -4)  # expect: [10, 6, 2]
call(values, 5, 5, -1)  # expect: []
call(values, 0, 3, -1)  # expect: []
call(values, 2**63 - 2, 2**63 + 1, 1)  # expect: [9223372036854775806, 9223372036854775807, 9223372036854775808]
call(values, -(2**63) + 1, -(2**63) - 2, -1)  # expect: [-9223372036854775807, -9223372036854775808, -9223372036854775809]
call(values, 0, 2**63, 2**62)  # expect: [0, 4611686018427387904]
call(values, True, 3, True)  # expect: [1, 2]
call(values, 0, 3, 0)  # expect: ValueError: range() arg 3 must not be zero, line 3
call(values, 0, 2.5, 1)  # expect: TypeError: 'float' object cannot be interpreted as an integer, line 3
