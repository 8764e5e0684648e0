"""Prime numbers by the sieve of Eratosthenes, and the largest gap between two of them.

cause: compile
line: flags[multiple] = 0
cure: @jit
gain: 15x
"""


def gaps(limit):
    flags = [1] * limit
    n = 2
    while n * n < limit:
        if flags[n] == 1:
            multiple = n * n
            while multiple < limit:
                flags[multiple] = 0
                multiple += n
        n += 1
    last = 2
    widest = count = 0
    for k in range(2, limit):
        if flags[k] == 1:
            count += 1
            if k - last > widest:
                widest = k - last
            last = k
    return count * 1000 + widest


def main():
    for limit in (1000, 100000, 1000000, 1200000):
        print(limit, gaps(limit))


main()
