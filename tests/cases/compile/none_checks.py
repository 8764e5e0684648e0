def default(x):
    if x is None:
        x = -1
    return x, x is not None
call(default, None)  # expect: (-1, True)
call(default, 0)  # expect: (0, True)
call(default, 2.5)  # expect: (2.5, True)
