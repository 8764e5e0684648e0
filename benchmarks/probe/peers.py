#!/usr/bin/env python3
"""Hasten and other profilers on programs whose truth is known, side by side.

    python benchmarks/probe/peers.py [--runs 5] [--seconds 3] [--interval 0.001] [--only WORD] [--json FILE]

The newest py-spy, Austin, pyinstrument, Scalene and line_profiler come from PyPI, each into an environment of its own
under build/peers; the sampler of CPython 3.15 is there if `make test-new` has run. All that have an interval get the
same. Each run has a plain run of the same Python beside it, in random order, both in fresh processes:

    lines       four equal lines: total variation distance, of the lines among themselves
    pair, call  share of the first of two functions: its distance from what the plain run's own clock says
    impossible  alternating chains: the share of samples whose stack never was
    lost        the share of samples that the tool itself reports as failed or missed
    samples/s   samples for each second of CPU time of the plain run
    wall, CPU   the whole command over the plain run, with the tool's start-up and report and its own processes
    own         the CPU time of the two functions by the program's own clock, over that of the plain run

Accuracy is the median of the runs, cost the median of all paired ratios with its 95 % interval. Exit code 1: Hasten
is beyond what benchmarks/probe/known_truth.py allows and chance explains. Where another tool is better, a line says so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import own_venv
import peer_tools
from peer_tools import TOOLS, Had, Tool

from hasten.selftest import chance
from hasten.selftest.judges import normal
from hasten.selftest.known import PROGRAMS
from hasten.selftest.run import rounds_for

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from overhead import median_and_interval

LINES, PAIR, CALL, CHAINS = (PROGRAMS / name for name in ("four_lines.py", "pair.py", "call_or_inline.py", "chains.py"))
ACCURACY = {"lines": LINES, "pair": PAIR, "call": CALL, "impossible": CHAINS}
COSTS = ("wall", "cpu", "own")
DISTANCE_LIMIT, LOST_LIMIT = 0.015, 0.001
PATIENCE = 60  # times as long as the plain run, and a minute: a tool may make a program that slow and is then given up


class Spent(NamedTuple):
    """What one command took, all its processes together, and what the program and the tool printed."""

    wall_s: float
    cpu_s: float
    said: dict
    noise: str


class Failed(Exception):
    """A tool did not do what it was asked; the text says what."""


def spend(command: list[str], folder: Path, limit_s: float = 3600) -> Spent:
    with (folder / "stdout").open("w+") as out, (folder / "stderr").open("w+") as err:
        begin = time.perf_counter()
        before = os.times()
        # A session of its own: a tool that is given up goes with the program that it started.
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder, start_new_session=True
        )  # fmt: skip
        try:
            child.wait(limit_s)
        except BaseException as error:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise Failed(f"not done after {limit_s:.0f} s") from None
            raise
        wall_s, after = time.perf_counter() - begin, os.times()
        out.seek(0)
        err.seek(0)
        text, noise = out.read(), err.read()
    said = [line for line in text.splitlines() if line.startswith('{"answer"')]
    if child.returncode or not said:
        last = (noise.strip().splitlines() or ["it said nothing"])[-1]
        raise Failed(f"exit code {child.returncode}: {last[:160]}")
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(wall_s, cpu_s, json.loads(said[0]), text + noise)


class Row:
    """The figures of one tool, a list for each, one item a run."""

    def __init__(self, tool: Tool, had: Had):
        self.tool, self.had = tool, had
        self.figures: dict[str, list[float]] = {name: [] for name in (*ACCURACY, *COSTS, "lost", "rate")}
        self.counts: dict[str, list[float]] = {name: [] for name in ACCURACY}
        self.failures: list[str] = []

    def run(self, what: str, rounds: int, interval_s: float, order: random.Random) -> None:
        script = ACCURACY[what]
        program = [str(script), str(rounds)]
        with tempfile.TemporaryDirectory(prefix="hasten-peers-") as name:
            folder = Path(name)
            out = folder / "out"
            sides = {
                "plain": [self.had.python, *program],
                "tool": self.tool.start(self.had, interval_s, out, program),
            }
            spent: dict[str, Spent] = {}
            for side in order.sample(sorted(sides), 2):
                known_s = spent["plain"].wall_s if "plain" in spent else 30
                spent[side] = spend(sides[side], folder, 60 + PATIENCE * known_s)
            plain, tool = spent["plain"], spent["tool"]
            if plain.said["answer"] != tool.said["answer"]:
                raise Failed(f"{script.name} computed {tool.said['answer']} instead of {plain.said['answer']}")
            told = self.tool.read(self.had, out, tool.noise, script)
        self.add("wall", tool.wall_s / plain.wall_s)
        self.add("cpu", tool.cpu_s / plain.cpu_s)
        self.add("lost", told.lost)
        self.add("rate", told.samples / plain.cpu_s if told.samples is not None else None)
        self.counts[what].append(told.samples or 0)
        if "seconds" in plain.said:
            self.add("own", sum(tool.said["seconds"].values()) / sum(plain.said["seconds"].values()))
        if what == "lines":
            error = chance.distance(normal(told.lines), dict.fromkeys("abcd", 0.25))
            self.add(what, error if any(told.lines.values()) else 1.0)
        elif what == "impossible":
            self.add(what, impossible_share(told, plain.said["callers"]))
        else:
            true = normal(plain.said["seconds"])
            first = next(iter(true))
            seen = normal({key: told.functions.get(key, 0.0) for key in true})
            self.add(what, abs(seen[first] - true[first]) if any(seen.values()) else 1.0)

    def add(self, name: str, value: float | None) -> None:
        if value is not None:
            self.figures[name].append(value)

    def median(self, name: str) -> float | None:
        return statistics.median(self.figures[name]) if self.figures[name] else None

    def beyond(self) -> list[str]:
        """What of Hasten's promises this row breaks by more than chance."""
        count = min(self.counts["lines"], default=0)
        two = min(self.counts["pair"] + self.counts["call"], default=0)
        bounds = {
            "lines": DISTANCE_LIMIT + chance.distance_by_chance([0.25] * 4, count),
            "pair": DISTANCE_LIMIT + chance.SIGMAS * 0.5 / max(1, two) ** 0.5,
            "call": DISTANCE_LIMIT + chance.SIGMAS * 0.5 / max(1, two) ** 0.5,
            "impossible": 0.0,
            "lost": LOST_LIMIT,
        }
        seen = {name: self.median(name) if name != "impossible" else max(self.figures[name], default=None) for name in bounds}
        broken = [f"{name} {seen[name]:.4f} > {bound:.4f}" for name, bound in bounds.items() if (seen[name] or 0.0) > bound]
        return broken + [f"{name} not measured" for name in bounds if seen[name] is None] + self.failures


def impossible_share(told: peer_tools.Told, callers: dict[str, list[str]]) -> float | None:
    """The weight of stacks in which a function is under one that never calls it, of all."""
    if told.stacks is None:
        return None
    bad = whole = 0.0
    for names, weight in told.stacks:
        whole += weight
        pairs = zip([None, *names], names, strict=False)
        bad += weight * any(callee in callers and caller is not None and caller not in callers[callee] for caller, callee in pairs)
    return bad / whole if whole else None


def table(rows: list[Row]) -> list[str]:
    head = ["", "lines", "pair", "call", "impossible", "lost", "samples/s", "wall", "CPU", "own"]
    cells = [head]
    for row in rows:
        cells.append(
            [
                row.tool.name,
                *(share(row.median(name)) for name in ACCURACY), share(row.median("lost")),
                "-" if row.median("rate") is None else f"{row.median('rate'):.0f}",
                *(ratio(row.figures[name]) for name in COSTS),
            ]
        )  # fmt: skip
    widths = [max(len(line[at]) for line in cells) for at in range(len(head))]
    return ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def ratio(values: list[float]) -> str:
    if not values:
        return "-"
    middle, low, high = median_and_interval(values)
    return f"{middle:.3f}x [{low:.3f}, {high:.3f}]"


def better(rows: list[Row]) -> list[str]:
    """Each figure in which another tool's median is better than Hasten's."""
    own, lines = rows[0], []
    for name in (*ACCURACY, "lost", *COSTS):
        ours = own.median(name)
        form = "{:.3f}x" if name in COSTS else "{:.2%}"
        for row in rows[1:]:
            theirs = row.median(name)
            if not row.tool.name.startswith("Hasten") and ours is not None and theirs is not None and theirs < ours:
                figures = f"{form.format(theirs)} against {form.format(ours)}"
                lines.append(f"better than Hasten in {name}: {row.tool.name.strip()}, {figures}")
    return lines


def measure(rows: list[Row], runs: int, seconds: float, interval_s: float) -> None:
    """All runs, each of every tool and program in random order. Ctrl-C ends it with what there is."""
    rounds: dict[tuple[str, str], int] = {}
    for row in rows:
        for what, script in ACCURACY.items():
            key = (os.path.realpath(row.had.python), what)
            if key not in rounds:
                rounds[key] = rounds_for(row.had.python, script, seconds)
    order = random.Random()
    turns = [(row, what) for row in rows for what in ACCURACY]
    try:
        for number in range(runs):
            for at, (row, what) in enumerate(order.sample(turns, len(turns))):
                print(f"\rrun {number + 1} of {runs}, {at} of {len(turns)} pairs ", end="", file=sys.stderr, flush=True)
                try:
                    row.run(what, rounds[os.path.realpath(row.had.python), what], interval_s, order)
                except (Failed, OSError, ValueError, KeyError, subprocess.CalledProcessError) as error:
                    row.failures.append(f"{what}: {type(error).__name__}: {error}")
    except KeyboardInterrupt:
        print("\nstopped: the figures of what was done so far", end="")
    print(file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="CPU time of the plain run")
    parser.add_argument("--interval", type=float, default=0.001, help="seconds between samples")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="Hasten and the tools with this in their name")
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    rows = []
    for tool in TOOLS:
        if args.only and tool.name != "Hasten" and not any(word in tool.name for word in args.only):
            continue
        try:
            rows.append(Row(tool, tool.have()))
            print(f"{tool.name.strip()}: {rows[-1].had.version}", flush=True)
        except (own_venv.Missing, peer_tools.new_pythons.Missing) as error:
            print(f"{tool.name.strip()}: not measured: {error}", flush=True)
    measure(rows, args.runs, args.seconds, args.interval)
    load = os.getloadavg()[0]
    print(f"\n{args.runs} runs of {args.seconds:g} s of CPU, interval {args.interval * 1e3:g} ms where there is one, load {load:.1f}")
    print("\n".join(table(rows)))
    for row in rows:
        for failure in row.failures:
            print(f"failed: {row.tool.name.strip()}, {failure}")
    print("\n".join(better(rows)))
    broken = [f"{row.tool.name}: {what}" for row in rows if row.tool.name.startswith("Hasten") for what in row.beyond()]
    print("\n".join(broken) or "Hasten is within its limits")
    if args.json:
        Path(args.json).write_text(
            json.dumps({row.tool.name.strip(): {"version": row.had.version, **row.figures} for row in rows}, indent=1)
        )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
