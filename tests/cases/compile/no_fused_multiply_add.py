# a * b + c rounds twice, as in Python.
def fma(a, b, c):
    return a * b + c
call(fma, 1.0000000000000002, 0.9999999999999998, -1.0)  # expect: 0.0
call(fma, 0.1, 10.0, -1.0)  # expect: 0.0
