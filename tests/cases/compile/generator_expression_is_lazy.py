# Only the first iterable of a generator expression is evaluated at once; the rest sees what the variables are later.
def lazy(n):
    k = 1
    it = (x * k for x in range(n) if x != k)
    k = 2.5
    return list(it)
call(lazy, 4)  # expect: [0.0, 2.5, 5.0, 7.5]
def eager(x):
    return list(y for y in x)
call(eager, 5)  # expect: TypeError: 'int' object is not iterable, line 9
