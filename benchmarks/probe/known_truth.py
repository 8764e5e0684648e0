#!/usr/bin/env python3
"""How far the sampled profile is from the truth, on programs whose truth is known.

    benchmarks/probe/known_truth.py [--python PYTHON ...] [--samples 12000] [--coverage RUNS] [--json FILE]

Prints, for each Python and program: samples, total variation distance from the truth by instruction counts, the
largest error, the distance from what the program says by its own CPU clock, the share of samples lost and of broken
stacks; for the alternating chains, the impossible stacks.
--coverage: so many short runs of the 75/25 pair, in turns of 0.1 ms and as two phases, by either clock; how often the
95 % interval held the truth.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import Counter
from pathlib import Path

import truth

from hasten.selftest.chance import distance
from hasten.selftest.judges import impossible_stacks, marked_lines, normal
from hasten.selftest.known import PROGRAMS
from hasten.selftest.run import Run, measured, rounds_for

FOUR_LINES, PAIR, CALL_OR_INLINE, CHAINS = (
    PROGRAMS / name for name in ("four_lines.py", "pair.py", "call_or_inline.py", "chains.py")
)
TWO_PHASES = Path(__file__).with_name("two_phases.py")
ENGINES = ("perf", "threads")


def run(python: str, script: Path, samples: int, rate_hz: int) -> Run:
    """One run that takes at least so many samples: how fast the machine is may change between two runs."""
    rounds = rounds_for(python, script, 1.05 * samples / rate_hz)
    while (done := measured(python, script, rounds, rate_hz=rate_hz)).report["samples"] < samples:
        rounds = round(1.1 * rounds * samples / max(1, done.report["samples"]))
    return done


def line_shares(run: Run) -> dict[str, float]:
    """The heavy lines of FOUR_LINES among themselves."""
    names = marked_lines(FOUR_LINES.read_text())
    counts: Counter = Counter()
    for sample in run.samples:
        if sample.frames and sample.frames[-1][0] == "work" and sample.frames[-1][1] in names:
            counts[names[sample.frames[-1][1]]] += sample.cpu_s
    return normal(counts)


def function_shares(run: Run, wanted: dict[str, float]) -> dict[str, float]:
    counts: Counter = Counter()
    for sample in run.samples:
        for name, _ in sample.frames:
            if name in wanted:
                counts[name] += sample.cpu_s
                break
    return normal(counts)


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
    for name, script in {"four lines": FOUR_LINES, "75/25 pair": PAIR, "call or inlined": CALL_OR_INLINE}.items():
        done = run(python, script, samples, rate_hz)
        wanted = truths[name]
        seen = line_shares(done) if name == "four lines" else function_shares(done, wanted)
        results[name] = {
            **quality(done), "tvd": distance(seen, wanted),
            "largest_error": max(abs(seen.get(key, 0) - value) for key, value in wanted.items()),
            "truth": wanted, "seen": seen,
        }
        if "seconds" in done.said:  # a machine that others share may run one function slower than the other for a while
            results[name]["tvd_from_own_clock"] = distance(seen, normal(done.said["seconds"]))
    done = run(python, CHAINS, samples, rate_hz)
    results["alternating chains"] = {**quality(done), "impossible": impossible_stacks(done.samples, done.said["callers"])}
    return results


def coverage(python: str, script: Path, engine: str, runs: int, rate_hz: int) -> dict[str, float]:
    """How often the interval of `three` holds the truth.

    How the two functions share their time each run knows by its own CPU clock. What they have of the whole, with
    the interpreter's start in it, is alike in all runs: where samples are drawn (perf), its mean is taken for the
    truth, since one run's own figure has the very error that is to be judged. Thread clocks account for all time, so
    that a run's own figure is nearly exact, and closer than other runs' start.
    """
    rounds = rounds_for(python, script, 0.63)
    seen, of_whole = [], []
    for _ in range(runs):
        done = measured(python, script, rounds, rate_hz=rate_hz, engine=engine)
        by_name = {f["function"]: f for f in done.report["functions"]}
        of_whole.append(by_name["three"]["cpu_share"] + by_name["one"]["cpu_share"])
        seen.append((*by_name["three"]["cpu_share_interval"], normal(done.said["seconds"])["three"]))
    wholes = [sum(of_whole) / runs] * runs if engine == "perf" else of_whole
    inside = sum(low <= truth * whole <= high for (low, high, truth), whole in zip(seen, wholes, strict=True))
    return {"runs": runs, "inside": inside / runs}


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
        for script, engine in itertools.product((PAIR, TWO_PHASES), ENGINES) if args.coverage else ():
            name = f"coverage, {script.stem}, {engine}"
            results[name] = row = coverage(python, script, engine, args.coverage, args.rate)
            print(f"{python}  {name}: {row['inside']:.1%} of {row['runs']} runs", flush=True)
            # The two edges of a long phase are too few to estimate a variance from: there it is only asked to hold.
            most = 1 if (script, engine) == (TWO_PHASES, "threads") else 0.98
            good &= 0.92 <= row["inside"] <= most
        answer[python] = results
    if args.json:
        Path(args.json).write_text(json.dumps(answer, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
