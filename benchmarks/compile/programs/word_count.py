"""How often each word is in a text, and the most frequent ones."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 40]
LARGE = 300_000

WORDS = "the of and a to in is you that it he was for on are as with his they at be this have from or one had by word but not".split()


def given(size: int) -> tuple[str]:
    seed = 1
    words: list[str] = []
    for _ in range(size):
        seed = (seed * 1103515245 + 12345) % 2147483648
        words.append(WORDS[seed // 65536 % len(WORDS)])
    return (" ".join(words),)


def main(text: str) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    word = ""
    for letter in text.lower() + " ":
        if letter.isalpha():
            word += letter
        elif word:
            counts[word] = counts.get(word, 0) + 1
            word = ""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ranked[:10]
