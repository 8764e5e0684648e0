"""Spell-checks a text against a word list and writes a report.

    python examples/words.py [WORDS_IN_TEXT]

Vocabulary and text are made by a fixed rule, in which every 25th word is misspelt, so that the number of unknown
words is known beforehand.
"""

import sys

CONSONANTS = "bdfgklmnprst"
VOWELS = "aeiou"
MISSPELT_EVERY = 25
VOCABULARY_WORDS = 3000


def make_word(number):
    """The word of that number: syllables of a consonant and a vowel, different for different numbers."""
    syllables = []
    while True:
        number, rest = divmod(number, len(CONSONANTS) * len(VOWELS))
        syllables.append(CONSONANTS[rest // len(VOWELS)] + VOWELS[rest % len(VOWELS)])
        if number == 0:
            return "".join(syllables)


def make_text(word_count, vocabulary):
    """Words in an order that looks random; a misspelt one has an x in it, which no word of the vocabulary has."""
    words = []
    state = 1
    for position in range(1, word_count + 1):
        state = (state * 1103515245 + 12345) % 2**31
        word = vocabulary[(state >> 8) % len(vocabulary)]
        if position % MISSPELT_EVERY == 0:
            word = word[:1] + "x" + word[1:]
        words.append(word)
    return " ".join(words)


def find_unknown(words, vocabulary):
    """Position and spelling of each word that is not in the vocabulary."""
    unknown = []
    for position, word in enumerate(words):
        if word not in vocabulary:
            unknown.append((position, word))
    return unknown


def make_report(unknown):
    """One line a word."""
    report = ""
    for position, word in unknown:
        report += f"{position:8d}  {word}\n"
    return report


def main():
    word_count = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    vocabulary = [make_word(number) for number in range(VOCABULARY_WORDS)]
    text = make_text(word_count, vocabulary)
    words = text.split()
    unknown = find_unknown(words, vocabulary)
    report = make_report(unknown)
    print(report[:120].rstrip())
    print(f"... {len(unknown)} unknown words of {len(words)}")
    assert len(unknown) == word_count // MISSPELT_EVERY
    assert report.count("\n") == len(unknown) and all("x" in line for line in report.splitlines())
    print("check: ok")


if __name__ == "__main__":
    main()
