#!/usr/bin/env python3
"""How often `hasten prove` is mistaken where nothing has changed, and how often it finds a gain of 3 %.

    .venv/bin/python benchmarks/fix/same.py [--trials 10] [--budget 120] [--only same|faster] [--json FILE]
    .venv/bin/python benchmarks/fix/same.py --drawn 1000

Two kinds of trials, by turns, each with `hasten prove FILE.py:old=new` at its default number of pairs:

same    new is old under another name, so every call of "different", "better" or "slower" is wrong: at most 5 %.
faster  old adds up a row 100 times and new 97 times, to the same sum, so that exactly 3 % of the work is gone (start-up,
        which both pay, is under a twentieth of the program): "better" in at least 80 %.

--drawn runs no program: prove's own rule of when to stop and what to say gets times that are drawn, of several noises, so that
thousands of trials cost minutes. It says what the rule does with times like these; the trials say whether times are like these. Its
bars: the same two (3 % found where runs scatter by up to 3 %: more pairs than the budget has would be needed above), and the interval
covers the truth in 92 to 98 %.

A figure takes 200 trials of each (--trials 200, some hours); 10 show only that nothing is badly wrong. The exit code is 1
where the counts are so far from a bar that it surely is missed (one-sided binomial test at 1 %), or with 100 trials and
more where the share itself misses it.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WRONG_MAX, FOUND_MIN = 0.05, 0.80
SURE = 0.01
COVERS_MIN, COVERS_MAX = 0.92, 0.98
FOUND_NOISE_MAX = 0.03
NOISES = (0.005, 0.01, 0.02, 0.03, 0.05)
DRAWN_S = 0.5      # of a drawn run
PREPARED_S = 12.0  # of the budget, for the runs before the pairs
PASSES = {"same": (100, 100), "faster": (100, 97)}
PROGRAM = """\
def old(row):
    for _ in range({0}):
        total = 0
        for value in row:
            total += value * value % 7
    return total


def new(row):
    for _ in range({1}):
        total = 0
        for value in row:
            total += value * value % 7
    return total


print(sum(old(list(range(k, k + 50))) for k in range({2})))
"""


def trial(kind: str, calls: int, budget_s: float) -> dict:
    """One judgement by a fresh `hasten prove`: {answer, better, speedup, interval, pairs, seconds, reason}."""
    with tempfile.TemporaryDirectory(prefix="hasten_same_") as folder:
        program, table = Path(folder, "program.py"), Path(folder, "answer.json")
        program.write_text(PROGRAM.format(*PASSES[kind], calls))
        start = time.monotonic()
        done = subprocess.run([sys.executable, "-m", "hasten", "prove", "program.py:old=new", "--yes", "--budget", f"{budget_s:g}",
                               "--json", str(table), "--command", sys.executable, "program.py"], cwd=folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        if not table.is_file():
            raise SystemExit(f"same.py: hasten prove ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        document = json.loads(table.read_text())
        fix = document["fixes"][0]
        return {"kind": kind, "answer": document["answer"], "better": document["better"], "exit_code": document["exit_code"],
                "speedup": fix.get("program_speedup"), "interval": fix.get("interval"), "pairs": fix["pairs"],
                "reason": document["reason"], "seconds": time.monotonic() - start}


def drawn_trial(kind: str, noise: float, dice: random.Random, budget_s: float) -> dict:
    """A trial like those above, whose times are drawn: {answer, exit_code, interval, pairs}.

    noise: standard deviation of a run, as a share of it. A fifth of the runs is delayed by up to five times as much, and the
    machine drifts by a random walk that both runs of a pair share.
    """
    from hasten.fix.judgement import BETTER_MIN, RUNS_MOST, JudgedTrial
    from hasten.fix.verdict import Verdict

    before, after = PASSES[kind]
    told = JudgedTrial(Verdict("given", "", 1, ""), {})
    drift, left_s = 0.0, budget_s - PREPARED_S

    def run_s(passes):
        delay = noise * 5 * dice.random() if dice.random() < 0.2 else 0.0
        return DRAWN_S * (0.05 + 0.95 * passes / 100) * math.exp(drift + dice.gauss(0, noise)) * (1 + delay)

    while not told.is_decided() and len(told.before) < RUNS_MOST and left_s > 2 * DRAWN_S:
        drift += dice.gauss(0, noise / 4)
        told.before.append(run_s(before))
        told.after.append(run_s(after))
        left_s -= told.before[-1] + told.after[-1]
    interval = told.gain()[1:]
    return {"kind": kind, "answer": "same", "exit_code": int(interval[0] <= BETTER_MIN), "interval": interval, "pairs": len(told.before)}


def drawn(count: int, budget_s: float) -> bool:
    """Prints for each noise how often the rule is mistaken, finds the gain, and covers the truth. Are all of the bars held?"""
    dice = random.Random(1)
    good = True
    for noise in NOISES:
        trials = {kind: [drawn_trial(kind, noise, dice, budget_s) for _ in range(count)] for kind in PASSES}
        wrong = sum(bool(mistake(t)) for t in trials["same"]) / count
        found = sum(t["exit_code"] == 0 for t in trials["faster"]) / count
        covers = {kind: sum(t["interval"][0] <= truth_of(kind) <= t["interval"][1] for t in trials[kind]) / count for kind in PASSES}
        pairs = {kind: statistics.median(t["pairs"] for t in trials[kind]) for kind in PASSES}
        fine = (wrong <= WRONG_MAX and (found >= FOUND_MIN or noise > FOUND_NOISE_MAX)
                and all(COVERS_MIN <= share <= COVERS_MAX for share in covers.values()))
        good = good and fine
        print(f"  {'ok  ' if fine else 'MISS'} runs that scatter by {noise:.1%}: identical sides called otherwise {wrong:.1%}, a gain of 3 % found "
              f"{found:.1%}, the interval covers the truth {covers['same']:.1%} and {covers['faster']:.1%}, median {pairs['same']:g} and "
              f"{pairs['faster']:g} pairs", flush=True)
    return good


def truth_of(kind: str) -> float:
    """The gain that is drawn: a twentieth of a run is start-up, which both pay."""
    before, after = (0.05 + 0.95 * passes / 100 for passes in PASSES[kind])
    return before / after


def mistake(found: dict) -> str:
    """What a trial of identical sides was wrongly called, or ''."""
    if found["answer"] == "different":
        return "different"
    if found["exit_code"] == 0:
        return "better"
    return "slower" if found["interval"] is not None and found["interval"][1] < 1 else ""


def at_least(count: int, trials: int, share: float) -> float:
    """The probability of `count` or more hits among the trials if each hits with this share."""
    return sum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(count, trials + 1))


def holds(count: int, trials: int, most: float) -> bool:
    """May the true share still be `most` or less? From 100 trials on the counted share itself must be."""
    return count <= most * trials if trials >= 100 else at_least(count, trials, most) >= SURE


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trials", type=int, default=10, help="of each kind (10; a figure takes 200)")
    parser.add_argument("--budget", type=float, default=120.0, metavar="SECONDS", help="of each trial (120, as prove has it)")
    parser.add_argument("--calls", type=int, default=1500, help="calls of the function in a run (1500: about half a second)")
    parser.add_argument("--drawn", type=int, metavar="N", help="N trials of each kind with drawn times, and none with real ones")
    parser.add_argument("--only", choices=list(PASSES), help="one kind alone")
    parser.add_argument("--json", metavar="FILE", help="write every trial there")
    options = parser.parse_args(argv)
    if options.drawn:
        return 0 if drawn(options.drawn, options.budget) else 1
    kinds = [options.only] if options.only else list(PASSES)
    trials = []
    for number in range(1, options.trials + 1):
        for kind in kinds:
            found = trial(kind, options.calls, options.budget)
            trials.append(found)
            interval = "no interval" if found["interval"] is None else "{:.3f}-{:.3f}".format(*found["interval"])
            print(f"{number:4} {kind:7} {found['answer']}, {'better' if found['exit_code'] == 0 else 'not better'}: {interval}, "
                  f"{found['pairs']} pairs, {found['seconds']:.0f} s", flush=True)
            if options.json:
                Path(options.json).write_text(json.dumps(trials, indent=1) + "\n")
    good = True
    for kind in kinds:
        mine = [t for t in trials if t["kind"] == kind]
        if kind == "same":
            wrong = [m for m in map(mistake, mine) if m]
            fine = holds(len(wrong), len(mine), WRONG_MAX)
            said = f" ({', '.join(f'{w} {wrong.count(w)}' for w in sorted(set(wrong)))})" if wrong else ""
            print(f"  {'ok  ' if fine else 'MISS'} identical sides called otherwise: {len(wrong)} of {len(mine)}{said} (at most 5 %)")
        else:
            missed = sum(t["exit_code"] != 0 for t in mine)
            fine = holds(missed, len(mine), 1 - FOUND_MIN)
            print(f"  {'ok  ' if fine else 'MISS'} a gain of 3 % found: {len(mine) - missed} of {len(mine)} (at least 80 %)")
        good = good and fine
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
