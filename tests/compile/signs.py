"""Functions whose ints are never negative in some of their calls; test_signs.py compares them, plain and compiled."""


def halves(n, by):
    total = 0
    while n > 3 or n < -3:
        total += n // by + n % by + (n >> 1)
        n //= 2
    return total


def from_zero(n):
    total = 0
    for k in range(n):
        total += halves(k, 3)
    return total


def from_both_sides(n):
    """The first call's sign says nothing about the second's."""
    total = 0
    for k in range(n):
        total += halves(k, 3) + halves(k - n // 2, 3) + halves(k, 5 - k % 9 or 1)
    return total


def down(n, left):
    """Its own calls go below 0."""
    if left == 0:
        return n % 7 + n // 3 + (n >> 2)
    return down(n - 5, left - 1) + n % 4


def goes_down(n):
    return down(n, 6)


def with_default(n, by=7):
    return n % by + n // by


def by_default(n):
    return sum([with_default(k) for k in range(n)]) + with_default(-n)


def either(n, x=None):
    return n % 5 if x is None else n % x


def optional(n):
    total = 0
    for k in range(n):
        total += either(k) + either(k, k - 3 or 1) + either(-k, 3)
    return total


def passes_on(n):
    return halves(n, 3)


def through_another(n):
    return sum([passes_on(k) for k in range(n)]) + passes_on(-n)


def moved(n):
    """Items go from list to list and are shifted, divided and compared there."""
    low, high = [k for k in range(n)], [k - n // 2 for k in range(n)]
    for k in range(0, n - 1, 2):
        low[k], low[k + 1] = low[k + 1], low[k]
        high[k], low[k] = low[k], high[k]
    kept = []
    for k in range(n):
        kept.append(low[k])
    return [item % 5 for item in kept], [item // 3 for item in low], [item >> 1 for item in high]


FUNCTIONS = (from_zero, from_both_sides, goes_down, by_default, optional, through_another, moved)
