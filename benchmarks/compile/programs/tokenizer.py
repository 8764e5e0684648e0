"""A tokenizer for arithmetic and names: kinds and texts of tokens."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 3, -1]
LARGE = 12_000


def given(size: int) -> tuple[str]:
    if size < 0:
        return ("a = 1 ? 2",)
    return ("alpha_1 = (beta + 12.5) * gamma2 - 7 / (delta - 0.25);\n" * size,)


def tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    i = 0
    end = len(source)
    while i < end:
        c = source[i]
        if c.isspace():
            i += 1
        elif c.isalpha() or c == "_":
            start = i
            while i < end and (source[i].isalnum() or source[i] == "_"):
                i += 1
            found.append(("name", source[start:i]))
        elif c.isdigit():
            start = i
            while i < end and (source[i].isdigit() or source[i] == "."):
                i += 1
            found.append(("number", source[start:i]))
        elif c in "+-*/=();":
            found.append(("operator", c))
            i += 1
        else:
            raise ValueError(f"unexpected {c!r} at {i}")
    return found


def main(source: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kind, text in tokens(source):
        counts[kind] = counts.get(kind, 0) + len(text)
    return counts
