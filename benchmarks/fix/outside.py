"""A clock that is not ours: hyperfine, which times two commands by turns."""

from __future__ import annotations

import functools
import json
import random
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from pair import RunFailed, compare, ratio_of_medians

FOLDER = Path(__file__).resolve().parents[2] / "build" / "hyperfine"


@functools.cache
def hyperfine() -> str | None:
    """The program; Debian's package, unpacked under build/ and not installed, where there is none. None: it cannot be had."""
    program = shutil.which("hyperfine") or FOLDER / "usr" / "bin" / "hyperfine"
    if Path(program).exists():
        return str(program)
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["apt-get", "download", "-q", "hyperfine"], cwd=FOLDER, check=True, capture_output=True)
        package = next(FOLDER.glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", package, FOLDER], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError, StopIteration):
        return None
    return str(program) if Path(program).exists() else None


def name() -> str:
    return "hyperfine" if hyperfine() else "pair.py"


def clock(old: list[str], new: list[str], folder: str, rounds: int) -> tuple[float, float, float]:
    """(ratio, low, high) of old over new, over so many runs a side, the sides by turns in diced order. Raises RunFailed."""
    program = hyperfine()
    if program is None:
        result = compare(old, new, rounds=rounds)
        return result.ratio, result.low, result.high
    dice, times = random.Random(), {0: [], 1: []}
    for turn in range(rounds + 1):
        sides = [0, 1]
        dice.shuffle(sides)
        for side in sides:
            seconds = _once(program, (old, new)[side], folder)
            if turn:  # the first warms caches
                times[side].append(seconds)
    return ratio_of_medians(times[0], times[1])


def _once(program, command, folder):
    # One run each time: hyperfine itself would time one side after the other, and a machine that gets slower between them.
    table = Path(folder, "hyperfine.json")
    done = subprocess.run([program, "-N", "--style", "none", "--runs", "1", "--export-json", str(table),
                           shlex.join(command)],
                          cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RunFailed(f"hyperfine: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    (result,) = json.loads(table.read_text())["results"]
    return result["times"][0]
