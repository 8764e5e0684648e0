# The name is read before the inner loop runs and used after it; the inner loop becomes hot before the function ends.
offsets = [1, 2, 3]
def pairs(a, n):
    total = 0
    for k in range(n):
        for x, y in zip(a, [5 for q in a]):
            total += 1
    return total
call(pairs, [7, 2**200] + [3] * 40, 60)  # expect: 2520
def kept(a, n):
    total = 0
    for k in range(n):
        total += max(offsets, [q for q in a if q])[0]
    return total
call(kept, [0, 2**200, 0.5] * 40, 60)  # expect: 96416282655539416532517725540469756151332179626967570118082560
print(offsets)  # expect: [1, 2, 3]
