# `a += b` changes the list itself, `a = a + b` makes another.
def extend(a, b):
    c = a
    a += b
    return a is c
def join(a, b):
    c = a
    a = a + b
    return a is c, c
values = [1]
call(extend, values, [2])  # expect: True
print(values)  # expect: [1, 2]
call(join, values, [3])  # expect: (False, [1, 2])
call(extend, 1, 2)  # expect: False
