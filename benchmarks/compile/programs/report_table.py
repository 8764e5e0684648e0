"""A table of text, line by line, with columns that fit."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 6]
LARGE = 80_000


def given(size: int) -> tuple[list[tuple[str, int, float]]]:
    return ([(f"item {i % 97}", i * 31 % 1000, i * 0.37 % 50) for i in range(size)],)


def main(rows: list[tuple[str, int, float]]) -> tuple[int, str]:
    width = 4
    for name, _, _ in rows:
        width = max(width, len(name))
    lines = ["name".ljust(width) + " | count |  price"]
    lines.append("-" * len(lines[0]))
    total = 0.0
    for number, (name, count, price) in enumerate(rows, 1):
        total += count * price
        lines.append(f"{name:<{width}} | {count:5d} | {price:6.2f}")
        if number % 10 == 0:
            lines.append(f"{'sum':<{width}} | {'':5} | {total:6.0f}")
    text = "\n".join(lines)
    return len(text), lines[-1]
