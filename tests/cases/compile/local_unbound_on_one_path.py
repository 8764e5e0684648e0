def maybe(flag):
    if flag:
        x = 1.5
    return x
call(maybe, True)  # expect: 1.5
call(maybe, False)  # expect: UnboundLocalError: cannot access local variable 'x' where it is not associated with a value, line 4
call(maybe, True)  # expect: 1.5
