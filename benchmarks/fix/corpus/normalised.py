"""Measurements scaled to their sum, which is added up anew for every one of them.

cause: called once before the loop
line: out.append(round(value / sum(values), 6))
cure: the sum, once, before the loop
gain: 50x
"""


def series(seed, count):
    values = []
    for i in range(count):
        seed = (seed * 1103515245 + 12345) % 2**31
        values.append(seed % 1000 + 1.0)
    return values


def shares(values):
    out = []
    for value in values:
        out.append(round(value / sum(values), 6))
    return out


def main():
    for day in range(6):
        parts = shares(series(day + 1, 4000))
        print(day, max(parts), min(parts), round(sum(parts), 3))


main()
