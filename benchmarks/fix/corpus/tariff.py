"""Bills by tariff: the price of a product is searched in a list of pairs.

cause: dict for pairs
line: if name == product:
cure: a dictionary of the pairs before the loop
gain: 20x
"""


def price_list(count):
    return [(f"product-{i}", 100 + i * 31 % 900) for i in range(count)]


def bill(prices, basket):
    total, unknown = 0, 0
    for product, amount in basket:
        for name, price in prices:
            if name == product:
                total += price * amount
                break
        else:
            unknown += 1
    return total, unknown


def main():
    prices = price_list(800)
    total = unknown = 0
    for customer in range(60):
        basket = [(f"product-{(customer * 17 + i * 29) % 900}", 1 + i % 3) for i in range(600)]
        sum_, missing = bill(prices, basket)
        total += sum_
        unknown += missing
    print(total, unknown)


main()
