def fill(values, x):
    for i in range(len(values)):
        values[i] = x * i
values = [0, 0, 0]
call(fill, values, 1.5)  # expect: None
print(values)  # expect: [0.0, 1.5, 3.0]
call(fill, values, 2**62)  # expect: None
print(values)  # expect: [0, 4611686018427387904, 9223372036854775808]
