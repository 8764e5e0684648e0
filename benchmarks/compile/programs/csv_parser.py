"""A parser for CSV with quotes, and the totals of a column by another."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 4]
LARGE = 25_000


def given(size: int) -> tuple[str]:
    lines = ["city,note,amount"]
    for i in range(size):
        lines.append(f'{("Oslo", "Rome", "Lima")[i % 3]},"a ""quoted"", note {i % 10}",{i * 7 % 1000}')
    return ("\n".join(lines) + "\n",)


def rows(text: str) -> list[list[str]]:
    result: list[list[str]] = []
    row: list[str] = []
    field: list[str] = []
    quoted = False
    i = 0
    while i < len(text):
        c = text[i]
        if quoted:
            if c == '"':
                if i + 1 < len(text) and text[i + 1] == '"':
                    field.append('"')
                    i += 1
                else:
                    quoted = False
            else:
                field.append(c)
        elif c == '"':
            quoted = True
        elif c == ",":
            row.append("".join(field))
            field = []
        elif c == "\n":
            row.append("".join(field))
            result.append(row)
            row = []
            field = []
        else:
            field.append(c)
        i += 1
    return result


def main(text: str) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows(text)[1:]:
        city = row[0]
        totals[city] = totals.get(city, 0) + int(row[2])
    return totals
