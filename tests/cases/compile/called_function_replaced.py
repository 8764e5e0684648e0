def step(x):
    return x + 1
def twice(x):
    return step(step(x))
call(twice, 1)  # expect: 3
def step(x):
    return x * 10
call(twice, 1)  # expect: 100
