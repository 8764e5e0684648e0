# Numbers are values: assigning a parameter does not reach the caller.
def change(x, values):
    x += 1
    values = [x]
    return x, values
values = [0]
call(change, 1, values)  # expect: (2, [2])
print(values)  # expect: [0]
