"""Orders that the stock can serve: the article is looked for in a copy of all article numbers.

cause: key looked up directly
line: if article in list(stock.keys()) and stock[article] >= amount:
cure: `article in stock`
gain: 50x
"""


def make_orders(count):
    return [(f"A{i * 7919 % 4000:05}", 1 + i % 4) for i in range(count)]


def serve(stock, orders):
    served, refused = 0, []
    for article, amount in orders:
        if article in list(stock.keys()) and stock[article] >= amount:
            stock[article] -= amount
            served += 1
        else:
            refused.append(article)
    return served, refused


def main():
    stock = {f"A{i:05}": 3 + i % 5 for i in range(0, 4000, 2)}
    orders = make_orders(20000)
    served = refused = 0
    for begin in range(0, len(orders), 1000):
        good, bad = serve(stock, orders[begin:begin + 1000])
        served += good
        refused += len(bad)
    print(served, refused, sum(stock.values()))


main()
