def truth(x):
    return 1 if x else 0
call(truth, 0)  # expect: 0
call(truth, -0.0)  # expect: 0
call(truth, math.nan)  # expect: 1
call(truth, 0j)  # expect: 0
call(truth, [])  # expect: 0
call(truth, [0])  # expect: 1
call(truth, None)  # expect: 0
call(truth, 2**64)  # expect: 1
call(truth, ())  # expect: 0
