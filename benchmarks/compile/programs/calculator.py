"""Arithmetic with precedence and brackets, by recursive descent."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [("1+2*3", 1), ("(1+2)*(3-4)/5", 2), ("2*(3", 1), ("1/0", 1), ("-(7-9)*2", 2)]
LARGE = ("(12+7)*3-(45/(9-4))*2+((1+2)*(3+4)-5)/2-18*(2-7)", 10_000)


def atom(text: str, at: int) -> tuple[float, int]:
    if text[at] == "(":
        value, at = expression(text, at + 1)
        if at >= len(text) or text[at] != ")":
            raise ValueError(f"expected ')' at {at}")
        return value, at + 1
    if text[at] == "-":
        value, at = atom(text, at + 1)
        return -value, at
    start = at
    while at < len(text) and text[at].isdigit():
        at += 1
    return float(text[start:at]), at


def term(text: str, at: int) -> tuple[float, int]:
    value, at = atom(text, at)
    while at < len(text) and text[at] in "*/":
        operator = text[at]
        right, at = atom(text, at + 1)
        value = value * right if operator == "*" else value / right
    return value, at


def expression(text: str, at: int) -> tuple[float, int]:
    value, at = term(text, at)
    while at < len(text) and text[at] in "+-":
        operator = text[at]
        right, at = term(text, at + 1)
        value = value + right if operator == "+" else value - right
    return value, at


def main(text: str, turns: int) -> float:
    total = 0.0
    for _ in range(turns):
        value, _ = expression(text, 0)
        total += value
    return total
