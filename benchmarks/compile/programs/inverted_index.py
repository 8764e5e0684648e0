"""An index from words to the lines that have them, and queries of two words."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [1, 30, 100]
LARGE = 120_000

WORDS = "the of and a to in is you that it he was for on are as with his they at be this have from or one had by word but not".split()


def given(size: int) -> tuple[str]:
    seed = 1
    words: list[str] = []
    for _ in range(size):
        seed = (seed * 1103515245 + 12345) % 2147483648
        words.append(WORDS[seed // 65536 % len(WORDS)])
    return (" ".join(words),)


def main(text: str) -> int:
    words = text.split(" ")
    index: dict[str, set[int]] = {}
    for start in range(0, len(words), 8):
        line = start // 8
        for word in words[start : start + 8]:
            if word not in index:
                index[word] = set()
            index[word].add(line)
    found = 0
    for first in index:
        for second in index:
            if first < second:
                found += len(index[first] & index[second])
    return found
