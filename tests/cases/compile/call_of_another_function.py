def square(x):
    return x * x
def distance(a, b):
    return math.sqrt(square(a) + square(b))
call(distance, 3, 4)  # expect: 5.0
call(distance, 3.0, 4)  # expect: 5.0
call(distance, 2**40, 2**40)  # expect: 1554944255987.7375
call(distance, 1j, 0)  # expect: TypeError, line 4
