# What was written before the exception stays written.
def fill(values, divisor):
    for i in range(len(values)):
        values[i] = 12 // divisor
        divisor -= 1
    return values
values = [0] * 4
call(fill, values, 3)  # expect: ZeroDivisionError: integer division or modulo by zero, line 4
print(values)  # expect: [4, 6, 12, 0]
