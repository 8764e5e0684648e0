"""A trie of words as nested dicts, and how many words start with each prefix."""

from __future__ import annotations

from typing import Any

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 3, 60]
LARGE = 250_000


def given(size: int) -> tuple[list[str]]:
    return (["".join("abcde"[(i * 7 // 5**k) % 5] for k in range(2 + i % 5)) for i in range(size)],)


def insert(root: dict[str, Any], word: str) -> None:
    node = root
    for letter in word:
        if letter not in node:
            node[letter] = {}
        node = node[letter]
    node["end"] = node.get("end", 0) + 1


def count_under(node: dict[str, Any]) -> int:
    total = 0
    for key, child in node.items():
        if key == "end":
            total += child
        else:
            total += count_under(child)
    return total


def main(words: list[str]) -> int:
    root: dict[str, Any] = {}
    for word in words:
        insert(root, word)
    total = 0
    for first in "abcde":
        for second in "abcde":
            node = root
            for letter in first + second:
                if letter not in node:
                    break
                node = node[letter]
            else:
                total += count_under(node)
    return total
