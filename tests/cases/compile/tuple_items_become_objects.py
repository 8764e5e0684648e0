# A tuple whose item is a number on one path and any object on another, behind a name that may be unbound.
def kept(values, x):
    for v in values:
        for k in range(2):
            t = (x, [v])
        x = nothing
    return t
call(kept, [1.5], 2.5)  # expect: NameError, line 6
nothing = "thing"
call(kept, [], 1)  # expect: UnboundLocalError, line 7
call(kept, [1.5, 3], 2.5)  # expect: ('thing', [3])
def chosen(values, pair, k):
    items = ((1, pair), (2.5, None), ("x", values))
    found = []
    for v in values:
        found.append(items[k][0])
        k = (k + 1) % 3
    return found
call(chosen, [1, 2, 3, 4], (3, 4), 1)  # expect: [2.5, 'x', 1, 2.5]
def walked(values):
    total = 0
    for pair in ((1, 2), (0.5, values), (None, 3)):
        for k in range(3):
            total += 1 if pair[0] is None else pair[0]
    return total
call(walked, [1])  # expect: 7.5
def joined(n):
    t = (1, 2)
    for k in range(n):
        u = t + (k,)
        t = ("s", u[2])
    return u
call(joined, 4)  # expect: ('s', 2, 3)
