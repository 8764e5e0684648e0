def nothing(x):
    if x > 0:
        return x
call(nothing, 1)  # expect: 1
call(nothing, -1)  # expect: None
