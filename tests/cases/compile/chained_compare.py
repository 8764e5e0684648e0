# The middle operand is evaluated once, the third only if the first comparison holds.
def inside(log, a, b, c):
    return note(log, a) < note(log, b) < note(log, c)
def note(log, value):
    log.append(value)
    return value
log = []
call(inside, log, 1, 2, 3)  # expect: True
print(log)  # expect: [1, 2, 3]
del log[:]
call(inside, log, 3, 2, 1)  # expect: False
print(log)  # expect: [3, 2]
