"""Arithmetic in postfix notation on a stack."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [("3 4 + 2 *", 1), ("1 2 3 * + 4 -", 3), ("1 0 /", 1), ("1 +", 1)]
LARGE = ("15 7 1 1 + - / 3 * 2 1 1 + + - 8 2 * + 5 -", 40_000)


def evaluate(text: str) -> float:
    stack: list[float] = []
    for word in text.split():
        if word in ("+", "-", "*", "/"):
            right = stack.pop()
            left = stack.pop()
            if word == "+":
                stack.append(left + right)
            elif word == "-":
                stack.append(left - right)
            elif word == "*":
                stack.append(left * right)
            else:
                stack.append(left / right)
        else:
            stack.append(float(word))
    return stack[0]


def main(text: str, turns: int) -> float:
    total = 0.0
    for _ in range(turns):
        total += evaluate(text)
    return total
