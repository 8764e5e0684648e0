"""Means and sums of floats, in their order."""

import math


def mean(values):
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


# float reassociation: from the back
def mean_w1(values):
    total = 0.0
    for value in values[::-1]:
        total += value
    return total / len(values)


# float reassociation: exact sum
def mean_w2(values):
    return math.fsum(values) / len(values)


# float reassociation: two partial sums
def mean_w3(values):
    half = len(values) // 2
    return (sum(values[:half], 0.0) + sum(values[half:], 0.0)) / len(values)


# float reassociation: divided before it is added
def mean_w4(values):
    count = len(values)
    total = 0.0
    for value in values:
        total += value / count
    return total


# multiplied by the reciprocal
def mean_w5(values):
    total = 0.0
    for value in values:
        total += value
    return total * (1 / len(values))


# truncated division
def mean_w6(values):
    total = 0.0
    for value in values:
        total += value
    return total // len(values)


# sorted in place before it is added
def mean_w7(values):
    values.sort()
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def main():
    for i in range(200):
        mean([0.1 * (17 - j) + i / 3 for j in range(17)])
    print("ready")


if __name__ == "__main__":
    main()
