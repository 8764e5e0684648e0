def right(a, n):
    return a >> n
call(right, 2**62, 63)  # expect: 0
call(right, -(2**63), 63)  # expect: -1
call(right, -(2**63), 64)  # expect: -1
call(right, 5, 2**70)  # expect: 0
call(right, -5, 10**9)  # expect: -1
call(right, 5, -1)  # expect: ValueError: negative shift count, line 2
