# A global named like a builtin hides it, also after the first call.
def size(values):
    return len(values) + abs(-3)
call(size, [1, 2])  # expect: 5
def len(values):
    return 100
call(size, [1, 2])  # expect: 103
del len
call(size, [1, 2])  # expect: 5
