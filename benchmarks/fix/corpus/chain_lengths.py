"""How long the chains of orders are: each order was caused by an earlier one, and each chain is walked anew.

cause: answers kept
line: def depth(order):
cure: functools.lru_cache
gain: 30x
"""


def cause_of(order):
    return order - 2 - order * 7919 % 3


def depth(order):
    if order <= 0:
        return 0
    return 1 + depth(cause_of(order))


def main():
    total = deepest = 0
    for order in range(0, 1500):
        length = depth(order)
        total += length
        deepest = max(deepest, length)
    for month in range(6):
        for order in range(1500 - month, 0, -1):
            total += depth(order) % 7
    print(total, deepest)


main()
