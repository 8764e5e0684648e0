"""Orders by customer: names from a list of pairs, cancelled numbers in a list.

cause: dict for pairs
line: if number == customer:
cure: a dictionary of the pairs
cause: set for membership
line: if order in cancelled:
cure: a set before the loop
gain: 15x
"""


def report(orders, names, cancelled):
    sums = {}
    for order, customer, amount in orders:
        if order in cancelled:
            continue
        for number, name in names:
            if number == customer:
                label = name
                break
        else:
            label = "unknown"
        sums[label] = sums.get(label, 0) + amount
    return sums


def main():
    names = [(i * 3, f"customer {i}") for i in range(700)]
    cancelled = [i * 11 for i in range(900)]
    total = {}
    for week in range(8):
        orders = [(week * 4000 + i, (i * 7919 + week) % 2300, 10 + i % 90) for i in range(4000)]
        for label, amount in report(orders, names, cancelled).items():
            total[label] = total.get(label, 0) + amount
    print(len(total), sum(total.values()), total["unknown"])


main()
