def both(a, b):
    return (a and b), (a or b), not a
call(both, 0, 5)  # expect: (0, 5, True)
call(both, 2, 0.0)  # expect: (0.0, 2, False)
call(both, -0.0, 7)  # expect: (-0.0, 7, True)
call(both, None, 3)  # expect: (None, 3, True)
call(both, math.nan, 1)  # expect: (1, nan, False)
call(both, [], [0])  # expect: ([], [0], True)
