#!/usr/bin/env python3
"""What `hasten run` costs at the default rate: programs of pyperformance, and threads that fight for the GIL.

    python benchmarks/probe/suite_overhead.py [--pairs 8] [--seconds 4] [--only WORD] [--rate HZ] [--python PYTHON]

As in benchmarks/overhead.py a plain and a measured process take turns, strip by strip in random order, and each
ratio is of one such pair, by the program's own clocks. The loops of a strip are found once for each program. Limits:
1.02x over all programs and for the threads; no program whose whole 95 % interval is beyond it; 100 KB of capture for
each second that the program computes.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import own_venv

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from overhead import Turns, median_and_interval

LIMIT = 1.02
BYTES_LIMIT = 100_000
STRIP_S = 0.05
PROGRAM = Path(__file__).with_name("suite_program.py")


class Program(NamedTuple):
    """A benchmark: its directory in pyperformance (none: our threads), its own name, its arguments."""

    name: str
    directory: str
    benchmark: str
    arguments: tuple[str, ...] = ()


SUITE = (
    Program("async_tree none", "bm_async_tree", "async_tree_none", ("none",)),
    Program("async_tree io", "bm_async_tree", "async_tree_io", ("io",)),
    Program("async_tree cpu_io_mixed", "bm_async_tree", "async_tree_cpu_io_mixed", ("cpu_io_mixed",)),
    Program("async_tree memoization", "bm_async_tree", "async_tree_memoization", ("memoization",)),
    Program("docutils", "bm_docutils", "docutils"),
    Program("fannkuch", "bm_fannkuch", "fannkuch"),
    Program("mdp", "bm_mdp", "mdp"),
    Program("pprint", "bm_pprint", "pprint_pformat"),
    Program("raytrace", "bm_raytrace", "raytrace"),
    Program("sympy", "bm_sympy", "sympy_str", ("str",)),
    Program("deltablue", "bm_deltablue", "deltablue"),
    Program("pickle_pure_python", "bm_pickle", "pickle_pure_python", ("--pure-python", "pickle")),
    Program("spectral_norm", "bm_spectral_norm", "spectral_norm"),
    Program("nbody", "bm_nbody", "nbody"),
    Program("go", "bm_go", "go"),
    Program("scimark", "bm_scimark", "scimark_sor", ("sor",)),
)
THREADS = Program("threads and the GIL", "", "gil")


class Side(Turns):
    """A process that answers each number of loops with the time that they took."""

    def take(self, loops: int) -> tuple[float, float]:
        self.process.stdin.write(f"{loops}\n")
        for line in self.process.stdout:
            if line.startswith("turn "):
                _, wall, cpu, did = line.split()
                if int(did) == loops:
                    return float(wall), float(cpu)
        raise SystemExit(f"{' '.join(map(str, self.process.args))} ended too early")


def strips(plain: list[str], seconds: float) -> tuple[int, int]:
    """Loops of a strip, and how many strips are a run: whole loops, at least three strips."""
    side = Side(plain)
    side.take(1)  # what is done only once
    loops = 1
    while (cpu := side.take(loops)[1]) < STRIP_S:
        loops = max(2 * loops, round(loops * STRIP_S / max(cpu, 1e-4))) if cpu < STRIP_S / 2 else loops + 1
    side.end()
    return loops, max(3, round(seconds / cpu))


class Pair(NamedTuple):
    """Measured over plain of one pair of processes; and the capture's bytes for a second of computing."""

    wall: float
    cpu: float
    bytes_a_second: float


def one_pair(plain: list[str], rate: list[str], loops: int, count: int, order: random.Random) -> Pair:
    with tempfile.TemporaryDirectory(prefix="hasten-suite-") as folder:
        capture = Path(folder) / "x.hasten"
        measured = [sys.executable, "-m", "hasten", "run", "--python", plain[0], *rate, "--out", str(capture), *plain[1:]]
        sides = [Side(plain), Side(measured)]
        spent = [[0.0, 0.0], [0.0, 0.0]]
        for side in sides:
            side.take(1)
        for _ in range(count):
            for at in order.sample([0, 1], 2):
                wall, cpu = sides[at].take(loops)
                spent[at][0] += wall
                spent[at][1] += cpu
        for side in sides:
            side.end()
        if not capture.exists():
            raise SystemExit(f"no capture of {' '.join(plain)}")
        return Pair(spent[1][0] / spent[0][0], spent[1][1] / spent[0][1], capture.stat().st_size / spent[1][0])


def line(name: str, ratios: list[float]) -> str:
    middle, low, high = median_and_interval(ratios)
    return f"{name} {middle:.4f}x [{low:.4f} to {high:.4f}]"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4, help="CPU time of each process")
    parser.add_argument("--only", action="append", default=[], metavar="WORD")
    parser.add_argument("--rate", help="samples a CPU-second, instead of the default rate")
    parser.add_argument("--python", help="runs the programs, with this Python's packages; the default is this Python")
    args = parser.parse_args()
    try:
        folder = own_venv.made("suite", ["pyperformance", "docutils", "sympy"])
    except own_venv.Missing as error:
        raise SystemExit(f"pyperformance cannot be had: {error}") from None
    python = args.python or str(folder / "python")
    packages = next(folder.parent.glob("lib/*/site-packages"))
    scripts = packages / "pyperformance" / "data-files" / "benchmarks"
    if args.python:  # what the programs import is pure Python
        os.environ["PYTHONPATH"] = os.pathsep.join([str(packages), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]).rstrip(os.pathsep)
    version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
    suite = f"pyperformance {own_venv.version(folder, 'pyperformance')}"
    print(f"{version}, {suite}, {args.pairs} pairs of {args.seconds:g} s of CPU each")
    rate = ["--rate", args.rate] if args.rate else []
    order = random.Random()
    rows: dict[str, list[Pair]] = {}
    good = True
    for program in (*SUITE, THREADS):
        if args.only and not any(word in program.name for word in args.only):
            continue
        words = [str(scripts / program.directory / "run_benchmark.py")] if program.directory else []
        plain = [python, str(PROGRAM), *words, program.benchmark, *program.arguments]
        loops, count = strips(plain, args.seconds)
        pairs = rows[program.name] = [one_pair(plain, rate, loops, count, order) for _ in range(args.pairs)]
        wall, cpu, sizes = (list(column) for column in zip(*pairs, strict=True))
        size = median_and_interval(sizes)[0]
        beyond = max(median_and_interval(wall)[1], median_and_interval(cpu)[1]) > LIMIT or size > BYTES_LIMIT
        good &= not beyond
        print(
            f"{program.name:<24} {line('wall', wall)}  {line('CPU', cpu)}  {size / 1e3:5.1f} KB/s  {count} strips"
            f"{'  BEYOND' if beyond else ''}",
            flush=True,
        )
    groups = {"over all": [pair for name, pairs in rows.items() if name != THREADS.name for pair in pairs]}
    groups[THREADS.name] = rows.get(THREADS.name, [])
    for name, pairs in groups.items():
        if pairs:
            wall, cpu = [pair.wall for pair in pairs], [pair.cpu for pair in pairs]
            over = [figures for figures in map(median_and_interval, (wall, cpu)) if figures[0] > LIMIT]
            good &= not over
            unsure = "  over, but the interval holds the limit: too few pairs, or too busy a machine"
            doubt = unsure if over and all(low <= LIMIT for _, low, _ in over) else ""
            print(f"{name:<24} {line('wall', wall)}  {line('CPU', cpu)}{doubt}")
    print(f"{'within' if good else 'over'} {LIMIT}x and {BYTES_LIMIT / 1e3:.0f} KB/s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
