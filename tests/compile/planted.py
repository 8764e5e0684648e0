"""Are the generated programs good enough? More than a hundred wrong compilers say so.

    python tests/compile/planted.py [--python .venv/bin/python] [--bugs 1-20] [--calls 30000] [--jobs 1]

Builds the compiler with -DHASTEN_PLANTED_BUGS=ON (src/runtime/planted.h lists the bugs; none is in a shipped build), then
runs the programs of tests/compile/exact until each bug has shown a difference from CPython: all bugs on the same programs, see
exact/hunt.py. Such a build leaves LLVM's optimisation out, which is four fifths of the time and has no bug planted.
Fails unless 95 % of the bugs are found and, with no bug chosen, nothing is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HUNT = Path(__file__).parent / "exact" / "hunt.py"
HEADER = ROOT / "src" / "runtime" / "planted.h"
FOUND_SHARE = 0.95


def build(python: str, directory: Path) -> Path:
    """The package directory to put on PYTHONPATH: our Python files and the modules with the planted bugs."""
    configure = ["cmake", "-S", ROOT, "-B", directory, "-G", "Ninja", "-DHASTEN_PLANTED_BUGS=ON",
                 "-DCMAKE_BUILD_TYPE=Release", f"-DPython_EXECUTABLE={Path(python).absolute()}"]  # fmt: skip
    for command in (
        configure,
        ["cmake", "--build", directory, "-j2", "--target", "_runtime", "_compile"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(
                f"the build with planted bugs failed\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            )
    package = directory / "pkg"
    (package / "hasten").mkdir(parents=True, exist_ok=True)
    modules = (directory / "src" / "bindings").glob("_*.so")
    for source in (*(ROOT / "python" / "hasten").iterdir(), *modules):
        target = package / "hasten" / source.name
        target.unlink(missing_ok=True)
        target.symlink_to(source)
    return package


def described(header: Path) -> dict[int, str]:
    """Bug number -> what it does, from the enumerators of planted.h."""
    lines = re.findall(r"^ *(\w+) = (\d+), *///< *(.*)$", header.read_text(), re.MULTILINE)
    return {int(number): f"{name}: {text}" for name, number, text in lines}


def chosen(text: str) -> list[int]:
    numbers = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def hunt(bugs: list[int], options, package: Path, keep: Path, number: int) -> subprocess.Popen:
    """Starts a process that looks for these; it prints a JSON line for each that it finds."""
    table, programs = keep / f"table_{number}", keep / f"programs_{number}"
    programs.mkdir()
    table.write_bytes(bytes(256))
    env = dict(os.environ, PYTHONPATH=str(package), PYTHONHASHSEED="0", HASTEN_JIT_CACHE="off", HASTEN_PLANT_TABLE=str(table))
    command = [options.python, "-W", "ignore", HUNT, "--directory", programs, "--bugs", ",".join(map(str, bugs)), "--calls", str(options.calls),
               "--start", str(options.start), "--density", str(options.density), "--seconds", str(options.seconds)]  # fmt: skip
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def table(names: dict[int, str], bugs: list[int], found: dict[int, dict]) -> str:
    """What each took, for docs/."""
    lines = ["| bug | calls | programs | what it does |", "|--:|--:|--:|---|"]
    for bug in bugs:
        name, _, text = names[bug].partition(": ")
        took = f"{found[bug]['calls']} | {found[bug]['programs']}" if bug in found else "not found | "
        lines.append(f"| {bug} {name} | {took} | {text} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--bugs", default="", help="FIRST-LAST, or numbers with commas; all if not given")
    parser.add_argument(
        "--calls", type=int, default=30_000, help="calls after which a bug counts as not found"
    )
    parser.add_argument("--jobs", type=int, default=1, help="so many processes share the bugs")
    parser.add_argument("--start", type=int, default=0, help="first seed")
    parser.add_argument("--density", type=int, default=1, help="so many times as many calls of each function")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this time")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "planted")
    parser.add_argument("--no-build", action="store_true", help="it is built already")
    options = parser.parse_args()
    begun = time.monotonic()
    package = options.build / "pkg" if options.no_build else build(options.python, options.build)
    print(f"built in {time.monotonic() - begun:.0f} s", flush=True)
    names = described(HEADER)
    bugs = chosen(options.bugs) or sorted(names)
    keep = Path(tempfile.mkdtemp(prefix="hasten_planted_"))
    hunts = [hunt(bugs[n :: options.jobs], options, package, keep, n) for n in range(min(options.jobs, len(bugs)))]
    found: dict[int, dict] = {}
    clean: list[dict] = []
    for process in hunts:
        for line in map(json.loads, process.stdout):
            if "bug" not in line:
                print(json.dumps(line), flush=True)
                continue
            how = " ".join(line["what"].split())[:150]
            if line["bug"] == 0:
                clean.append(line)
                print(f"no bug, seed {line['seed']}: {how}", flush=True)
            else:
                found[line["bug"]] = line
                print(f"bug {line['bug']:3} ({names[line['bug']]}): found after {line['calls']} calls, seed {line['seed']}: {how}", flush=True)
        if process.wait() != 0:
            raise SystemExit("the hunt ended with an error")
    missed = [bug for bug in bugs if bug not in found]
    print(table(names, bugs, found))
    print(f"no bug: {len(clean)} differences")
    print(f"{len(found)} of {len(bugs)} planted bugs found; not: {', '.join(str(bug) for bug in missed) or 'none'}")
    return 1 if len(found) < FOUND_SHARE * len(bugs) or clean else 0


if __name__ == "__main__":
    sys.exit(main())
