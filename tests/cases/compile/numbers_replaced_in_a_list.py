# A number that only the list refers to may be overwritten; one that somebody else has keeps its value.


def fill(values, numbers):
    for k in range(len(values)):
        for number in numbers:
            values[k] = number + 0
    return values


def through(values, numbers):
    seen = []
    for number in numbers:
        values[0] = number + 0
        seen.append(values[0])
    return seen


def rotate(values, other):
    first = values[0]
    for k in range(len(values) - 1):
        values[k] = values[k + 1]
    values[-1] = first
    other[0] = values[0]
    values[0] = first
    return values, other


def turn(values, factor):
    for k in range(len(values)):
        values[k] = values[k] * factor
    return values


edges = [1000, -1000, 257, 256, 255, -5, -6, 2**30 - 1, 2**30, -(2**30), 2**60 - 1, 2**60, -(2**60), 2**63 - 1, -(2**63), 300, 0, 2**40]
call(fill, [10**6 + k for k in range(3)], edges)  # expect: [1099511627776, 1099511627776, 1099511627776]
print([edge for edge in edges if fill([10**6, 2**35 + 1], [7000, 2**50, edge]) != [edge, edge]])  # expect: []
print(through([10**7], edges) == edges)  # expect: True
shared = [10**9]
call(fill, [shared[0], 5], [12345])  # expect: [12345, 12345]
print(shared)  # expect: [1000000000]
call(rotate, [1001, 1002, 1003], [9999])  # expect: ([1001, 1003, 1001], [1002])
call(rotate, [1j, 2j, 3j], [9j])  # expect: ([1j, 3j, 1j], [2j])
call(turn, [1 + 2j, 3j], 1j)  # expect: [(-2+1j), (-3+0j)]
kept = 2.5 + 1j
call(turn, [kept, kept], 2)  # expect: [(5+2j), (5+2j)]
print(kept)  # expect: (2.5+1j)
