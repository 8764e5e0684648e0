"""Orders against a stock, with objects for the articles."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [(1, 3), (5, 40)]
LARGE = (50, 500_000)


class Article:
    def __init__(self, name: str, price: float) -> None:
        self.name = name
        self.price = price
        self.count = 0
        self.sold = 0


def order(stock: dict[str, Article], name: str, count: int) -> float:
    article = stock[name]
    if article.count < count:
        article.count += 40
        return 0.0
    article.count -= count
    article.sold += count
    return article.price * count


def main(kinds: int, orders: int) -> tuple[float, int]:
    stock: dict[str, Article] = {}
    names: list[str] = []
    for i in range(kinds):
        name = "article " + str(i)
        names.append(name)
        stock[name] = Article(name, 0.5 * i + 1.0)
    earned = 0.0
    for i in range(orders):
        earned += order(stock, names[i * 7 % kinds], i % 5 + 1)
    return earned, max(article.sold for article in stock.values())
