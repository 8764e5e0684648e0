# A nested function and the one around it share one variable, both ways.
def accumulate(n):
    total = 0
    def add(x):
        nonlocal total
        total += x
        return total
    for i in range(n):
        total += add(i) * 0
        total = total + 1
    return total, add(0.5)
call(accumulate, 4)  # expect: (4, 4.5)
