"""State of libraries that a call changes or leaves alone."""

import decimal
import locale
import os
import random

random.seed(11)


def drawn(items):
    picked = random.choice(items)
    random.random()
    return picked


# random numbers drawn otherwise: one fewer
def drawn_w1(items):
    return random.choice(items)


# random numbers drawn otherwise: another draw
def drawn_w2(items):
    picked = items[random.randrange(len(items))]
    random.getrandbits(32)
    return picked


# random numbers drawn otherwise: a generator of its own
def drawn_w3(items, dice=random.Random(11)):  # noqa: B008
    picked = dice.choice(items)
    dice.random()
    return picked


def price(x):
    locale.setlocale(locale.LC_NUMERIC, "C")
    with decimal.localcontext() as context:
        context.prec = 6
        return str(+decimal.Decimal(x))


# locale left as it was
def price_w1(x):
    with decimal.localcontext() as context:
        context.prec = 6
        return str(+decimal.Decimal(x))


# the context of decimals changed for all
def price_w2(x):
    locale.setlocale(locale.LC_NUMERIC, "C")
    decimal.getcontext().prec = 6
    return str(+decimal.Decimal(x))


# more digits
def price_w3(x):
    locale.setlocale(locale.LC_NUMERIC, "C")
    return str(+decimal.Decimal(x))


def folder(name):
    os.environ["PLANTED"] = name
    return os.path.join("/srv", name)


# the environment left alone
def folder_w1(name):
    return os.path.join("/srv", name)


# an absolute name appended
def folder_w2(name):
    os.environ["PLANTED"] = name
    return "/srv/" + name


# the environment set once
def folder_w3(name):
    os.environ.setdefault("PLANTED", name)
    return os.path.join("/srv", name)


def main():
    for i in range(120):
        locale.setlocale(locale.LC_NUMERIC, "C.UTF-8")
        drawn(["a", "b", "c", str(i)])
        price(f"{i}.1234567")
        folder("/abs" if i == 93 else f"x{i}")
    print("set")


if __name__ == "__main__":
    main()
