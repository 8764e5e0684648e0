def both(a, b):
    return a + b, a - b, a * b, a / b
call(both, 1 + 2j, 3 - 1j)  # expect: ((4+1j), (-2+3j), (5+5j), (0.1+0.7000000000000001j))
call(both, 1 + 2j, 2)  # expect: ((3+2j), (-1+2j), (2+4j), (0.5+1j))
call(both, 1j, 0)  # expect: ZeroDivisionError: complex division by zero, line 2
