# What was put into a list first says nothing of what somebody else puts there later, also inside a tuple.
def squares(n):
    values = []
    for i in range(3):
        values.append((1, 2))
    values[0:1] = [(n, n)]
    total = 0
    for t in values:
        total += t[0] * t[1]
    return total
call(squares, 5)  # expect: 29
call(squares, 4000000000)  # expect: 16000000000000000004
def inner(t, n):
    product = 1
    for k in range(n):
        product = t[0] * t[1]
    return product
def outer(n):
    return inner((3, 4), n) + inner((4000000000, 4000000000), n)
call(outer, 2)  # expect: 16000000000000000012
def last(n):
    if n <= 0:
        return (1, 2)
    t = last(n - 1)
    return (t[0] * 3, t[1] + 1)
def grows(n):
    t = (1, 2)
    for k in range(2):
        t = last(n)
    return t[0] * t[1]
call(grows, 50)  # expect: 37330695359976334616052948
