"""The longest Collatz chains below some limits.

cause: compile
line: n = n // 2 if n % 2 == 0 else 3 * n + 1
cure: @jit
gain: 20x
"""


def chain(n):
    length = 1
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        length += 1
    return length


def longest(first, last):
    best = best_at = 0
    for start in range(first, last):
        length = chain(start)
        if length > best:
            best = length
            best_at = start
    return best_at, best


def main():
    for first in range(1, 100000, 25000):
        print(first, *longest(first, first + 25000))


main()
