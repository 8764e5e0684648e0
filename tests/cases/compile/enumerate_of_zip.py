# What zip gives stands inside what enumerate gives.
def weighted(a, b):
    total = 0
    for i, (x, y) in enumerate(zip(a, b)):
        total += i * x + y
    return total
call(weighted, [1, 2, 3], [4.5, 5.5, 6.5])  # expect: 24.5
call(weighted, [1, 2.5, 3], [4, None, 6])  # expect: TypeError, line 5
call(weighted, [1, 2**70], [4, 2])  # expect: 1180591620717411303430
call(weighted, [[], 3], [4, 2])  # expect: TypeError, line 5
def zipped(a, b):
    out = []
    for (i, x), (j, y) in zip(enumerate(a), enumerate(b, 3)):
        out.append((i * x, j - y))
    return out
call(zipped, [1, 2.5], [4, 8])  # expect: [(0, -1), (2.5, -4)]
