def power(a, b):
    return a ** b
call(power, 1j, 2)  # expect: (-1+0j)
call(power, 2 + 1j, 0)  # expect: (1+0j)
call(power, 0j, 2)  # expect: 0j
call(power, 0j, -1)  # expect: ZeroDivisionError, line 2
