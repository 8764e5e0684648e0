def divide(values):
    total = 0.0
    for v in values:
        total += (
            1.0
            / v
        )
    return total
call(divide, [1.0, 2.0])  # expect: 1.5
call(divide, [1.0, 0.0])  # expect: ZeroDivisionError: float division by zero, line 5
