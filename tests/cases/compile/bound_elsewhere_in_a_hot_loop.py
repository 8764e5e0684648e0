# The loop inside becomes hot when x is a float; from there on x is only ever bound to ints.
def f(a, n):
    total = 0
    if n:
        x = 0.5
    for k in range(n):
        total += x * len([q for q in a if q])
        x = 1
    return total
call(f, [1, 2**200] + [1] * 2600, 30)  # expect: 76759.0
call(f, [1] * 5, 0)  # expect: 0
