"""Whole-program runs: old and new by turns, in diced order, until the intervals are tight or time is up."""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass, field

from hasten.fix.baseline import Endless
from hasten.fix.runner import OutOfTime
from hasten.fix.verdict import CANNOT_TELL, GAIN_MIN, PROVEN, REFUSED, Verdict, gain_text

PAIR_COUNT_MIN, PAIR_COUNT_MAX = 3, 15
PAIR_COUNT_LEAST = 2      # where the budget ends: Student's t then makes the interval wide
SELDOM_RUNS = 5           # more unmodified runs where a printed duration alone differs, or a line that varies: few digits vary seldom
TIGHT_RATIO = 0.03        # half width of the interval at which more runs would say little more


@dataclass(eq=False)
class Trial:
    """One changed version of the whole program, and its pairs so far. overlay: {path: its new bytes}."""

    verdict: Verdict
    overlay: dict
    before: list = field(default_factory=list)
    after: list = field(default_factory=list)
    peaks: list = field(default_factory=list)
    difference: tuple | None = None  # of its last run, as Baseline.difference tells it

    may_come_and_go = True  # a difference of the exit code that the next run does not show is no difference for sure

    pair_count_min, pair_count_max = PAIR_COUNT_MIN, PAIR_COUNT_MAX

    def gain(self):
        from hasten._core import gain_of_runs

        return gain_of_runs(self.before, self.after)

    def is_decided(self):
        """Whether more rounds would say little more.

        The interval may be wider the further it lies from the threshold, so it is looked at while it grows. What
        that costs was simulated (1500 sessions each of gains 1 to 8 and noise of 1 to 20 % a run, a fifth of the
        runs delayed): the 95 % interval covers the true gain in 92 to 96 %, and a gain of exactly the
        threshold passes in at most 3.9 % of sessions, against the 2.5 % of a fixed number of rounds.
        """
        if len(self.before) < PAIR_COUNT_MIN:
            return False
        gain, low, high = self.gain()
        if len(self.before) >= 5 and gain < GAIN_MIN:
            return True  # more runs could only delay the refusal; giving up early never proves anything
        width = math.log(high / low) / 2
        # Far from the threshold a wide interval says enough.
        distance = abs(math.log(gain / GAIN_MIN))
        return width < max(TIGHT_RATIO, distance / 12) or len(self.before) >= 5 and width < distance / 5

    def decide(self, baseline):
        verdict = self.verdict
        verdict.pairs = len(self.before)
        if verdict.reason:
            return
        verdict.compared = list(baseline.outcome.compared)
        if len(self.before) < PAIR_COUNT_LEAST:
            verdict.refuse(baseline.too_few_pairs_text(PAIR_COUNT_LEAST), CANNOT_TELL)
            return
        interval = self.fill_figures(baseline)
        if interval[0] > GAIN_MIN:
            verdict.verdict, verdict.reason = PROVEN, ""
        elif len(self.before) < PAIR_COUNT_MIN:
            verdict.refuse(f"the budget of {baseline.budget_s:.0f} s ended after {len(self.before)} whole-program pairs: "
                           f"{gain_text(verdict.program_speedup, interval)}; give more with --budget SECONDS", CANNOT_TELL)
        else:
            verdict.refuse(f"not surely faster: the whole program gains {gain_text(verdict.program_speedup, interval)}, "
                           f"and all of the interval must lie above {GAIN_MIN}")

    def fill_figures(self, baseline):
        """Writes gain, times and peaks into the verdict; returns the interval of the gain."""
        verdict = self.verdict
        verdict.program_speedup, *interval = self.gain()
        verdict.interval = tuple(interval)
        verdict.program_before_s = statistics.median(self.before)
        verdict.program_after_s = statistics.median(self.after)
        old_peaks = [r.peak_rss_bytes for r in baseline.runs]
        if None not in old_peaks and None not in self.peaks:
            verdict.peak_before_bytes = int(statistics.median(old_peaks))
            verdict.peak_after_bytes = int(statistics.median(self.peaks))
        return verdict.interval


class Rounds:
    """Runs trials beside the unmodified program. original(path): the bytes that a path holds unmodified."""

    def __init__(self, baseline, dice, original):
        self._baseline = baseline
        self._dice = dice
        self._original = original

    def run(self, trials, reserve_rounds=0):
        """Rounds until each trial is decided. Raises OutOfTime; every trial is decided even then."""
        baseline = self._baseline
        base = {path: self._original(path) for t in trials for path in t.overlay}
        base = {path: raw for path, raw in base.items() if raw is not None}
        active = [t for t in trials if t.verdict.verdict != REFUSED]
        most = max((t.pair_count_max for t in active), default=0)
        least = max((t.pair_count_min for t in active), default=0)
        number = 0
        while active and number < most:
            number += 1
            names = f"{len(active)} changed versions" if len(active) > 1 else "the changed version"
            baseline.say(f"round {number}: the unmodified program against {names}")
            round_from = time.monotonic()
            sides = [None, *active]
            self._dice.shuffle(sides)
            times = {}
            for side in sides:
                try:
                    times[side] = self._one_side(side, base)
                except OutOfTime:
                    self._finish(active)
                    raise
                if side is not None and side.verdict.reason:
                    active.remove(side)
            for trial in active if times[None] is not None else ():
                trial.before.append(times[None])
                trial.after.append(times[trial])
            for trial in list(active):
                if trial.is_decided():
                    active.remove(trial)
                    trial.decide(baseline)
            round_s = time.monotonic() - round_from
            if number < least:
                self._shed(active, least - number, round_s)  # a last round may fail to end: nothing is lost by it
            elif baseline.left_s() < round_s * 1.15 + reserve_rounds * 2 * baseline.elapsed_s:
                break
        self._finish(active)

    def _shed(self, active, rounds, round_s):
        """Drops the candidates that gain least where the time does not suffice for all, so that one can be decided."""
        if not all(trial.after for trial in active):
            return
        sides_s = {trial: trial.after[-1] for trial in active}
        old_s = self._baseline.runs[-1].wall_s
        scale = round_s / (sum(sides_s.values()) + old_s)  # times without waiting, to times that pass
        while len(active) > 1 and self._baseline.left_s() < rounds * scale * (old_s + sum(sides_s[t] for t in active)):
            worst = max(active, key=lambda t: t.after[-1])
            active.remove(worst)
            worst.decide(self._baseline)

    def _finish(self, active):
        for trial in active:
            trial.decide(self._baseline)

    def _one_side(self, trial, base):
        """Seconds of one run. None: the unmodified program failed by itself, and its time is none of a whole run."""
        if trial is None:
            run = self._baseline.run(base)
            return run.wall_s if run.exit_code == self._baseline.reference.exit_code else None
        baseline = self._baseline
        try:
            run = baseline.changed({**base, **trial.overlay})
        except Endless as error:
            trial.verdict.refuse(str(error))
            return baseline.elapsed_s
        trial.peaks.append(run.peak_rss_bytes)
        trial.difference = self._confirmed(trial, run, base)
        run.forget_lines()
        return run.wall_s

    def _confirmed(self, trial, run, base):
        """The difference of a run, if more unmodified runs do not show that it comes and goes by itself."""
        baseline = self._baseline
        difference = baseline.difference(run)
        if difference is None:
            return None
        trial.verdict.refuse(difference[3])
        for _ in range(SELDOM_RUNS if baseline.may_come_and_go(difference) else 1):
            baseline.run(base)
            difference = baseline.difference(run)
            if difference is None:
                trial.verdict.refuse("", CANNOT_TELL)
                return None
        if trial.may_come_and_go and run.exit_code != baseline.reference.exit_code and baseline.difference(
                baseline.changed({**base, **trial.overlay})) is None:
            trial.verdict.refuse(f"{difference[3]}, but not in the next run of the same: it comes and goes, and nobody can tell "
                                 "whether by itself", CANNOT_TELL)
        return difference
