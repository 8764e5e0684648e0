"""Functions that loops call with mostly the same arguments. Run by test_repeated_calls.py."""

from math import exp, log, sqrt


def level(x, scale, shift, rate):
    return log(x / scale) * rate + exp(-shift) / (1.0 + rate * rate)


def bisected(target, x, scale, shift, rounds):
    low, high = 0.0, 8.0
    for _ in range(rounds):
        middle = 0.5 * (low + high)
        if level(x, scale, shift, middle) < target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def told(told_of, x, scale, shift, rounds):
    total = 0.0
    for k in range(rounds):
        told_of.append(k)
        total += level(x, scale, shift, k * 0.5)
    return total


def ends_early(x, scale, shift, rounds):
    total = 0.0
    for k in range(rounds):
        total += 1.0
        if k == 3:
            return total
        total += sqrt(k * 1.0) * log(x)
    return total


def changes(x, scale, shift, rounds):
    total = 0.0
    for k in range(rounds):
        total += level(x, scale, shift, k * 0.25)
        x -= 0.5
    return total
