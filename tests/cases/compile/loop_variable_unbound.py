# No turn, no variable: UnboundLocalError, not zero.
def last(n):
    for i in range(n):
        pass
    return i
call(last, 3)  # expect: 2
call(last, 0)  # expect: UnboundLocalError: cannot access local variable 'i' where it is not associated with a value, line 5
