# A for loop over a list sees what is appended on the way.
def grow(values):
    for v in values:
        if len(values) < 6:
            values.append(v + 10)
    return values
call(grow, [1, 2])  # expect: [1, 2, 11, 12, 21, 22]
call(grow, [])  # expect: []
