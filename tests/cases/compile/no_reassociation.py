# Sums are made in the order written.
def total(n):
    s = 0.0
    for i in range(n):
        s += 0.1
    return s
call(total, 10)  # expect: 0.9999999999999999
call(total, 10000)  # expect: 1000.0000000001588
