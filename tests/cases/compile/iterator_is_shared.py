# zip and enumerate give iterators: who steps one steps it for all who know it.
def goes_on(a, b):
    total = 0
    pairs = zip(a, b)
    for x, y in pairs:
        total += x
        if total > 3:
            break
    for x, y in pairs:
        total = total * 10 + y
    return total
call(goes_on, [1, 2, 3, 4, 5], [6, 7, 8, 9, 1])  # expect: 691
def steps(a):
    total = 0
    numbered = enumerate(a)
    for k in range(2):
        total = total * 10 + next(numbered)[0]
    for k, v in numbered:
        total = total * 10 + k
    return total
call(steps, [5, 6, 7, 8])  # expect: 123
def inside(a):
    n = 0
    pairs = zip(a, a)
    for x in pairs:
        for y in pairs:
            n += 1
        n += 1000
    return n
call(inside, [1, 2, 3])  # expect: 1002
def with_itself(a):
    n = 0
    pairs = zip(a, a)
    for x, y in zip(pairs, pairs):
        n = n * 10 + x[0] + y[0]
    return n
call(with_itself, [1, 2, 3, 4])  # expect: 37
def again(a, rounds):
    n = 0
    pairs = enumerate(a)
    for k in range(rounds):
        for i, v in pairs:
            n += v
            if v == 2:
                break
    return n
call(again, [1, 2, 3, 4], 5)  # expect: 10
def in_a_tuple(a):
    n = 0
    both = (zip(a, a), 1)
    for x, y in both[0]:
        n += x
        break
    for x, y in both[0]:
        n = n * 10 + y
    return n
call(in_a_tuple, [1, 2, 3])  # expect: 123
def consumed(pairs):
    n = 0
    for x, y in pairs:
        n += x
        break
    for x, y in pairs:
        n = n * 10 + y
    return n
def handed_over(a):
    return consumed(zip(a, a))
call(handed_over, [1, 2, 3])  # expect: 123
def one_of_two(a, b, first):
    pairs = zip(a, b) if first else zip(b, a)
    n = 0
    for k in range(2):
        for x, y in pairs:
            n = n * 10 + x
            break
    return n
call(one_of_two, [1, 2], [3, 4], False)  # expect: 34
