def even(n):
    return True if n == 0 else odd(n - 1)
def odd(n):
    return False if n == 0 else even(n - 1)
call(even, 10)  # expect: True
call(odd, 10)  # expect: False
call(even, 7)  # expect: False
