# Operands left to right; in an assignment the value first, then the container, then the index.
def order(log):
    note(log, [0, 0])[note(log, 1)] = note(log, 2) + note(log, 3) * note(log, 4)
    return log
def note(log, value):
    log.append(value)
    return value
call(order, [])  # expect: [2, 3, 4, [0, 14], 1]
