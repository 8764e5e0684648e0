#!/usr/bin/env python3
"""Runs every benchmark of benchmarks/README.md one after the other, and ends with a line each.

    .venv/bin/python benchmarks/all.py [WORD ...]      only those whose command contains a WORD

A benchmark is a command in the table there; it exits 0 if its figure holds.
"""

import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def commands(text: str) -> list[str]:
    """The commands of the table, in its order."""
    return re.findall(r"^\| .*\| `((?:python|make) [^`]+)` \|$", text, re.MULTILINE)


def main(words: list[str]) -> int:
    rows = []
    for command in commands((ROOT / "benchmarks" / "README.md").read_text()):
        if words and not any(word in command for word in words):
            continue
        print(f"\n$ {command}", flush=True)
        start = time.monotonic()
        parts = shlex.split(command)
        code = subprocess.run([sys.executable if parts[0] == "python" else parts[0], *parts[1:]], cwd=ROOT).returncode
        rows.append((code, time.monotonic() - start, command))
    print()
    for code, seconds, command in rows:
        print(f"{'ok' if code == 0 else f'exit code {code}':<12} {seconds:6.0f} s  {command}")
    return 0 if rows and not any(code for code, _, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
