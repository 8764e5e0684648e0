"""Pairs of neighbouring words and what follows a word most often."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [1, 3, 40]
LARGE = 300_000

WORDS = "the of and a to in is you that it he was for on are as with his they at be this have from or one had by word but not".split()


def given(size: int) -> tuple[str]:
    seed = 1
    words: list[str] = []
    for _ in range(size):
        seed = (seed * 1103515245 + 12345) % 2147483648
        words.append(WORDS[seed // 65536 % len(WORDS)])
    return (" ".join(words),)


def main(text: str) -> list[tuple[str, str]]:
    follows: dict[str, dict[str, int]] = {}
    words = text.split()
    for i in range(len(words) - 1):
        first = words[i]
        second = words[i + 1]
        if first not in follows:
            follows[first] = {}
        counts = follows[first]
        if second in counts:
            counts[second] += 1
        else:
            counts[second] = 1
    result: list[tuple[str, str]] = []
    for word in sorted(follows):
        best = ""
        most = 0
        for other, count in follows[word].items():
            if count > most or (count == most and other < best):
                best = other
                most = count
        result.append((word, best))
    return result
