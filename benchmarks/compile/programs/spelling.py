"""Edit distances of misspelt words to a list of words, and the nearest."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [1, 3]
LARGE = 400


def given(size: int) -> tuple[list[str], list[str]]:
    words = "receive separate definitely occurred necessary accommodate beginning argument calendar government".split()
    wrong = [words[i % 10][: 3 + i % 4] + words[i * 3 % 10][2:] for i in range(size)]
    return wrong, words


def distance(a: str, b: str) -> int:
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y)))
        before = row
    return before[-1]


def main(wrong: list[str], words: list[str]) -> dict[str, str]:
    nearest: dict[str, str] = {}
    for word in wrong:
        nearest[word] = min(words, key=lambda other: (distance(word, other), other))
    return nearest
