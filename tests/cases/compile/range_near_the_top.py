# The counter of a range that ends at 2**63 - 1 does not overflow on its last step.
def count(a, b, s):
    n = 0
    for i in range(a, b, s):
        n += 1
        if n > 10:
            break
    return n
call(count, 2**63 - 5, 2**63 - 1, 3)  # expect: 2
call(count, 2**63 - 5, 2**63 - 1, 2**62)  # expect: 1
call(count, -(2**63), 2**63 - 1, 2**63 - 1)  # expect: 3
call(count, 2**63 - 1, -(2**63), -(2**63))  # expect: 2
