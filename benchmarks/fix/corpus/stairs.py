"""In how many ways can one climb stairs with steps of one, two or three?

cause: answers kept
line: def ways(steps):
cure: functools.lru_cache
gain: 100x
"""


def ways(steps):
    if steps < 0:
        return 0
    if steps == 0:
        return 1
    return ways(steps - 1) + ways(steps - 2) + ways(steps - 3)


def main():
    for steps in (5, 12, 18, 20, 21):
        print(steps, ways(steps))


main()
