"""How often each letter stands in a text, in the order of first sight."""

from collections import Counter, defaultdict


def counts(text):
    table = {}
    for letter in text:
        if letter in table:
            table[letter] += 1
        else:
            table[letter] = 1
    return table


# subclass: a Counter in the place of a dict
def counts_w1(text):
    return Counter(text)


# subclass: a defaultdict in the place of a dict
def counts_w2(text):
    table = defaultdict(int)
    for letter in text:
        table[letter] += 1
    return table


# dict insertion order: sorted
def counts_w3(text):
    return {letter: text.count(letter) for letter in sorted(set(text))}


# dict insertion order: by count
def counts_w4(text):
    return dict(Counter(text).most_common())


# lower case
def counts_w5(text):
    return dict(Counter(text.lower()))


# string against bytes: numbers as keys
def counts_w6(text):
    return dict(Counter(text.encode()))


# each letter once
def counts_w7(text):
    return dict.fromkeys(text, 1)


def main():
    words = "Hasten shows which line of a program costs the time or the memory".split()
    for i in range(200):
        counts(" ".join(words[i % 7:i % 7 + 4]))
    print("counted")


if __name__ == "__main__":
    main()
