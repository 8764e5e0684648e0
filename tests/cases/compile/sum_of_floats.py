# sum() adds as CPython's own does, whichever way that release does it (3.12 compensates).
def total(values):
    return sum(values)
print(total([0.1] * 10) == sum([0.1] * 10))  # expect: True
print(total([1e100, 1.0, -1e100]) == sum([1e100, 1.0, -1e100]))  # expect: True
call(total, [1, 2.5, True])  # expect: 4.5
call(total, [1j, 2])  # expect: (2+1j)
call(total, [])  # expect: 0
call(total, [-0.0])  # expect: 0.0
print(total([2**63, 0.5, 2**63]) == sum([2**63, 0.5, 2**63]))  # expect: True
call(total, [1, None])  # expect: TypeError: unsupported operand type(s) for +: 'int' and 'NoneType', line 3
