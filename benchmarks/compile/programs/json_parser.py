"""A parser for JSON, by recursive descent."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 3, -1]
LARGE = 6_000


def given(size: int) -> tuple[str]:
    if size < 0:
        return ('{"a": [1, 2,, 3]}',)
    entry = '{"id": 17, "name": "north \\"gate\\"", "open": true, "score": -3.25, "tags": ["x", "y", "zed"], "next": null}'
    return ("[" + ", ".join([entry] * size) + "]",)


def skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def parse_string(text: str, at: int) -> tuple[str, int]:
    pieces: list[str] = []
    at += 1
    while text[at] != '"':
        if text[at] == "\\":
            at += 1
            c = text[at]
            pieces.append({"n": "\n", "t": "\t"}.get(c, c))
        else:
            pieces.append(text[at])
        at += 1
    return "".join(pieces), at + 1


def parse_number(text: str, at: int) -> tuple[object, int]:
    start = at
    while at < len(text) and text[at] in "+-0123456789.eE":
        at += 1
    word = text[start:at]
    if not word:
        raise ValueError(f"expected a value at {start}")
    if "." in word or "e" in word or "E" in word:
        return float(word), at
    return int(word), at


def parse_value(text: str, at: int) -> tuple[object, int]:
    at = skip(text, at)
    c = text[at]
    if c == "{":
        members: dict[str, object] = {}
        at = skip(text, at + 1)
        while text[at] != "}":
            key, at = parse_string(text, at)
            at = skip(text, at)
            if text[at] != ":":
                raise ValueError(f"expected ':' at {at}")
            value, at = parse_value(text, at + 1)
            members[key] = value
            at = skip(text, at)
            if text[at] == ",":
                at = skip(text, at + 1)
        return members, at + 1
    if c == "[":
        items: list[object] = []
        at = skip(text, at + 1)
        while text[at] != "]":
            value, at = parse_value(text, at)
            items.append(value)
            at = skip(text, at)
            if text[at] == ",":
                at += 1
        return items, at + 1
    if c == '"':
        return parse_string(text, at)
    if text.startswith("true", at):
        return True, at + 4
    if text.startswith("false", at):
        return False, at + 5
    if text.startswith("null", at):
        return None, at + 4
    return parse_number(text, at)


def main(text: str) -> object:
    value, at = parse_value(text, 0)
    if skip(text, at) != len(text):
        raise ValueError(f"text after the value at {at}")
    return value
