"""Query strings of addresses, with percent escapes, and values gathered by key."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 5, -1]
LARGE = 14_000


def given(size: int) -> tuple[list[str]]:
    if size < 0:
        return (["/a?b=%zz"],)
    return ([f"/find?q=red%20shoes+{i % 7}&page={i % 30}&sort=up%2Fdown&tag=a&tag=b" for i in range(size)],)


def unescape(text: str) -> str:
    pieces: list[str] = []
    i = 0
    while i < len(text):
        c = text[i]
        if c == "%":
            pieces.append(chr(int(text[i + 1 : i + 3], 16)))
            i += 3
        elif c == "+":
            pieces.append(" ")
            i += 1
        else:
            pieces.append(c)
            i += 1
    return "".join(pieces)


def main(addresses: list[str]) -> dict[str, int]:
    seen: dict[str, set[str]] = {}
    for address in addresses:
        _, _, query = address.partition("?")
        for pair in query.split("&"):
            key, _, value = pair.partition("=")
            seen.setdefault(unescape(key), set()).add(unescape(value))
    return {key: len(values) for key, values in seen.items()}
