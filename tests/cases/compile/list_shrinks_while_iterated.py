def shrink(values):
    seen = []
    for v in values:
        seen.append(v)
        values.pop()
    return seen, values
call(shrink, [1, 2, 3, 4, 5])  # expect: ([1, 2, 3], [1, 2])
