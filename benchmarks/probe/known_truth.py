#!/usr/bin/env python3
"""How far the sampled profile is from the truth, on programs whose truth is known.

    benchmarks/probe/known_truth.py [--python PYTHON ...] [--samples 12000] [--coverage RUNS] [--json FILE]

Prints, for each Python and program: samples, total variation distance from the truth by instruction counts, the
largest error, the share of samples lost and of broken stacks; for the alternating chains, the impossible stacks.
--coverage: so many short runs of the 75/25 pair; how often the 95 % interval held the truth.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import programs
import truth

from hasten import _core


class Run:
    """One program under `hasten run`, and its stacks."""

    def __init__(self, python: str, text: str, rounds: int, rate_hz: int):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "program.py"
            script.write_text(text)
            capture = Path(folder) / "x.hasten"
            with open(Path(folder) / "out", "w") as out:
                plan = json.dumps([[python, str(script), str(rounds)], str(capture), rate_hz])
                subprocess.run([sys.executable, "-c", _COLLECT, plan], stdout=out, check=True)
            self.report = _core.read_report(str(capture))
            read = _core.read_stacks(str(capture))
        names = [name for name, _, _ in read["functions"]]
        self.stacks = [
            ([(names[f], line) for f, line in read["stacks"][stack]], cpu_ns)
            for thread in read["threads"]
            for stack, cpu_ns, _end_ns in thread["samples"]
        ]


_COLLECT = """\
import json, sys
from hasten import _core
command, capture, rate = json.loads(sys.argv[1])
ended = _core.collect(command, capture, rate_hz=rate)
sys.exit(ended.exit_code)
"""


def rounds_for(python: str, text: str, samples: int, rate_hz: int) -> int:
    """How many rounds take long enough, from a short run."""
    rounds = 50 if "for _ in range" in text else 20_000
    while True:
        cpu_s = Run(python, text, rounds, rate_hz).report["cpu_s"]
        if cpu_s > 0.3:
            return int(rounds * samples / rate_hz / cpu_s * 1.05)
        rounds *= 4


def shares(counts: Counter) -> dict[str, float]:
    total = sum(counts.values())
    return {name: value / total for name, value in counts.items()}


def distance(a: dict[str, float], b: dict[str, float]) -> float:
    return sum(abs(a.get(name, 0) - b.get(name, 0)) for name in a.keys() | b.keys()) / 2


def line_shares(run: Run) -> dict[str, float]:
    """The heavy lines of FOUR_LINES among themselves."""
    names = {}
    for number, line in enumerate(programs.FOUR_LINES.splitlines(), 1):
        if "# line " in line:
            names[number] = line[-1]
    counts: Counter = Counter()
    for frames, cpu_ns in run.stacks:
        if frames and frames[-1][0] == "work" and frames[-1][1] in names:
            counts[names[frames[-1][1]]] += cpu_ns
    return shares(counts)


def function_shares(run: Run, wanted: dict[str, float]) -> dict[str, float]:
    counts: Counter = Counter()
    for frames, cpu_ns in run.stacks:
        for name, _ in frames:
            if name in wanted:
                counts[name] += cpu_ns
                break
    return shares(counts)


def impossible_stacks(run: Run) -> int:
    count = 0
    for frames, _ in run.stacks:
        names = [name for name, _ in frames]
        for caller, callee in zip([None, *names], names, strict=False):
            if callee in programs.LEGAL_CALLERS and caller not in programs.LEGAL_CALLERS[callee]:
                count += 1
                break
    return count


def quality(run: Run) -> dict[str, float]:
    samples = run.report["samples"]
    return {
        "samples": samples,
        "lost": run.report["lost"] / max(1, samples + run.report["lost"]),
        "broken": run.report["broken_stacks"] / max(1, samples),
    }


def measure(python: str, samples: int, rate_hz: int) -> dict[str, dict]:
    truths = truth.all_truths(python)
    results: dict[str, dict] = {}
    texts = {"four lines": programs.FOUR_LINES, "75/25 pair": programs.PAIR, "call or inlined": programs.CALL_OR_INLINE}
    for name, text in texts.items():
        run = Run(python, text, rounds_for(python, text, samples, rate_hz), rate_hz)
        wanted = truths[name]
        seen = line_shares(run) if name == "four lines" else function_shares(run, wanted)
        results[name] = {
            **quality(run), "tvd": distance(seen, wanted),
            "largest_error": max(abs(seen.get(key, 0) - value) for key, value in wanted.items()),
            "truth": wanted, "seen": seen,
        }
    run = Run(python, programs.CHAINS, rounds_for(python, programs.CHAINS, samples, rate_hz), rate_hz)
    results["alternating chains"] = {**quality(run), "impossible": impossible_stacks(run)}
    return results


def coverage(python: str, runs: int, rate_hz: int) -> dict[str, float]:
    """How often the interval of `three` holds the truth; the module's own line is outside both."""
    wanted = truth.functions(python, programs.PAIR, "three", "one")["three"]
    rounds = rounds_for(python, programs.PAIR, 600, rate_hz)
    inside = 0
    for _ in range(runs):
        report = Run(python, programs.PAIR, rounds, rate_hz).report
        by_name = {f["function"]: f for f in report["functions"]}
        both = by_name["three"]["cpu_share"] + by_name["one"]["cpu_share"]
        low, high = by_name["three"]["cpu_share_interval"]
        inside += low <= wanted * both <= high
    return {"runs": runs, "inside": inside / runs, "truth": wanted}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("--samples", type=int, default=12_000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--coverage", type=int, default=0, metavar="RUNS")
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    good = True
    answer = {}
    for python in args.python or [sys.executable]:
        results = {} if args.coverage else measure(python, args.samples, args.rate)
        for name, row in results.items():
            figures = "  ".join(f"{key} {value:.4g}" for key, value in row.items() if isinstance(value, int | float))
            print(f"{python}  {name}: {figures}", flush=True)
            good &= row.get("tvd", 0) <= 0.015 and row.get("impossible", 0) == 0 and row["lost"] < 0.001
        if args.coverage:
            results["coverage"] = coverage(python, args.coverage, args.rate)
            print(f"{python}  coverage: {results['coverage']}", flush=True)
            good &= 0.92 <= results["coverage"]["inside"] <= 0.98
        answer[python] = results
    if args.json:
        Path(args.json).write_text(json.dumps(answer, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
