"""Which days of a roster have an open shift: every day builds a list of all its shifts first.

cause: no list for a reduction
line: if any([need > len(names) for need, names in day]):
cure: any() over a generator, which stops at the first
gain: 8x
"""


def roster(days, shifts):
    return [[(2 + (d * 7 + s) % 3, ["ann", "bob", "cyd"][: 2 + (d + s) % 2]) for s in range(shifts)] for d in range(days)]


def open_days(days):
    found = []
    for number, day in enumerate(days):
        if any([need > len(names) for need, names in day]):
            found.append(number)
    return found


def main():
    days = roster(365, 60)
    total = 0
    for _week in range(120):
        total += sum(open_days(days))
    print(total)


main()
