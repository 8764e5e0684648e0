# int, then float, then complex, in one variable of one loop.
def drift(n):
    x = 1
    for i in range(n):
        if i == 100:
            x = x + 0.5
        if i == 200:
            x = x * 1j
        x = x + 1
    return x
call(drift, 50)  # expect: 51
call(drift, 150)  # expect: 151.5
call(drift, 250)  # expect: (50+201.5j)
