# Containers take an item for equal to itself without asking: the same NaN is found, another one is not.
nan = float("nan")
def found(values, k):
    values.append(nan)
    return values[k] in values, values[k] not in values
call(found, [1.5, 2.5], 2)  # expect: (True, False)
call(found, [1.5, 2.5], 0)  # expect: (True, False)
def found_another(values, x):
    return x - x in values
call(found_another, [float("inf"), nan], float("inf"))  # expect: False
def rebuilt(values):
    copy = []
    for v in values:
        copy.append(v)
    return copy == values
call(rebuilt, [1.5, nan])  # expect: True
call(rebuilt, [1.5, 2.5])  # expect: True
def pairs(x, n):
    for k in range(n):
        last = (x, k)
    return last == (x, n - 1), last != (x, n - 1), (x, 0) < (x, 1)
call(pairs, nan, 3)  # expect: (True, False, True)
def searched(values, x):
    values.append(x)
    return values.index(x), values.count(x)
call(searched, [1.5], nan)  # expect: (1, 1)
def counted(seen, values):
    for v in values:
        seen[v] = seen[v] + 1 if v in seen else 1
    return len(seen)
call(counted, {}, [nan, 1.5, nan])  # expect: 2
def first(values):
    pairs = []
    for k, v in enumerate(values):
        pairs.append((v, -k))
    return sorted(pairs)[0][1], min(pairs)[1], max((values[0], 1), (values[0], 2))[1]
call(first, [nan, nan, nan])  # expect: (-2, -2, 2)
def numbers(values, x):
    return x in values, values.count(x), [x, 1] == [x, 2]
call(numbers, [1, 2, 3, 2], 2)  # expect: (True, 2, False)
