# math raises where C returns NaN or infinity.
def root(x):
    return math.sqrt(x)
def logarithm(x):
    return math.log(x)
def exponential(x):
    return math.exp(x)
call(root, 2)  # expect: 1.4142135623730951
call(root, -0.0)  # expect: -0.0
call(root, math.inf)  # expect: inf
call(root, math.nan)  # expect: nan
call(root, -1.0)  # expect: ValueError: math domain error, line 3
call(logarithm, 10**400)  # expect: 921.0340371976182
call(logarithm, 0.0)  # expect: ValueError: math domain error, line 5
call(logarithm, 0)  # expect: ValueError: math domain error, line 5
call(exponential, 1000)  # expect: OverflowError: math range error, line 7
call(exponential, -1000)  # expect: 0.0
call(exponential, -math.inf)  # expect: 0.0
