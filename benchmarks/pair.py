#!/usr/bin/env python3
"""Decide whether B is faster than A: whole processes, interleaved in random order, one after the other.

    benchmarks/pair.py --a "python3 old.py" --b "python3 new.py" --expect 33219980

Every round runs both once, in an order drawn anew, so that a machine that slows down for a while slows both. The
answer is the ratio of the medians (A over B: above 1, B is faster) with a 95 % interval from resampling the rounds,
and a verdict only where that interval leaves out 1. A run that fails, or does not print what it must, ends the
comparison: a wrong answer has no speed.

Exit code: 0 B is faster, 1 B is slower (or over --max-ratio), 3 cannot tell, 2 a run failed.

As a library: compare([...], [...]).text() from another benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

ROUNDS_MIN = 6  # below this a resampled interval is an illusion
RESAMPLES = 4000
PRINTED = re.compile(r"^seconds:? +([0-9.eE+-]+)\s*$", re.MULTILINE)


class RunFailed(Exception):
    """A run ended badly or printed something else than it must."""


@dataclass
class Comparison:
    """What the rounds showed. Times are seconds; `ratio` is median(A) / median(B)."""

    metric: str
    a: list[float] = field(default_factory=list)
    b: list[float] = field(default_factory=list)
    ratio: float = 0.0
    low: float = 0.0
    high: float = 0.0

    @property
    def verdict(self) -> str:
        """'faster', 'slower' (of B), or 'cannot tell' where the interval covers 1."""
        if len(self.a) < ROUNDS_MIN or self.low <= 1.0 <= self.high:
            return "cannot tell"
        return "faster" if self.low > 1.0 else "slower"

    def text(self) -> str:
        """Two lines for a person."""
        medians = f"A {statistics.median(self.a):.4g} s, B {statistics.median(self.b):.4g} s"
        why = ""
        if self.verdict == "cannot tell":
            too_few = len(self.a) < ROUNDS_MIN
            why = f" (needs {ROUNDS_MIN} rounds)" if too_few else " (the interval covers 1)"
        return (
            f"{self.metric}, medians of {len(self.a)} interleaved runs each: {medians}\n"
            f"A/B = {self.ratio:.4f}  [95 %: {self.low:.4f} to {self.high:.4f}]  B against A: {self.verdict}{why}"
        )


def ratio_of_medians(a: Sequence[float], b: Sequence[float], seed: int = 1) -> tuple[float, float, float]:
    """median(a) / median(b) and its 95 % percentile interval; rounds are resampled as pairs."""
    rng = random.Random(seed)
    rounds = range(len(a))
    ratios = []
    for _ in range(RESAMPLES):
        picked = rng.choices(rounds, k=len(a))
        ratios.append(statistics.median(a[i] for i in picked) / statistics.median(b[i] for i in picked))
    ratios.sort()
    low, high = ratios[int(0.025 * RESAMPLES)], ratios[int(0.975 * RESAMPLES)]
    return statistics.median(a) / statistics.median(b), low, high


def run_once(command: Sequence[str], metric: str, expect: str | None) -> tuple[float, str]:
    """One fresh process: its figure in seconds and what it printed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        printed, complained = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    shown = shlex.join(command)
    if process.returncode != 0:
        raise RunFailed(f"{shown}: exit code {process.returncode}\n{complained[-2000:]}")
    if expect is not None and expect not in printed:
        raise RunFailed(f"{shown}: the answer {expect!r} is not in what it printed:\n{printed[-2000:]}")
    if metric == "wall":
        return wall, printed
    if metric == "cpu":
        return usage.ru_utime + usage.ru_stime, printed
    found = PRINTED.findall(printed)
    if not found:
        raise RunFailed(f"{shown}: no line 'seconds: NUMBER' in what it printed (needed by --metric printed)")
    return float(found[-1]), PRINTED.sub("", printed)


def compare(
    a: Sequence[str],
    b: Sequence[str],
    *,
    rounds: int = 15,
    metric: str = "wall",
    expect: str | None = None,
    same_output: bool = True,
    seed: int | None = None,
) -> Comparison:
    """Run A and B `rounds` times each (after one unmeasured run of each) and compare.

    Args:
        metric: 'wall' or 'cpu' (user + system, children that were waited for included) of the whole process, or
            'printed': the number after 'seconds:' on a line of its own that the program prints.
        expect: text that every run must print.
        same_output: A and B must print the same (apart from a 'seconds:' line, with metric 'printed').
    Raises: RunFailed.
    """
    order = random.Random(seed)
    result = Comparison(metric)
    printed: dict[str, str] = {}
    for measured in [False] + [True] * rounds:
        sides = [("a", a, result.a), ("b", b, result.b)]
        order.shuffle(sides)
        for name, command, figures in sides:
            figure, text = run_once(command, metric, expect)
            printed[name] = text
            if measured:
                figures.append(figure)
        if same_output and printed["a"] != printed["b"]:
            raise RunFailed("A and B printed different things (say --any-output if that is meant)")
    result.ratio, result.low, result.high = ratio_of_medians(result.a, result.b)
    return result


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--a", required=True, metavar="COMMAND", help="the old one, as one quoted string")
    parser.add_argument("--b", required=True, metavar="COMMAND", help="the new one")
    parser.add_argument("--rounds", type=int, default=15, help="measured runs of each (default 15)")
    parser.add_argument("--metric", choices=["wall", "cpu", "printed"], default="wall")
    parser.add_argument("--expect", metavar="TEXT", help="what every run must print")
    parser.add_argument("--any-output", action="store_true", help="A and B may print different things")
    parser.add_argument("--max-ratio", type=float, metavar="R", help="fail (exit 1) if median B / median A is above R")
    parser.add_argument("--json", metavar="FILE", help="write every figure there")
    args = parser.parse_args(argv)
    try:
        result = compare(
            shlex.split(args.a),
            shlex.split(args.b),
            rounds=args.rounds,
            metric=args.metric,
            expect=args.expect,
            same_output=not args.any_output,
        )
    except (RunFailed, OSError) as failure:
        print(f"pair.py: {failure}", file=sys.stderr)
        return 2
    print(result.text())
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({**asdict(result), "verdict": result.verdict, "commands": [args.a, args.b]}, file, indent=1)
    if args.max_ratio is not None:
        within = 1 / result.ratio <= args.max_ratio
        print(f"B/A = {1 / result.ratio:.4f}: {'within' if within else 'over'} {args.max_ratio}")
        return 0 if within else 1
    return {"faster": 0, "slower": 1, "cannot tell": 3}[result.verdict]


if __name__ == "__main__":
    sys.exit(main())
