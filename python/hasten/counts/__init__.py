"""Exact counts of one function: how often it was called and each line begun, by the interpreter's own events.

The program counts for itself (tally.py), in memory that is a file, so that nothing is lost when it is killed. It is brought into
every Python that the program starts by a sitecustomize of ours, which then lets the one that was there have its turn.
"""

import ast
import os
import struct
from pathlib import Path

VARIABLE = "HASTEN_COUNTS"
_LOOKS_MIN = 20  # executions of a line: fewer say nothing of the others
_SITE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "site")


def environment(folder: str, functions: list[str]) -> dict[str, str]:
    """The environment of a program that counts these functions into files of the folder.

    Args:
        functions: MODULE:QUALNAME, FILE:FUNCTION or a qualified name (or its end) alone.
    """
    variables = dict(os.environ)
    theirs = variables.get("PYTHONPATH")
    variables["PYTHONPATH"] = f"{_SITE}{os.pathsep}{theirs}" if theirs else _SITE
    variables[VARIABLE] = "\n".join([folder, *map(_spelled, functions)])
    return variables


def _spelled(function: str) -> str:
    where, _, name = function.rpartition(":")
    return f"{os.path.abspath(where)}:{name}" if where and os.path.isfile(where) else function


def is_named(qualname: str, function: str) -> bool:
    """Whether a function of this qualified name is one that was asked for."""
    name = function.rpartition(":")[2]
    return qualname == name or qualname.endswith(f".{name}")


def read(folder: str) -> tuple[list[dict], list[str]]:
    """What was counted, as `counts` of the report has it, and why some of it may be missing, one line a reason."""
    functions: dict[tuple, dict] = {}
    lost = []
    for names in sorted(Path(folder).glob("*.names")):
        slots = names.with_suffix(".slots").read_bytes()
        for text in names.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            entry = ast.literal_eval(text)
            if isinstance(entry, str):
                lost.append(entry)
                continue
            first_slot, file, function, first_line, lines, kinds = entry
            counts = struct.unpack_from(f"<{1 + 8 * len(lines)}Q", slots, 8 * first_slot)
            if not any(counts):
                continue  # a child that never came to it
            found = functions.setdefault((file, function, first_line), {"processes": set(), "calls": 0, "lines": {}, "kinds": kinds})
            found["processes"].add(names.stem)
            found["calls"] += counts[0]
            for i, line in enumerate(lines):
                numbers = counts[1 + i], *counts[1 + len(lines) + 7 * i :][:7]
                before = found["lines"].get(line, (0,) * 8)
                found["lines"][line] = tuple(map(sum, zip(before, numbers)))
    rows = []
    for (file, function, first_line), found in sorted(functions.items()):
        hits = [_line(line, numbers, found["kinds"]) for line, numbers in sorted(found["lines"].items()) if numbers[0] or line != first_line]
        rows.append({"file": file, "function": function, "first_line": first_line, "processes": len(found["processes"]),
                     "calls": found["calls"], "lines": hits})  # fmt: skip
    return rows, sorted(set(lost))


def _line(line: int, numbers: tuple, kinds: list[str]) -> dict:
    """One line of the report: how often it began and what number objects an execution makes."""
    hits, looked, weights, squares, *sums = numbers
    row = {"line": line, "hits": hits}
    if looked >= _LOOKS_MIN or (looked and looked == hits):
        row["makes"] = {"executions": looked}
        for i, kind in enumerate(kinds):
            each = sums[2 * i] / weights
            variance = max(0.0, sums[2 * i + 1] / weights - each * each)
            error = 0.0 if looked == hits else 1.96 * (variance * squares) ** 0.5 / weights
            row["makes"][kind] = {"each": each, "interval": [max(0.0, each - error), each + error]}
    return row
