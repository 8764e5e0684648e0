def fibonacci(n):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)
call(fibonacci, 15)  # expect: 610
call(fibonacci, 15.0)  # expect: 610.0
call(fibonacci, True)  # expect: True
