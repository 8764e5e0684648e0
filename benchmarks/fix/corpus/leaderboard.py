"""The ten best players after each round of a season, found by sorting all players.

cause: heap for sorting
line: top = sorted(scores, reverse=True)[:10]
cure: heapq.nlargest(10, scores)
gain: 4x
"""


def play(points, round_):
    return [p + (i * 7919 + round_ * 104729) % 1009 for i, p in enumerate(points)]


def best(points):
    scores = [(p, -i) for i, p in enumerate(points)]
    top = sorted(scores, reverse=True)[:10]
    return [(-i, p) for p, i in top]


def main():
    points = [0] * 30000
    firsts = {}
    for round_ in range(14):
        points = play(points, round_)
        for player, _ in best(points):
            firsts[player] = firsts.get(player, 0) + 1
    for player, times in sorted(firsts.items(), key=lambda item: (-item[1], item[0]))[:6]:
        print(player, times)


main()
