def both(a, b):
    out = []
    for i, v in enumerate(a, 5):
        out.append(i * v)
    for x, y in zip(a, b):
        out.append(x - y)
    return out
call(both, [1, 2.5], [3])  # expect: [5, 15.0, -2]
call(both, [], [])  # expect: []
call(both, [1], 7)  # expect: TypeError, line 5
