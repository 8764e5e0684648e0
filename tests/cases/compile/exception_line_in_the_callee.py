# The traceback names the lines of both frames.
def inner(values, i):
    x = 1
    return values[i] + x
def outer(values):
    total = 0
    for i in range(4):
        total += inner(
            values,
            i,
        )
    return total
call(outer, [1, 2, 3, 4])  # expect: 14
call(outer, [1, 2])  # expect: IndexError: list index out of range, line 8, line 4
