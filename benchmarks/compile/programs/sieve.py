"""The sieve of Eratosthenes: how many primes there are below a limit, and the last."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(3,), (30,), (1000,), (0,)]
LARGE = (1_000_000,)


def main(limit: int) -> tuple[int, int]:
    is_prime = [True] * limit
    is_prime[0] = is_prime[1] = False
    candidate = 2
    while candidate * candidate < limit:
        if is_prime[candidate]:
            for multiple in range(candidate * candidate, limit, candidate):
                is_prime[multiple] = False
        candidate += 1
    count = 0
    last = 0
    for number in range(limit):
        if is_prime[number]:
            count += 1
            last = number
    return count, last
