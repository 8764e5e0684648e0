"""Whether brackets match, in many texts, and where the first wrong one is."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 5]
LARGE = 8_000


def given(size: int) -> tuple[list[str]]:
    samples = ["a(b[c]{d})e", "((((x))))[]", "f(x[1], {y: (z)})", "(a]", "{[()()][()]}" * 3, "((b)"]
    return ([samples[i % len(samples)] for i in range(size)],)


def first_wrong(text: str) -> int:
    closes = {")": "(", "]": "[", "}": "{"}
    open_places: list[tuple[str, int]] = []
    for place, letter in enumerate(text):
        if letter in "([{":
            open_places.append((letter, place))
        elif letter in closes:
            if not open_places or open_places[-1][0] != closes[letter]:
                return place
            open_places.pop()
    return open_places[-1][1] if open_places else -1


def main(texts: list[str]) -> dict[int, int]:
    places: dict[int, int] = {}
    for text in texts * 10:
        place = first_wrong(text)
        places[place] = places.get(place, 0) + 1
    return places
