"""What to pack: the knapsack problem with whole weights.

cause: compile
line: with_it = best[room - weight] + worth
cure: @jit
gain: 15x
"""


def pack(weights, worths, capacity):
    best = [0] * (capacity + 1)
    for i in range(len(weights)):
        weight = weights[i]
        worth = worths[i]
        for room in range(capacity, weight - 1, -1):
            with_it = best[room - weight] + worth
            if with_it > best[room]:
                best[room] = with_it
    return best[capacity]


def main():
    weights = [3 + i * 37 % 91 for i in range(120)]
    worths = [10 + i * 53 % 97 for i in range(120)]
    for capacity in (100, 1000, 5000, 9000, 12000, 14000):
        print(capacity, pack(weights, worths, capacity))


main()
