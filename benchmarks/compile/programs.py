#!/usr/bin/env python3
"""The programs of benchmarks/compile/programs: CPython, hasten.jit, and on the numeric ones Numba, Cython, mypyc and PyPy.

    .venv/bin/python benchmarks/compile/programs.py [NAME ...] [--rounds 3] [--peers numeric|all|none] [--kind KIND] [--json FILE]

Every tool runs each program in fresh processes, in random order, and its answer must be CPython's (floats of the
other tools up to their last digits). A figure is the median CPU time of warm calls; a ratio is that of the medians of
all rounds, with its 95 % interval. The newest Numba, Cython and mypyc come from PyPI into build/programs-venv, PyPy from
apt; what is absent is said. Cython gets C types for every variable that needs no more, and the fastest options with
which it answers rightly.

Exits 1 if a goal is missed: geometric mean >= 10x CPython on numbers and >= 3x on containers and text; no program slower
than CPython; no numeric one slower than the fastest other tool; first call (compiler loaded and run) < 20 ms where the program
is one function, < 100 ms for every other.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
from pathlib import Path

import program_files
from program_peers import WORKER, Peers, same_answer

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from pair import ratio_of_medians  # noqa: E402

PEERS = ("numba", "cython", "mypyc", "pypy")
MEANS = {"numeric": 10.0, "containers": 3.0}
KERNEL_S, LARGEST_S = 0.020, 0.100


class Program:
    """What was measured of one program."""

    def __init__(self, name: str):
        self.name, self.module = name, program_files.load(name)
        self.figures: dict[str, list[float]] = {}
        self.answers: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        self.lines: dict[str, int] = {}

    def run(self, tool: str, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            self.failed[tool] = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:200]
            return
        told = json.loads(done.stdout.splitlines()[-1])
        self.figures.setdefault(tool, []).append(told["seconds"])
        self.answers[tool] = told.get("answer", "")
        self.lines = told.get("lines", self.lines)

    def judge_answers(self) -> None:
        """A wrong answer has no speed."""
        right = self.answers["cpython"]
        for tool in [tool for tool in self.figures if tool not in ("cpython", "first")]:
            given = self.answers[tool]
            if not (given == right if tool == "hasten" else same_answer(right, given)):
                self.failed[tool] = f"answers {given[:60]}, not {right[:60]}"
                del self.figures[tool]

    def over(self, tool: str) -> tuple[float, float, float]:
        """The tool's time over Hasten's, with the interval: above 1, Hasten is faster."""
        return ratio_of_medians(self.figures[tool], self.figures["hasten"])

    @property
    def share_native(self) -> float:
        every = sum(self.lines.values())
        return (self.lines.get("native", 0) + self.lines.get("checked", 0)) / every if every else 0.0

    @property
    def first_s(self) -> float:
        return statistics.median(self.figures["first"])

    @property
    def first_limit_s(self) -> float:
        return KERNEL_S if len(program_files.functions(self.module)) == 1 else LARGEST_S

    def text(self) -> str:
        if "hasten" not in self.figures:
            return f"{self.name:20} hasten: {self.failed['hasten']}"
        ratio, low, high = self.over("cpython")
        cells = [f"{self.name:20} {statistics.median(self.figures['cpython']) * 1e3:7.1f} ms {ratio:6.1f}x [{low:.1f}, {high:.1f}]"]
        cells.append(f"{self.share_native * 100:3.0f} % native, first {self.first_s * 1e3:5.1f} ms")
        for tool in PEERS:
            if tool in self.figures:
                cells.append(f"{tool} {self.over(tool)[0]:.2f}")
            elif tool in self.failed:
                cells.append(f"{tool}: {self.failed[tool]}")
        return "  ".join(cells)

    def missed(self) -> list[str]:
        if "hasten" not in self.figures:
            return [f"{self.name}: hasten {self.failed['hasten']}"]
        missed = []
        ratio, low, high = self.over("cpython")
        if ratio < 1 and high < 1:
            missed.append(f"{self.name} is slower than CPython: {ratio:.2f}x [{low:.2f}, {high:.2f}]")
        if self.module.KIND == "numeric":
            for tool in [tool for tool in PEERS if tool in self.figures]:
                ratio, low, high = self.over(tool)
                if ratio < 1 and high < 1:
                    missed.append(f"{self.name} is slower than {tool}: {ratio:.2f}x [{low:.2f}, {high:.2f}]")
        if self.first_s > self.first_limit_s:
            missed.append(f"{self.name}: first call {self.first_s * 1e3:.1f} ms > {self.first_limit_s * 1e3:.0f} ms")
        return missed


def measure(programs: list[Program], peers: Peers, which: str, rounds: int) -> None:
    turns = []
    for program in programs:
        tools = ["cpython", "hasten", "first"]
        if which == "all" or program.module.KIND == which:
            for tool in PEERS:
                if peers.ready(tool, program.name):
                    tools.append(tool)
                elif (tool, program.name) in peers.failed:
                    program.failed[tool] = peers.failed[tool, program.name]
        turns += [(program, tool) for tool in tools]
    order = random.Random()
    for number in range(rounds):
        for at, (program, tool) in enumerate(order.sample(turns, len(turns))):
            if sys.stderr.isatty():
                print(f"\rround {number + 1} of {rounds}, {at} of {len(turns)} ", end="", file=sys.stderr, flush=True)
            if tool in program.failed:
                continue
            own = [sys.executable, str(WORKER), tool, program.name, "-"]
            program.run(tool, peers.command(tool, program.name) if tool in PEERS else own)
    if sys.stderr.isatty():
        print(file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", choices=["numeric", "all", "none"], default="numeric")
    parser.add_argument("--kind", choices=list(MEANS))
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    programs = [Program(name) for name in args.names or program_files.names()]
    programs = [program for program in programs if args.kind in (None, program.module.KIND)]
    peers = Peers(HERE.parents[1] / "build" / "programs", list(PEERS) if args.peers != "none" else [])
    print(f"Python {sys.version.split()[0]}, {args.rounds} rounds; " + ", ".join(f"{t} {v}" for t, v in peers.versions.items()))
    for tool, why in peers.absent.items():
        print(f"absent: {tool}: {why}")
    measure(programs, peers, args.peers, args.rounds)
    missed = []
    for kind, least in MEANS.items():
        own = [program for program in programs if program.module.KIND == kind]
        for program in own:
            program.judge_answers()
        if not own:
            continue
        print(f"\n{kind}: CPython's time, Hasten's gain on it, and behind each other tool its time over Hasten's")
        ratios = []
        for program in own:
            print(program.text())
            missed += program.missed()
            if "hasten" in program.figures:
                ratios.append(program.over("cpython")[0])
        mean = statistics.geometric_mean(ratios) if ratios else 0.0
        print(f"geometric mean of {len(ratios)}: {mean:.1f}x")
        if mean < least and not args.names:
            missed.append(f"{kind}: geometric mean {mean:.1f}x < {least:.0f}x")
    if args.json:
        told = {p.name: {"kind": p.module.KIND, "seconds": p.figures, "lines": p.lines, "failed": p.failed} for p in programs}
        Path(args.json).write_text(json.dumps({"versions": peers.versions, "programs": told, "missed": missed}, indent=1))
    print("\n" + ("\n".join(f"MISSED {line}" for line in missed) or "every goal is met"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
