"""LZW compression and back."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [1, 5, 60]
LARGE = 35_000


def given(size: int) -> tuple[str]:
    return ("".join(f"to be or not to be {i * i % 50} " for i in range(size)),)


def compress(text: str) -> list[int]:
    codes = {chr(i): i for i in range(128)}
    result: list[int] = []
    word = ""
    for letter in text:
        longer = word + letter
        if longer in codes:
            word = longer
        else:
            result.append(codes[word])
            codes[longer] = len(codes)
            word = letter
    if word:
        result.append(codes[word])
    return result


def expand(codes: list[int]) -> str:
    words = {i: chr(i) for i in range(128)}
    word = words[codes[0]]
    pieces = [word]
    for code in codes[1:]:
        entry = words[code] if code in words else word + word[0]
        pieces.append(entry)
        words[len(words)] = word + entry[0]
        word = entry
    return "".join(pieces)


def main(text: str) -> int:
    codes = compress(text)
    if expand(codes) != text:
        raise ValueError("the codes do not give the text")
    return len(codes)
