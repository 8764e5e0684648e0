# `is` asks for the object: two equal floats of a list are two objects, one float under two names is one.
def same(values, i, j):
    a = values[i]
    b = values[j]
    return a is b, a is a


one, other = float("1.5"), float("1.5")
call(same, [one, other], 0, 1)  # expect: (False, True)
call(same, [one, other], 1, 1)  # expect: (True, True)
call(same, [one, other, one], 0, 2)  # expect: (True, True)


def kept(x, n):
    y = x
    for _ in range(n):
        x = x + 0.0
    return x is y, y is not None


call(kept, one, 3)  # expect: (False, True)
call(kept, one, 0)  # expect: (True, True)
