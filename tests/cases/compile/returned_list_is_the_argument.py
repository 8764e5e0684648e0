def same(values):
    values.append(len(values))
    return values
values = []
print(same(values) is values, values)  # expect: True [0]
print(same(values) is values, values)  # expect: True [0, 1]
