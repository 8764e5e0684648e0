"""An interpreter for a language of eight letters."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [("+++.", 1), ("++[>++<-]>.", 1), ("++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.", 1), ("[", 1)]
LARGE = ("++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+.>++.", 900)


def match(source: str) -> dict[int, int]:
    partner: dict[int, int] = {}
    waiting: list[int] = []
    for place, letter in enumerate(source):
        if letter == "[":
            waiting.append(place)
        elif letter == "]":
            start = waiting.pop()
            partner[start] = place
            partner[place] = start
    if waiting:
        raise ValueError(f"no end for {waiting[0]}")
    return partner


def run(source: str) -> str:
    partner = match(source)
    tape = [0] * 100
    head = 0
    at = 0
    output: list[str] = []
    while at < len(source):
        letter = source[at]
        if letter == ">":
            head += 1
        elif letter == "<":
            head -= 1
        elif letter == "+":
            tape[head] = (tape[head] + 1) % 256
        elif letter == "-":
            tape[head] = (tape[head] - 1) % 256
        elif letter == ".":
            output.append(chr(tape[head]))
        elif letter == "[":
            if tape[head] == 0:
                at = partner[at]
        elif letter == "]":
            if tape[head] != 0:
                at = partner[at]
        at += 1
    return "".join(output)


def main(source: str, turns: int) -> str:
    output = ""
    for _ in range(turns):
        output = run(source)
    return output
