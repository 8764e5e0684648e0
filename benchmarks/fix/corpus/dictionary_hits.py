"""Scores of words: most words are not in the dictionary, and each miss raises an exception.

cause: tested instead of caught
line: value = scores[word]
cure: scores.get(word, 0)
gain: 2.5x
"""


def make_words(count):
    return [f"w{i * 7919 % 6007}" for i in range(count)]


def total(scores, words):
    points = longest = 0
    for word in words:
        try:
            value = scores[word]
        except KeyError:
            value = 0
        points += value
        if value > longest:
            longest = value
    return points, longest


def main():
    scores = {f"w{i}": i % 50 for i in range(0, 6007, 12)}
    words = make_words(60000)
    points = 0
    for begin in range(24):
        gained, longest = total(scores, words[begin:])
        points += gained * longest
    print(points)


main()
