"""Exact counts of one function: how often it was called and each line begun, by the interpreter's own events.

The program counts for itself (tally.py), in memory that is a file, so that nothing is lost when it is killed. It is brought into
every Python that the program starts by a sitecustomize of ours, which then lets the one that was there have its turn.
"""

import ast
import os
import struct
from pathlib import Path

VARIABLE = "HASTEN_COUNTS"
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
            first_slot, file, function, first_line, lines = entry
            counts = struct.unpack_from(f"<{1 + len(lines)}Q", slots, 8 * first_slot)
            if not counts[0] and not any(counts):
                continue  # a child that never came to it
            _add(functions, (file, function, first_line), names.stem, lines, counts)
    rows = []
    for (file, function, first_line), found in sorted(functions.items()):
        hits = [{"line": line, "hits": count} for line, count in sorted(found["lines"].items()) if count or line != first_line]
        rows.append({"file": file, "function": function, "first_line": first_line, "processes": len(found["processes"]),
                     "calls": found["calls"], "lines": hits})  # fmt: skip
    return rows, sorted(set(lost))


def _add(functions: dict, key: tuple, process: str, lines: list[int], counts: tuple) -> None:
    found = functions.setdefault(key, {"processes": set(), "calls": 0, "lines": {}})
    found["processes"].add(process)
    found["calls"] += counts[0]
    for line, count in zip(lines, counts[1:]):
        found["lines"][line] = found["lines"].get(line, 0) + count
