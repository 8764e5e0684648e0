"""A Huffman code for a text, and the text in it."""

from __future__ import annotations

import heapq

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [1, 40]
LARGE = 80_000

WORDS = "the of and a to in is you that it he was for on are as with his they at be this have from or one had by word but not".split()


def given(size: int) -> tuple[str]:
    seed = 1
    words: list[str] = []
    for _ in range(size):
        seed = (seed * 1103515245 + 12345) % 2147483648
        words.append(WORDS[seed // 65536 % len(WORDS)])
    return (" ".join(words),)


def code_table(text: str) -> dict[str, str]:
    counts: dict[str, int] = {}
    for letter in text:
        counts[letter] = counts.get(letter, 0) + 1
    heap = [(count, letter) for letter, count in counts.items()]
    heapq.heapify(heap)
    codes = {letter: "" for letter in counts}
    while len(heap) > 1:
        count_a, a = heapq.heappop(heap)
        count_b, b = heapq.heappop(heap)
        for letter in a:
            codes[letter] = "0" + codes[letter]
        for letter in b:
            codes[letter] = "1" + codes[letter]
        heapq.heappush(heap, (count_a + count_b, a + b))
    return codes


def main(text: str) -> int:
    codes = code_table(text)
    encoded = "".join([codes[letter] for letter in text])
    letters = {code: letter for letter, code in codes.items()}
    decoded: list[str] = []
    word = ""
    for bit in encoded:
        word += bit
        if word in letters:
            decoded.append(letters[word])
            word = ""
    return len(encoded) if "".join(decoded) == text else -1
