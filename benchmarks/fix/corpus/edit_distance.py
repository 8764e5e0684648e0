"""Distances between misspelt words, by dynamic programming.

cause: compile
line: for j in range(1, len(b) + 1):
cure: @jit
gain: 10x
"""


def distance(a, b):
    row = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        corner = row[0]
        row[0] = i
        for j in range(1, len(b) + 1):
            above = row[j]
            cost = corner if a[i - 1] == b[j - 1] else corner + 1
            if above + 1 < cost:
                cost = above + 1
            if row[j - 1] + 1 < cost:
                cost = row[j - 1] + 1
            corner = above
            row[j] = cost
    return row[len(b)]


def main():
    words = [[(i * 7919 + k * (i + 3)) % 26 for k in range(40 + i % 20)] for i in range(44)]
    total = worst = 0
    for first in words:
        for second in words[:36]:
            d = distance(first, second)
            total += d
            worst = max(worst, d)
    print(total, worst)


main()
