"""Rounding of floats and decimals."""

from decimal import ROUND_HALF_EVEN, Decimal


def rounded(x):
    return round(x)


# rounding mode: half up
def rounded_w1(x):
    return int(x + 0.5)


# rounding mode: through text
def rounded_w2(x):
    return int(f"{x:.1f}".partition(".")[0])


# a float in the place of an int
def rounded_w3(x):
    return float(round(x))


# rounding of what is negative
def rounded_w4(x):
    return int(x - 0.5) if x < 0 else round(x)


def cents(amount):
    return Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


# rounding mode of decimals
def cents_w1(amount):
    return Decimal(amount).quantize(Decimal("0.01"), "ROUND_HALF_UP")


# through a float
def cents_w2(amount):
    return Decimal(str(round(float(amount), 2)))


# exponent lost
def cents_w3(amount):
    return Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_EVEN).normalize()


def share(a, b):
    return a // b


# truncated division
def share_w1(a, b):
    return int(a / b)


# true division
def share_w2(a, b):
    return a / b


# shifted
def share_w3(a, b):
    return a >> 3 if b == 8 else a // abs(b)


def main():
    for i in range(160):
        rounded(i - 80 + 0.5)
        rounded(i / 7)
        cents(f"{i}.{i % 10}{i % 7}5")
        share(i - 80, 8 if i % 2 else -7)
    print("rounded")


if __name__ == "__main__":
    main()
