"""Templates with placeholders in braces, filled from dicts."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 4, -1]
LARGE = 8_000


def given(size: int) -> tuple[str, list[dict[str, str]]]:
    if size < 0:
        return "Dear {who}", [{"name": "x"}]
    template = "Dear {name}, your order {order} of {{items}} will reach {city} on {day}. Thank you, {name}!"
    days = ("Monday", "Tuesday", "Friday")
    return template, [{"name": f"N{i % 50}", "order": str(i), "city": "Oslo", "day": days[i % 3]} for i in range(size)]


def fill(template: str, values: dict[str, str]) -> str:
    pieces: list[str] = []
    i = 0
    while i < len(template):
        c = template[i]
        if template[i : i + 2] in ("{{", "}}"):
            pieces.append(c)
            i += 2
        elif c == "{":
            end = template.index("}", i)
            pieces.append(values[template[i + 1 : end]])
            i = end + 1
        else:
            pieces.append(c)
            i += 1
    return "".join(pieces)


def main(template: str, rows: list[dict[str, str]]) -> tuple[int, str]:
    letters = 0
    last = ""
    for row in rows:
        last = fill(template, row)
        letters += len(last)
    return letters, last
