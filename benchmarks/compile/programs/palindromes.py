"""The longest palindrome in a text, from every centre."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 30]
LARGE = 8_000


def given(size: int) -> tuple[str]:
    return ("".join("abacabad"[i * i * 7 // 5 % 8] for i in range(size)),)


def main(text: str) -> str:
    best = ""
    end = len(text)
    for centre in range(end):
        for right in (centre, centre + 1):
            low = centre
            high = right
            while low >= 0 and high < end and text[low] == text[high]:
                low -= 1
                high += 1
            if high - low - 1 > len(best):
                best = text[low + 1 : high]
    return best
