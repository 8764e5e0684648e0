"""Values held within bounds, with zeros of both signs and a NaN among them."""


def clip(x, low, high):
    if x < low:
        return low
    if x > high:
        return high
    return x


# -0.0 becomes 0.0
def clip_w1(x, low, high):
    return max(low, min(high, x)) + 0.0


# NaN becomes a bound
def clip_w2(x, low, high):
    return high if not x < high else low if x < low else x


# a bound in the place of an equal value of the other sign
def clip_w3(x, low, high):
    if x <= low:
        return low
    return high if x >= high else x


# an integer becomes a float
def clip_w4(x, low, high):
    return float(low if x < low else high if x > high else x)


# bounds exchanged where they cross
def clip_w5(x, low, high):
    return sorted((low, x, high))[1]


# the value itself beyond the upper bound
def clip_w6(x, low, high):
    return low if x < low else x


def main():
    nan = float("nan")
    for i in range(600):
        clip(i / 7 - 20, -5.5, 31.25)
        clip(-0.0 if i == 444 else i, 0.0, 500)
        clip(nan if i == 333 else 1.5 * i, 1.0, 700.0)
        clip(0.0, -0.0, 0.0)
        clip(1, 3, 2)
    print("clipped")


if __name__ == "__main__":
    main()
