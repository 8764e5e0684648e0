"""In how many ways an amount can be paid, and with how few coins."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(0,), (10,), (100,)]
LARGE = (80_000,)


def main(amount: int) -> tuple[int, int]:
    coins = [1, 2, 5, 10, 20, 50, 100, 200]
    ways = [0] * (amount + 1)
    fewest = [amount + 1] * (amount + 1)
    ways[0] = 1
    fewest[0] = 0
    for coin in coins:
        for total in range(coin, amount + 1):
            ways[total] = (ways[total] + ways[total - coin]) % 1000000007
            if fewest[total - coin] + 1 < fewest[total]:
                fewest[total] = fewest[total - coin] + 1
    return ways[amount], fewest[amount]
