"""Run-length encoding of a text and its decoding."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 40]
LARGE = 300_000


def given(size: int) -> tuple[str]:
    return ("".join("aaabccdddd"[i * i // 7 % 10] for i in range(size)),)


def encode(text: str) -> list[tuple[str, int]]:
    runs: list[tuple[str, int]] = []
    i = 0
    while i < len(text):
        j = i
        while j < len(text) and text[j] == text[i]:
            j += 1
        runs.append((text[i], j - i))
        i = j
    return runs


def decode(runs: list[tuple[str, int]]) -> str:
    return "".join(letter * count for letter, count in runs)


def main(text: str) -> int:
    runs = encode(text)
    if decode(runs) != text:
        raise ValueError("the runs do not give the text")
    return len(runs)
