# The same list twice: a write through one name is seen through the other.
def shuffle(a, b):
    a[0] = b[1] + 1
    b[1] = a[0] * 2
    return a is b, a[0], b[1]
values = [1, 10]
call(shuffle, values, values)  # expect: (True, 11, 22)
print(values)  # expect: [11, 22]
call(shuffle, [1, 10], [3, 4])  # expect: (False, 5, 10)
