"""Loops over ints that the compiler rearranges: digits, remainders, sums, and little branches. Run by test_number_loops.py."""


def digit_sum(n):
    total = 0
    while n > 0:
        total += n % 10
        n //= 10
    return total


def happy(n):
    rounds = 0
    while n != 1 and n != 4 and rounds < 50:
        total = 0
        while n > 0:
            digit = n % 10
            total += digit * digit
            n //= 10
        n = total
        rounds += 1
    return n, rounds


def mirrored(n):
    """Beyond 64 bits for some."""
    result = last = 0
    while n > 0:
        last = n
        result = result * 10 + n % 10
        n //= 10
    return result, last


def in_base(n, base):
    count = total = 0
    while n > 0:
        total += n % base * (count + 1)
        n = n // base
        count += 1
    return count, total


def until_digit(n, digit):
    at = 0
    while n > 0:
        if n % 10 == digit:
            break
        at += 1
        n //= 10
    return at, n


def shares(n):
    """Raises where a digit is 0, be it the last or an inner one."""
    total = 0
    while n > 0:
        total += 2520 // (n % 10)
        n //= 10
    return total


def weighed(n):
    """What is summed up fits in whatever number of rounds, or in most, or not at all."""
    a = b = c = 0
    while n > 0:
        digit = n % 10
        a += digit * 10**15
        b -= digit * 10**16
        c = digit * 10**18 + c
        n //= 10
    return a, b, c


def doubly_weighed(n):
    total = 0
    for _ in range(3):
        left = n
        while left > 0:
            total += left % 10 * 10**15
            left //= 10
    return total


def euclid_s_quotients(a, b):
    total = 0
    while b:
        total += min(a // b, 1000) * 10**13
        a, b = b, a % b
    return total, a


def power(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def generator(seed, factor, addend, modulus, n):
    seen = 0
    for _ in range(n):
        seed = (seed * factor + addend) % modulus
        seen ^= seed
    return seed, seen


def hashed(n, factor, modulus):
    values = [k * 7919 % 251 for k in range(n)]
    result = 0
    for value in values:
        result = (result * factor + value) % modulus
    return result


def squares_until(x, modulus, n):
    """Leaves in its midst, and raises where the modulus is 0."""
    for k in range(n):
        x = x * x % modulus
        if x == 1:
            break
        x = (x + k) % modulus
    return x, k


def stretch(value, shift, start, n):
    best = running = start
    values = [value] * n
    for one in values:
        running = max(running + one - shift, 0)
        if running > best:
            best = running
    return best


def ups_and_downs(value, shift, start, n):
    """Each way round of adding two, in loops of their own."""
    values = [value] * n
    results = []
    running = start
    for one in values:
        running = running + one - shift
        running = -running
    results.append(running)
    running = start
    for one in values:
        running = -(running - one + shift)
    results.append(running)
    running = start
    for one in values:
        running = -(running - one - shift)
    results.append(running)
    running = start
    for one in values:
        running = -(one + running + shift)
    results.append(running)
    running = start
    for one in values:
        running = -(running + one + shift - 1)
    results.append(running)
    return results


def collatz(n, rounds):
    for _ in range(rounds):
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
    return n


def halved_or_grown(n, rounds):
    for _ in range(rounds):
        n = 5 * n - 3 if n % 2 else n // 2
    return n


FAR = 2**63
NUMBERS = [0, 1, 9, 10, 11, 99, 100, 4821, 10**9, 10**18, 2**62, FAR - 1, FAR, 9999999999999999999, 10**30 + 7, -1, -10, -4821]
MODULI = [1, 2, 10007, 2**31 - 1, 2**31, 2**31 + 11, 3037000499, 3037000500, 2**40 + 15, FAR - 25, FAR + 9, 0, -1, -7, -(2**31), -FAR]
EDGE = 3074457345618258602  # three times this and one is the last int64 but one

CASES = [
    *((f, (n,)) for f in (digit_sum, happy, mirrored, shares, weighed, doubly_weighed) for n in [999_999, *NUMBERS]),
    *((in_base, (n, base)) for n in [123_456, *NUMBERS] for base in (10, 2, 3, 7, 2**40, 2**70)),
    *((in_base, (n, base)) for n in (0, 1, -5) for base in (0, -3)),
    *((until_digit, (n, digit)) for n in [987_654, *NUMBERS] for digit in (0, 1, 9, 4)),
    *((euclid_s_quotients, (a, b)) for a in (7540113804746346429, 10**9, 5, -8) for b in (4660046610375530309, 10**9 + 7, 3, 0, -5)),
    *((power, (base, e, m)) for m in MODULI for base in (2, -3, 2**31 - 2, 2**31, 2**62) for e in (65_537, 2, 0)),
    *((power, (m + d, 5, m)) for m in MODULI for d in (-1, 0, 1)),
    *(
        (generator, (seed, factor, addend, m, 3000))
        for m in MODULI
        for seed, factor, addend in [(1, 48271, 0), (2**31 - 2, 2**31 - 1, 2**31 - 1), (-5, 3, 2**31), (7, -9, 1), (2**40, 1, 2**62)]
    ),
    *((hashed, (3000, factor, m)) for m in MODULI for factor in (31, 2**31 - 1, 2**31, -31)),
    *((squares_until, (x, m, 3000)) for m in MODULI for x in (3, 2**31 - 1, -2)),
    *(
        (f, (value, shift, start, n))
        for f in (stretch, ups_and_downs)
        for n in (3000, 5)
        for value, shift, start in [
            (3, 2, 0),
            (-3, -5, 7),
            (2**62, -(2**62), -(2**62)),
            (2**62, -(2**62), 0),
            (2**62, 2**62, 2**62),
            (-(2**62) - 5, 2**62, 2**62),
            (FAR - 1, FAR - 1, FAR - 1),
            (-FAR, 1, 5),
            (-FAR, -FAR, -FAR),
            (FAR, 1, -5),
        ]
    ),
    *(
        (f, (n, rounds))
        for f in (collatz, halved_or_grown)
        for rounds in (3000, 1, 2)
        for n in [27, 0, *(s * (EDGE + d) for s in (1, -1) for d in range(-3, 4)), FAR - 1, -FAR, FAR, 1844674407370955161, 1844674407370955163]
    ),
]
