def check(x):
    if x < 0:
        raise ValueError("negative", x)
    if x > 10:
        raise OverflowError
    assert x != 5, "five"
    return x
call(check, 3)  # expect: 3
call(check, -2)  # expect: ValueError: ('negative', -2), line 3
call(check, 11)  # expect: OverflowError, line 5
call(check, 5)  # expect: AssertionError: five, line 6
