# A function first used with ints keeps bools as bools.
def same(a):
    return a
call(same, 1)  # expect: 1
call(same, True)  # expect: True
call(same, 1.0)  # expect: 1.0
call(same, 0)  # expect: 0
call(same, False)  # expect: False
