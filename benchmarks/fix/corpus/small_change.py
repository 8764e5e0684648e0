"""Counts coins once: a list is searched, but there is next to nothing to search.

refused: too small
because: no function of the program's own code holds enough|not surely faster|at most|not faster
"""


def count(coins, kinds):
    known = 0
    for coin in coins:
        if coin in kinds:
            known += 1
    return known


def main():
    coins = [i * 7 % 13 for i in range(400)]
    print(count(coins, list(range(12))))


main()
