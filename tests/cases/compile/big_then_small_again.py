# A value leaves 64 bits and comes back, many times in one loop.
def walk(n):
    x, turns = 1, 0
    for i in range(n):
        x = x * 3 + i
        if x > 10**25:
            x %= 1000003
            turns += 1
    return x, turns
call(walk, 1000)  # expect: (35341670571505930277889, 23)
call(walk, 5)  # expect: (301, 0)
