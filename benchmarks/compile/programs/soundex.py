"""Names by their sound (Soundex), grouped."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 8]
LARGE = 50_000


def given(size: int) -> tuple[list[str]]:
    names = ["Robert", "Rupert", "Ashcraft", "Tymczak", "Pfister", "Honeyman", "Miller", "Mueller"]
    return ([names[i % 8] + "abcdefghij"[i // 8 % 10] for i in range(size)],)


def soundex(name: str) -> str:
    codes = {
        "b": "1", "f": "1", "p": "1", "v": "1", "c": "2", "g": "2", "j": "2", "k": "2", "q": "2", "s": "2", "x": "2", "z": "2",
        "d": "3", "t": "3", "l": "4", "m": "5", "n": "5", "r": "6",
    }  # fmt: skip
    word = name.lower()
    result = word[0].upper()
    before = codes.get(word[0], "")
    for letter in word[1:]:
        code = codes.get(letter, "")
        if code and code != before:
            result += code
            if len(result) == 4:
                return result
        if letter not in "hw":
            before = code
    return result + "0" * (4 - len(result))


def main(names: list[str]) -> list[tuple[str, int]]:
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault(soundex(name), set()).add(name)
    return sorted((code, len(members)) for code, members in groups.items())
