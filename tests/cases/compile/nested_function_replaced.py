# A nested function can be given other code: calls run it from then on.
def replace(f):
    f.__code__ = (lambda x: x * 100).__code__
def g(n):
    def f(x):
        return x + 1
    total = 0
    for i in range(n):
        if i == 2:
            replace(f)
        total += f(i)
    return total
call(g, 4)  # expect: 503
