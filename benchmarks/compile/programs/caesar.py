"""Text in Caesar's cipher and back."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 30]
LARGE = 120_000

WORDS = "the of and a to in is you that it he was for on are as with his they at be this have from or one had by word but not".split()


def given(size: int) -> tuple[str]:
    seed = 1
    words: list[str] = []
    for _ in range(size):
        seed = (seed * 1103515245 + 12345) % 2147483648
        words.append(WORDS[seed // 65536 % len(WORDS)])
    return (" ".join(words),)


def rotate(text: str, shift: int) -> str:
    result: list[str] = []
    for letter in text:
        if "a" <= letter <= "z":
            result.append(chr((ord(letter) - 97 + shift) % 26 + 97))
        elif "A" <= letter <= "Z":
            result.append(chr((ord(letter) - 65 + shift) % 26 + 65))
        else:
            result.append(letter)
    return "".join(result)


def main(text: str) -> bool:
    secret = rotate(text, 3)
    return secret != text and rotate(secret, -3) == text
