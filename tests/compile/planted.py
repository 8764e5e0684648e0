"""Are the generated programs good enough? More than a hundred wrong compilers say so.

    python tests/compile/planted.py [--python .venv/bin/python] [--bugs 1-20] [--calls 30000] [--jobs 2]

Builds the compiler with -DHASTEN_PLANTED_BUGS=ON (src/runtime/planted.h lists the bugs; none is in a shipped build),
then runs the generator of tests/compile/exact once for each bug, chosen by HASTEN_PLANT=N, until it shows a
difference from CPython. Such a build leaves LLVM's optimisation out, which is four fifths of the time and has no bug planted.
Fails unless 95 % of the bugs are found and, with no bug chosen, nothing is.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent / "exact"))
from pool import run_seeds  # noqa: E402

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


def hunt(bug: int | None, package: Path, python: str, calls: int, keep: Path, jobs: int):
    env = {"PYTHONPATH": str(package)}
    env["HASTEN_PLANT"] = str(bug) if bug else ""
    name = f"bug_{bug}" if bug else "no_bug"
    return run_seeds(
        iter(range(10**9)), directory=keep / name, python=python, env=env, jobs=jobs,
        stop_when=lambda totals: differences(totals) or totals.calls >= calls,
    )  # fmt: skip


def differences(totals) -> list:
    """What was found, without workers that gave no answer in time: on a busy machine that says nothing of the bug."""
    return [finding for finding in totals.findings if not finding.what.startswith("hang")]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--bugs", default="", help="FIRST-LAST, or numbers with commas; all if not given")
    parser.add_argument(
        "--calls", type=int, default=30_000, help="calls after which a bug counts as not found"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "planted")
    options = parser.parse_args()
    begun = time.monotonic()
    package = build(options.python, options.build)
    print(f"built in {time.monotonic() - begun:.0f} s", flush=True)
    names = described(HEADER)
    bugs = chosen(options.bugs) or sorted(names)
    keep = Path(tempfile.mkdtemp(prefix="hasten_planted_"))
    missed = []
    for bug in bugs:
        begun = time.monotonic()
        totals = hunt(bug, package, options.python, options.calls, keep, options.jobs)
        found = differences(totals)
        if found:
            how = " ".join(found[0].what.split())[:150]
            outcome = f"found after {totals.calls} calls, {time.monotonic() - begun:.0f} s: {how}"
        else:
            outcome = f"NOT FOUND in {totals.calls} calls"
            missed.append(bug)
        print(f"bug {bug:3} ({names.get(bug, '?')}): {outcome}", flush=True)
    clean = hunt(None, package, options.python, options.calls, keep, options.jobs)
    print(f"no bug: {len(clean.findings)} differences in {clean.calls} calls")
    for finding in clean.findings:
        print(f"  seed {finding.seed}: {finding.what}")
    found_count = len(bugs) - len(missed)
    print(f"{found_count} of {len(bugs)} planted bugs found; not: {', '.join(str(bug) for bug in missed) or 'none'}")
    return 1 if found_count < FOUND_SHARE * len(bugs) or differences(clean) else 0


if __name__ == "__main__":
    sys.exit(main())
