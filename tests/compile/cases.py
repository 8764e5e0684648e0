"""Reads and runs a case file: a small program whose comments say what it must print.

Every top-level function of the file is wrapped (compiled, or left alone). `call(f, args...)` prints the result, or
the exception with the line of each frame; the compiled run makes each call three times on copies of the arguments,
so that the first, the compiled and the adapted version must all agree. `# expect: TEXT` is what the statement on
that line prints; an exception's message may be left out (`# expect: ValueError, line 3`).
"""

from __future__ import annotations

import ast
import copy
import linecache
from pathlib import Path

import cmath
import math

DIRECTORY = Path(__file__).parent.parent / "cases" / "compile"


def expectations(path: Path) -> list[tuple[int, str]]:
    """(line, text) of each `# expect:` comment."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if "# expect: " in line:
            found.append((number, line.split("# expect: ", 1)[1]))
    return found


def run(path: Path, wrap, repeats: int) -> tuple[list[tuple[int, str]], list]:
    """((line of the statement, what it printed)..., the wrapped functions)"""
    text = path.read_text()
    filename = str(path)
    linecache.checkcache(filename)
    printed: list[tuple[int, str]] = []
    functions: list = []
    line = 0

    def say(*values):
        printed.append((line, " ".join(str(v) for v in values)))

    def call(function, *args):
        said = []
        for turn in range(repeats):
            last = turn == repeats - 1
            given = args if last else copy.deepcopy(args)
            said.append(outcome(function, given, filename))
        say(said[0] if all(s == said[0] for s in said) else " | ".join(said))

    names = {"__name__": path.stem, "call": call, "print": say, "math": math, "cmath": cmath}
    for statement in ast.parse(text, filename).body:
        line = statement.lineno
        if isinstance(statement, ast.Try):
            line = statement.handlers[0].body[0].lineno
        exec(compile(ast.Module([statement], []), filename, "exec"), names)
        if isinstance(statement, ast.FunctionDef):
            names[statement.name] = wrap(names[statement.name])
            functions.append(names[statement.name])
    return printed, functions


def outcome(function, args, filename: str) -> str:
    try:
        return repr(function(*args))
    except Exception as error:  # noqa: BLE001 - the exception is what the case is about
        lines, trace = [], error.__traceback__.tb_next
        while trace:
            frame = trace.tb_frame.f_code
            if frame.co_filename == filename and frame.co_name != "<listcomp>":
                lines.append(f"line {trace.tb_lineno}")
            trace = trace.tb_next
        message = f": {error}" if str(error) else ""
        return ", ".join([f"{type(error).__name__}{message}", *lines])


def matches(expected: str, printed: str) -> bool:
    if expected == printed:
        return True
    head, _, lines = expected.partition(", line ")
    if ":" in head or not head.endswith("Error"):
        return False
    got, _, got_lines = printed.partition(", line ")
    return got.partition(":")[0] == head and got_lines == lines
