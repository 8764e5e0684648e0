"""The true shares of a program, from instruction counts: callgrind counts repeat to the last digit, where clocks on
a shared machine do not.

A line's cost is what one more copy of it adds; a function's, what one more call of it adds.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from hasten.selftest.known import PROGRAMS

FOUR_LINES, PAIR, CALL_OR_INLINE = (
    (PROGRAMS / name).read_text() for name in ("four_lines.py", "pair.py", "call_or_inline.py")
)
_CACHE = Path(__file__).resolve().parents[2] / "build" / "known-truth.json"


def cached(measure):
    """Counts are the same every time and take a minute: they are kept under build/, by interpreter and programs."""

    @functools.wraps(measure)
    def remembered(python: str, *args: str) -> dict:
        real = os.path.realpath(python)
        text = repr((measure.__name__, args, real, os.stat(real).st_mtime_ns, FOUR_LINES, Path(__file__).read_text()))
        key = hashlib.sha256(text.encode()).hexdigest()
        known = json.loads(_CACHE.read_text()) if _CACHE.exists() else {}
        if key not in known:
            known[key] = measure(python, *args)
            _CACHE.parent.mkdir(exist_ok=True)
            beside = _CACHE.with_suffix(f".{os.getpid()}")
            beside.write_text(json.dumps(known))
            beside.replace(_CACHE)
        return known[key]

    return remembered


@functools.cache
def instructions(python: str, text: str, rounds: int) -> int:
    """Instructions of one run of `text`."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "program.py"
        script.write_text(text)
        out = Path(folder) / "out"
        subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "-q", python, "-S", str(script), str(rounds)],
            capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"},
        )
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE).group(1))


def per_round(python: str, text: str, rounds: int) -> float:
    """Instructions that one more round adds."""
    return (instructions(python, text, 3 * rounds) - instructions(python, text, rounds)) / (2 * rounds)


@cached
def four_lines(python: str) -> dict[str, float]:
    """Shares of the four heavy lines among themselves."""
    rounds = 100
    lines = FOUR_LINES.splitlines()
    base = per_round(python, FOUR_LINES, rounds)
    cost = {}  # of the lines alone: the loop's own share depends on more than instructions
    for name in "abcd":
        at = next(i for i, line in enumerate(lines) if line.endswith(f"# line {name}"))
        doubled = "\n".join([*lines[: at + 1], lines[at], *lines[at + 1 :]]) + "\n"
        cost[name] = per_round(python, doubled, rounds) - base
    total = sum(cost.values())
    return {name: value / total for name, value in cost.items()}


@cached
def functions(python: str, text: str, first: str, second: str) -> dict[str, float]:
    """Shares of two calls that a loop makes one after the other, all that they call included."""
    rounds = 8
    cost = {}
    for name in (first, second):
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.strip().startswith(f"total += {name}("))
        doubled = "\n".join([*lines[: at + 1], lines[at], *lines[at + 1 :]]) + "\n"
        cost[name] = per_round(python, doubled, rounds) - per_round(python, text, rounds)
    total = sum(cost.values())
    return {name: value / total for name, value in cost.items()}


def all_truths(python: str) -> dict[str, dict[str, float]]:
    return {
        "four lines": four_lines(python),
        "75/25 pair": functions(python, PAIR, "three", "one"),
        "call or inlined": functions(python, CALL_OR_INLINE, "calls", "inlined"),
    }
