"""Numbers to Roman numerals and back."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [(1,), (50,)]
LARGE = (60_000,)
STEPS = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]


def to_roman(n: int) -> str:
    text = ""
    for value, letters in STEPS:
        while n >= value:
            text += letters
            n -= value
    return text


def from_roman(text: str) -> int:
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    total = 0
    before = 0
    for letter in reversed(text):
        value = values[letter]
        total += value if value >= before else -value
        before = value
    return total


def main(limit: int) -> int:
    letters = 0
    for n in range(1, limit):
        text = to_roman(n)
        if from_roman(text) != n:
            raise ValueError(text)
        letters += len(text)
    return letters
