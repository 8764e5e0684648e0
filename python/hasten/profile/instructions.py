"""One function, instruction by instruction: its samples joined to its bytecode.

The names that were observed are those of the specialised opcodes: what the interpreter had made of the instruction
when a sample hit it. A name says which form was tried; whether its guards held each time, samples do not tell. An
instruction that could have been specialised and was seen under its plain name ran the slow general form, for certain.
"""

from __future__ import annotations

import bisect
import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from hasten import _compat
from hasten.errors import HastenError
from hasten.profile import disassemble

# What it means that none of an instruction's specialised forms fitted. They are named beside it.
GENERIC = {
    "BINARY_OP": "operands of two types, of types without a fast form, ints beyond one digit (2**30, from 3.15 on), or changing types",
    "BINARY_SUBSCR": "containers or indices without a fast form (a slice, a negative index), or of changing types",
    "CALL": "a callee without a fast form, arguments that do not fit its signature plainly, or changing callees",
    "COMPARE_OP": "operands of two types, of types without a fast form, ints beyond one digit (2**30), or changing types",
    "CONTAINS_OP": "a container without a fast form, or of changing types",
    "FOR_ITER": "an iterator without a fast form, or of changing types",
    "LOAD_ATTR": "objects of changing classes, or an attribute that is found by code (__getattr__, a descriptor)",
    "LOAD_GLOBAL": "the globals or builtins keep changing",
    "LOAD_METHOD": "objects of changing classes, or a method that is found by code (__getattr__, a descriptor)",
    "LOAD_SUPER_ATTR": "super() is not the builtin one, or the attribute is no method",
    "PRECALL": "a callee without a fast form, arguments that do not fit its signature plainly, or changing callees",
    "SEND": "what is awaited or delegated to is no plain generator or coroutine",
    "STORE_ATTR": "objects of changing classes, or an attribute that is set by code (__setattr__, a property)",
    "STORE_SUBSCR": "containers or indices without a fast form (a slice, a negative index), or of changing types",
    "TO_BOOL": "truth of a type without a fast form, or of changing types",
    "UNPACK_SEQUENCE": "no tuple or list of that length, or changing types",
}

_GENERIC_SAMPLES_MIN = 5  # fewer are warming up, or chance
_GENERIC_SHARE_MIN = 0.2  # of the instruction's samples
_TIME_SHARE_MIN = 0.01  # of the function's time: below this no mark


class Ambiguous(HastenError):
    """No function of the capture has that name, or several have."""


def chosen(rows: list[dict], wanted: str) -> list[dict]:
    """The rows of read_instructions() that are one function: NAME, FILE:NAME or FILE:LINE. Several rows are several
    Pythons or definitions at the same line.

    Raises: Ambiguous, one line that lists the candidates.
    """
    file, _, name = wanted.rpartition(":")
    name = {"(module)": "<module>"}.get(name, name)
    in_file = [row for row in rows if not file or _is_file(row["file"], file)]
    found = [row for row in in_file if row["function"] == name]
    found = found or [row for row in in_file if row["function"].endswith(f".{name}")]
    if not found and file and name.isdecimal():
        found = [row for row in in_file if row["first_line"] == int(name)]
    functions = {(row["file"], row["function"], row["first_line"]) for row in found}
    if len(functions) == 1:
        return found
    if functions:
        places = _listing(f"{_short(file)}:{line} ({function})" for file, function, line in sorted(functions))
        raise Ambiguous(f"{len(functions)} functions are {wanted!r}: {places}", code="view.ambiguous", hint="Name FILE:LINE")
    heaviest = sorted(rows, key=lambda row: -sum(count[3] for count in row["instructions"]))
    if not heaviest:
        raise Ambiguous("no sample of this capture is in a Python function", code="view.no_function")
    names = _listing(dict.fromkeys(f"{_short(row['file'])}:{row['function']}" for row in heaviest))
    raise Ambiguous(f"no sampled function is {wanted!r}", code="view.no_function", hint=f"There are: {names}")


def instructions_of(rows: list[dict]) -> list[dict]:
    """What is known of each row's bytecode, as `hasten view --dis --json` documents it: one dict for equal rows."""
    return [_listed(same) for same in _same_code(rows)]


def _same_code(rows: list[dict]) -> Iterable[list[dict]]:
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        key = (_minor(row["python"]), row["file"], row["function"], row["first_line"], row["code_bytes"], row["line_table"])
        groups.setdefault(key, []).append(row)
    return groups.values()


def _listed(rows: list[dict]) -> dict:
    from hasten._core import code_positions

    row = rows[0]
    known, why_not = _bytecode(row)
    lines = [position[0] for position in code_positions(row["line_table"], row["first_line"])]
    source = _source(row)[0]
    listed = {
        "file": row["file"],
        "function": row["function"],
        "first_line": row["first_line"],
        "python": row["python"],
        "samples": sum(count[2] for row in rows for count in row["instructions"]),
        "cpu_s": sum(count[3] for row in rows for count in row["instructions"]) * 1e-9,
    }
    if why_not:
        listed["why_no_bytecode"] = why_not
    table = known["codes"][0] if known else None
    bytecode = table or [{"offset": offset} for offset in sorted({count[0] for row in rows for count in row["instructions"]})]
    seen = _observed(rows, [instruction["offset"] for instruction in bytecode])
    effective = sum(row["effective_samples"] for row in rows)
    listed["instructions"] = [
        _instruction(instruction, seen.get(instruction["offset"], {}), known, lines, listed["cpu_s"], effective)
        for instruction in bytecode
    ]
    if source is not None:
        text = source.split("\n")
        shown = {instruction["line"] for instruction in listed["instructions"] if "line" in instruction}
        listed["source"] = {str(line): text[line - 1].rstrip("\r") for line in sorted(shown) if 0 < line <= len(text)}
    return listed


def _observed(rows: list[dict], offsets: list[int]) -> dict[int, dict[int, tuple[int, int]]]:
    """(samples, CPU ns) by offset of the instruction and opcode; an offset inside its cache is the instruction's."""
    seen: dict[int, dict[int, tuple[int, int]]] = {}
    for row in rows:
        for offset, opcode, samples, cpu_ns in row["instructions"]:
            start = offsets[max(0, bisect.bisect_right(offsets, offset) - 1)]
            at = seen.setdefault(start, {})
            before = at.get(opcode, (0, 0))
            at[opcode] = (before[0] + samples, before[1] + cpu_ns)
    return seen


def _instruction(
    bytecode: dict, seen: dict[int, tuple[int, int]], known: dict | None, lines: list, whole_s: float, effective: float
) -> dict:
    from hasten._core import share_interval

    row = dict(bytecode)
    unit = row["offset"] // 2
    if unit < len(lines) and lines[unit] is not None:
        row["line"] = lines[unit]
    samples = sum(count for count, _ in seen.values())
    row["samples"] = samples
    row["cpu_s"] = sum(cpu_ns for _, cpu_ns in seen.values()) * 1e-9
    if whole_s > 0:
        row["cpu_share"] = row["cpu_s"] / whole_s
        row["cpu_share_interval"] = list(share_interval(min(row["cpu_share"], 1.0), effective))
    names = known["opcodes"] if known else {}
    row["observed"] = [
        {"opcode": opcode, "samples": count, "share": count / samples, **_named(names.get(str(opcode)))}
        for opcode, (count, _) in sorted(seen.items(), key=lambda item: -item[1][0])
        if opcode != 0  # 0: nobody could read it
    ]
    if "forms" in row and known:
        _note_generic(row, known["bases"])
    return row


def _named(name: str | None) -> dict:
    return {"name": name} if name is not None else {}


def _note_generic(row: dict, bases: dict[str, str]) -> None:
    """Whether an instruction that has specialised forms was seen without, for a good part of its samples."""
    plain = {row["name"], row["name"] + "_ADAPTIVE"}
    generic = sum(observed["samples"] for observed in row["observed"] if observed.get("name") in plain)
    whole = sum(observed["samples"] for observed in row["observed"])
    # Samples under another instruction's name are of no use here: the code is not what it was taken for.
    if any(bases.get(observed.get("name", ""), row["name"]) != row["name"] for observed in row["observed"]):
        return
    if generic < _GENERIC_SAMPLES_MIN or generic < _GENERIC_SHARE_MIN * whole or row.get("cpu_share", 0) < _TIME_SHARE_MIN:
        return
    row["generic"] = {"samples": generic, "of": whole}
    if row["name"] in GENERIC:
        row["generic"]["meaning"] = GENERIC[row["name"]]


# --- the bytecode --------------------------------------------------------------------------------


def _bytecode(row: dict) -> tuple[dict | None, str]:
    """The answer of an interpreter of the row's version, and why it has no bytecode in it, if so."""
    source, why_no_source = _source(row)
    code = {key: row[key] for key in ("function", "first_line", "code_bytes")} | {"line_table": row["line_table"].hex()}
    answer = _ask({"source": source, "codes": [code]}, row)
    if answer is None:
        return None, f"there is no CPython {_minor(row['python'])} here to compile its source with"
    if source is None:
        return answer, why_no_source
    if answer["codes"][0] is None:
        return answer, f"its source does not give this bytecode when CPython {answer['python']} compiles it"
    return answer, ""


def _source(row: dict) -> tuple[str | None, str]:
    """The source that the capture keeps or, of installed code, that is there now: its bytecode is compared anyhow."""
    if row["source"] is not None:
        return row["source"], ""
    try:
        return Path(row["file"]).read_bytes().decode("utf-8"), ""
    except (OSError, ValueError):
        return None, f"there is no source: {row['file']}"


def _ask(request: dict, row: dict) -> dict | None:
    wanted = _minor(row["python"])
    if wanted == _compat.minor_text():
        return json.loads(json.dumps(disassemble.answer_to(request)))
    for python in _interpreters(wanted, row["executable"]):
        try:
            answer = json.loads(
                subprocess.run(
                    [python, "-I", "-S", disassemble.__file__],
                    input=json.dumps(request),
                    capture_output=True,
                    encoding="utf-8",
                    timeout=60,
                    check=True,
                ).stdout
            )
        except (OSError, subprocess.SubprocessError, ValueError):
            continue  # not the Python that its name promises, or a shim without one
        if _minor(answer["python"]) == wanted:
            return answer
    return None


def _interpreters(minor: str, executable: str) -> Iterable[str]:
    """Where a Python of that version may be: where it was when the program ran, then in PATH."""
    import shutil

    if os.path.isabs(executable) and os.path.basename(executable).startswith("python") and os.access(executable, os.X_OK):
        yield executable
    for name in (f"python{minor}", "python3", "python"):
        found = shutil.which(name)
        if found is not None:
            yield found


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


# --- names ---------------------------------------------------------------------------------------


def _is_file(path: str, named: str) -> bool:
    return path == named or path == os.path.abspath(named) or path.endswith("/" + named.removeprefix("./"))


def _short(path: str) -> str:
    return os.path.relpath(path) if path.startswith(os.getcwd() + "/") else path


def _listing(names: Iterable[str], at_most: int = 8) -> str:
    every = list(names)
    rest = f" and {len(every) - at_most} more" if len(every) > at_most else ""
    return ", ".join(every[:at_most]) + rest
