def scope(x):
    values = [x for x in range(3)]
    return x, values
call(scope, 10)  # expect: (10, [0, 1, 2])
