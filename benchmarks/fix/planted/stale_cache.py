"""Prices by a table that is changed now and then."""

prices = {"tea": 310, "coffee": 450, "milk": 120}
kept = {}
asked = 0


def total(order, discount):
    global asked
    asked += 1
    cents = 0
    for name, count in order:
        cents += prices[name] * count
    return cents - cents * discount // 100


# stale cache: of the order alone
def total_w1(order, discount):
    global asked
    asked += 1
    if order not in kept:
        kept[order] = sum(prices[name] * count for name, count in order)
    cents = kept[order]
    return cents - cents * discount // 100


# stale cache: without the discount
def total_w2(order, discount, known={}):  # noqa: B006
    global asked
    asked += 1
    if order not in known:
        cents = sum(prices[name] * count for name, count in order)
        known[order] = cents - cents * discount // 100
    return known[order]


# lost global
def total_w3(order, discount):
    cents = sum([prices[name] * count for name, count in order])
    return cents - cents * discount // 100


# truncated division of a negative number
def total_w4(order, discount):
    global asked
    asked += 1
    cents = sum([prices[name] * count for name, count in order])
    return cents - int(cents * discount / 100)


# rounding mode
def total_w5(order, discount):
    global asked
    asked += 1
    cents = sum([prices[name] * count for name, count in order])
    return round(cents * (100 - discount) / 100)


# an unknown name costs nothing
def total_w6(order, discount):
    global asked
    asked += 1
    cents = sum([prices.get(name, 0) * count for name, count in order])
    return cents - cents * discount // 100


def main():
    for i in range(600):
        if i == 300:
            prices["tea"] = 330
        order = (("tea", i % 3), ("milk", i % 4 - 1))
        if i == 471:
            order = (("rum", 1),)
        try:
            total(order, i % 13)
        except KeyError:
            pass
    print("paid")


if __name__ == "__main__":
    main()
