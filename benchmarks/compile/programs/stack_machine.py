"""A machine with a stack that runs a program of named instructions."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [(0,), (5,)]
LARGE = (80_000,)


def run(program: list[tuple[str, int]], start: int) -> int:
    stack = [start]
    variables = {0: 0, 1: 0}
    at = 0
    while True:
        name, operand = program[at]
        at += 1
        if name == "push":
            stack.append(operand)
        elif name == "load":
            stack.append(variables[operand])
        elif name == "store":
            variables[operand] = stack.pop()
        elif name == "add":
            right = stack.pop()
            stack[-1] += right
        elif name == "modulo":
            right = stack.pop()
            stack[-1] %= right
        elif name == "jump_if_zero":
            if stack.pop() == 0:
                at = operand
        elif name == "jump":
            at = operand
        elif name == "halt":
            return variables[0]
        else:
            raise ValueError(name)


def main(turns: int) -> int:
    program = [
        ("store", 1),
        ("load", 1),
        ("jump_if_zero", 14),
        ("load", 0),
        ("load", 1),
        ("add", 0),
        ("push", 9973),
        ("modulo", 0),
        ("store", 0),
        ("load", 1),
        ("push", -1),
        ("add", 0),
        ("store", 1),
        ("jump", 1),
        ("halt", 0),
    ]
    return run(program, turns)
