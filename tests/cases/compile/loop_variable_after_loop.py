# The loop variable keeps its last value, also after break.
def last(n, stop):
    i = -1
    for i in range(n):
        if i == stop:
            break
    return i
call(last, 5, 99)  # expect: 4
call(last, 5, 2)  # expect: 2
call(last, 0, 2)  # expect: -1
