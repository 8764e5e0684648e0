"""Words with the same letters, grouped by their sorted letters."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 3, 50]
LARGE = 220_000


def given(size: int) -> tuple[list[str]]:
    letters = "aeinrst"
    return (["".join(letters[(i // 7**k) % 7] for k in range(5)) for i in range(size)],)


def main(words: list[str]) -> tuple[int, int]:
    groups: dict[str, list[str]] = {}
    for word in words:
        key = "".join(sorted(word))
        if key in groups:
            groups[key].append(word)
        else:
            groups[key] = [word]
    largest = 0
    for members in groups.values():
        if len(members) > largest:
            largest = len(members)
    return len(groups), largest
