"""A dice game played many times with a generator of our own, to see who wins.

cause: compile
line: state = (state * 1103515245 + 12345) % 2147483648
cure: @jit
gain: 20x
"""


def play(games, seed):
    state = seed
    won = 0
    for _ in range(games):
        mine = 0
        yours = 0
        for turn in range(6):
            state = (state * 1103515245 + 12345) % 2147483648
            face = state // 65536 % 6 + 1
            if turn % 2 == 0:
                mine += face
            else:
                yours += face
        if mine > yours:
            won += 1
    return won


def main():
    for seed in range(1, 5):
        print(seed, play(110000, seed))


main()
