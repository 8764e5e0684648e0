"""A function for hunt.py to compile before it forks."""


def count(n):
    total = 0
    for k in range(n):
        total += k
    return total
