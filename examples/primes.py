"""Counts the primes below a bound by trial division.

    python examples/primes.py [BOUND]

It checks the count against the published values of the prime-counting function (OEIS A006880).
"""

import sys

# Bound: number of primes below it.
KNOWN_COUNTS = {10: 4, 100: 25, 1000: 168, 10000: 1229, 100000: 9592, 1000000: 78498, 10000000: 664579}


def is_prime(n):
    if n < 2:
        return False
    if n % 2 == 0:
        return n == 2
    divisor = 3
    while divisor * divisor <= n:
        if n % divisor == 0:
            return False
        divisor += 2
    return True


def count_primes(bound):
    count = 0
    for n in range(bound):
        if is_prime(n):
            count += 1
    return count


def main():
    bound = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    count = count_primes(bound)
    print(f"{count} primes below {bound}")
    if bound in KNOWN_COUNTS:
        assert count == KNOWN_COUNTS[bound], f"there are {KNOWN_COUNTS[bound]}"
        print("check: ok")


if __name__ == "__main__":
    main()
