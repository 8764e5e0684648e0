# abs() of a complex number fails where it is called, though only a comparison and one way from it need the number.
def largest(numbers, bound):
    for z in numbers:
        size = abs(z)
        if size > bound:
            bound = size
    return bound
call(largest, [3 + 4j, 1j, -6 + 8j, 10 + 0j], 0.0)  # expect: 10.0
call(largest, [3 + 4j, complex(math.nan, 1.0), complex(math.nan, -math.inf)], 4.0)  # expect: inf
call(largest, [3 + 4j, complex(1.7e308, 1.7e308), 1j], 1.0)  # expect: OverflowError: absolute value too large, line 4
call(largest, [complex(3e-200, 4e-200), complex(1e-200, 0.0)], 0.0)  # expect: 5e-200
