def pick(c, a, b):
    return a if c else b
call(pick, True, 1, 2.5)  # expect: 1
call(pick, False, 1, 2.5)  # expect: 2.5
call(pick, 0.0, 1, None)  # expect: None
call(pick, [], 1, 1j)  # expect: 1j
