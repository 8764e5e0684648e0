def bump(log, values):
    values[note(log, 1)] += note(log, 5)
    return values, log
def note(log, value):
    log.append(value)
    return value
call(bump, [], [10, 20])  # expect: ([10, 25], [1, 5])
