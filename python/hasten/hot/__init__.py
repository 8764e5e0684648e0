"""Compiles the hot functions of an unmodified program as it runs: `hasten run --jit`.

The program does it for itself (within.py), in every call at the safe points of its interpreter; it is brought in by a sitecustomize of ours, which then
lets the one that was there have its turn. What was compiled and what was refused is told in files of a folder, a line each, so
that nothing is lost when the program is killed.
"""

import json
import os
from pathlib import Path

VARIABLE = "HASTEN_HOT"
_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = os.path.dirname(_HERE)


def environment(folder: str) -> dict[str, str]:
    """The environment of a program that compiles its hot functions and tells of it in files of the folder.

    The program puts PYTHONPATH back as it was. HASTEN_JIT_UNSEEN=eager compiles at the first sample, whatever it costs (for tests).
    """
    variables = dict(os.environ)
    theirs = variables.get("PYTHONPATH")
    site = os.path.join(_HERE, "site")
    variables["PYTHONPATH"] = f"{site}{os.pathsep}{theirs}" if theirs else site
    variables[VARIABLE] = "\n".join(["" if theirs is None else f"={theirs}", folder, _PACKAGE, os.environ.get("HASTEN_JIT_UNSEEN", "")])
    return variables


def read(folder: str) -> dict:
    """What was told: `begun` (whether the program could), `processes`, and rows for `compiled`, `refused` and `notes`."""
    compiled: dict[tuple, dict] = {}
    refused: dict[tuple, dict] = {}
    notes: list[str] = []
    begun = False
    compile_s = 0.0
    for path in sorted(Path(folder).glob("*.jsonl")):
        begun = True
        last: dict[tuple, dict] = {}
        for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                told = json.loads(text)
            except ValueError:
                continue  # the process was killed while it wrote
            if "note" in told:
                notes += [told["note"]] if told["note"] else []
                continue
            if "compile_s" in told:
                compile_s += told["compile_s"]
                continue
            key = (told["file"], told["function"], told["line"])
            if told["what"] == "refused":
                refused[key] = told
            else:
                last[key] = told  # what is told later of the same process holds
        for key, told in last.items():
            row = compiled.setdefault(key, {**told, "calls": 0, "left": 0, "python_calls": 0, "reasons": []})
            for name in ("calls", "left", "python_calls"):
                row[name] += told.get(name, 0)
            row["what"] = told["what"]
            row["reasons"] = sorted({*row["reasons"], *told.get("reasons", [])})
    native, gone = [], []
    for row in compiled.values():
        is_native = row["what"] == "compiled" and row["calls"] > 0
        (native if is_native else gone).append(row)
        if not is_native and not row["reasons"]:
            row["reasons"] = ["it was not called again" if row["what"] == "compiled" else "its native code was given up"]
    return {
        "begun": begun,
        "compile_s": compile_s,
        "compiled": sorted(native, key=lambda row: -row["calls"]),
        "refused": sorted([*refused.values(), *gone], key=lambda row: -row.get("samples", 0)),
        "notes": sorted(set(notes)),
    }
