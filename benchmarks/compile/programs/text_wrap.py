"""A text set in lines of a given width, justified."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [1, 30]
LARGE = 300_000


def given(size: int) -> tuple[str, int]:
    words = "It was a bright cold day in April and the clocks were striking thirteen".split()
    return " ".join(words[i * 5 % len(words)] for i in range(size)), 40


def justify(words: list[str], letters: int, width: int) -> str:
    gaps = len(words) - 1
    if gaps == 0:
        return words[0]
    spaces = width - letters
    line = words[0]
    for i in range(gaps):
        wide = spaces // gaps + (1 if i < spaces % gaps else 0)
        line += " " * wide + words[i + 1]
    return line


def main(text: str, width: int) -> tuple[int, str]:
    lines: list[str] = []
    line: list[str] = []
    letters = 0
    for word in text.split():
        if line and letters + len(line) + len(word) > width:
            lines.append(justify(line, letters, width))
            line = []
            letters = 0
        line.append(word)
        letters += len(word)
    lines.append(" ".join(line))
    return len(lines), lines[len(lines) // 2]
