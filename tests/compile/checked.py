"""Arithmetic at the edges of int64 in little branches and short loops, for test_checked.py."""


def chain(n, rounds):
    for _ in range(rounds):
        n = n // 2 if n % 2 == 0 else 3 * n + 1
    return n


def absolute_difference(a, b):
    if a > b:
        d = a - b
    else:
        d = b - a
    return d


def bounded_sum(numbers, most):
    total = 0
    for n in numbers:
        if n < most:
            total += n
    return total


def counted(numbers):
    odd = even = 0
    for n in numbers:
        if n & 1:
            odd += n * 5
        else:
            even += n * 8
    return odd, even


def multiples(n):
    return n * 3, 5 * n, n * 9, n * 4, 8 * n, n * 2**40, n * 2**62, n * 7, n * 2, n * 1, n * -3


def three_more(n):
    return 3 * n + 1, 3 * n + 2, 3 * n - 2, 3 * n - 3, 5 * n + 2, 5 * n + 3


def digits(n):
    total = 0
    while n > 0:
        total += n % 10
        n //= 10
    return total


def digits_of_natural(n):
    total = 0
    n = abs(n)
    while n:
        n, digit = n // 10, n % 10
        total += digit
    return total


def euclid(a, b):
    while b:
        a, b = b, a % b
    return a


def power(base, exponent, modulus):
    result = 1
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def bits(x):
    count = 0
    while x:
        x &= x - 1
        count += 1
    return count


def either_half(n, odd):
    rounds = 0
    while n >= 1:
        rounds += 1
        if odd:
            n = n // 3
        else:
            n >>= 2
    return rounds


def quotient(a, b):
    return (a * b) // (b + 1), (a * b) % (b - 1), (a + 1) // b, a % b, (a * b + 1) // b, (a * b - 3) % b
