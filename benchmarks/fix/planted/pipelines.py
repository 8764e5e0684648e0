"""Generators that are consumed once, twice or half."""


def summary(numbers):
    numbers = list(numbers)
    return min(numbers), max(numbers), sum(numbers)


# generator consumed twice
def summary_w1(numbers):
    return min(numbers, default=None), max(numbers, default=None), sum(numbers)


# the first element lost
def summary_w2(numbers):
    numbers = iter(numbers)
    first = next(numbers)
    low = high = first
    total = 0
    for n in numbers:
        low, high, total = min(low, n), max(high, n), total + n
    return low, high, total


# float in the place of int
def summary_w3(numbers):
    low, high, total = float("inf"), float("-inf"), 0.0
    for n in numbers:
        low, high, total = min(low, n), max(high, n), total + n
    return low, high, total


def evens(n):
    for i in range(n):
        if i % 2 == 0:
            yield i
    return n


# generator ends early
def evens_w1(n):
    yield from range(0, n - 1, 2)
    return n


# what the generator returns is lost
def evens_w2(n):
    yield from range(0, n, 2)


# a value in the place of another
def evens_w3(n):
    for i in range(0, n, 2):
        yield i if i != 18 else 17
    return n


def until_zero(numbers):
    out = []
    while numbers:
        value = numbers.pop(0)
        if not value:
            break
        out.append(value)
    return out


# the argument not consumed
def until_zero_w1(numbers):
    return numbers[:numbers.index(0)] if 0 in numbers else list(numbers)


# the zero stays
def until_zero_w2(numbers):
    at = numbers.index(0) if 0 in numbers else len(numbers)
    out = numbers[:at]
    del numbers[:at]
    return out


# False is no zero
def until_zero_w3(numbers):
    at = next((i for i, n in enumerate(numbers) if n == 0 and n is not False), len(numbers))
    out = numbers[:at]
    del numbers[:at + 1]
    return out


def doubled(n):
    got = yield from evens(n)
    yield got * 2


def main():
    for i in range(150):
        summary(range(i, i + 9))
        list(doubled(1 + i % 20))
        rest = [3, 2, 0, i, False, 1, i]
        for _ in range(4):
            until_zero(rest)
    summary(n * n for n in range(9))
    print("consumed")


if __name__ == "__main__":
    main()
