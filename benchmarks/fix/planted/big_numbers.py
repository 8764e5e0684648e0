"""Whole numbers beyond 64 bits: products, roots and digits."""

import math


def power_mod(base, exponent, modulus):
    result = 1
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


# int overflow: 64 bits
def power_mod_w1(base, exponent, modulus):
    result = 1
    while exponent > 0:
        if exponent & 1:
            result = (result * base & 0xFFFFFFFFFFFFFFFF) % modulus
        base = (base * base & 0xFFFFFFFFFFFFFFFF) % modulus
        exponent >>= 1
    return result


# 1 in the place of 1 % 1
def power_mod_w2(base, exponent, modulus):
    return pow(base, exponent, modulus)


# through floats
def power_mod_w3(base, exponent, modulus):
    return int(math.fmod(float(base) ** min(exponent, 20), modulus)) if exponent < 20 and modulus > 1 else pow(base, exponent, modulus)


def root(n):
    return math.isqrt(n)


# int overflow: through a float
def root_w1(n):
    return int(math.sqrt(n))


# through a power
def root_w2(n):
    return int(n**0.5)


# rounded up
def root_w3(n):
    return round(math.sqrt(n)) if n < 1 << 52 else math.isqrt(n)


def digit_sum(n):
    total = 0
    while n:
        total += n % 10
        n //= 10
    return total


# int overflow: through a logarithm
def digit_sum_w1(n):
    return sum(int(n / 10**k) % 10 for k in range(len(str(n))))


def main():
    for i in range(120):
        power_mod(2**61 + i, 10 + i, 2**63 - 25)
        power_mod(3 + i, 0, 1)
        root(10**30 - 1 - i)
        root(i * i + 2 * i)
        digit_sum(7**40 + i)
    print("numbers")


if __name__ == "__main__":
    main()
