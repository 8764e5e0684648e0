"""The life of a fix: candidates, calls judged in forked copies, whole-program runs, verdicts.

Order of the runs: the program as it is (plain), once more under the harness (which counts calls and sees
effects), once with calls judged, then rounds of old and new in diced order until the intervals are tight
or the budget is spent. What is proven when the budget ends stays proven.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from dataclasses import dataclass, field

from hasten.fix.candidates import propose
from hasten.fix.runner import OutOfTime, Runner
from hasten.fix.source import SourceError, unified_diff
from hasten.fix.verdict import CANNOT_TELL, GAIN_MIN, PROVEN, REFUSED, Verdict

CALLS_JUDGED_MAX = 36
CALL_S_MIN = 5.0          # so long at least may a call of the new version take: its first may import and compile
PAIR_COUNT_MIN, PAIR_COUNT_MAX = 3, 15
PAIR_COUNT_LEAST = 2      # where the budget ends: Student's t then makes the interval wide
TIGHT_RATIO = 0.03        # half width of the interval at which more runs would say little more
_SERIOUS = ("file", "network", "process")


@dataclass
class Outcome:
    """All verdicts of one session, and what stood behind them."""

    verdicts: list = field(default_factory=list)
    program_runs: int = 0
    program_comparable: bool | None = None
    compared: list = field(default_factory=list)
    not_compared: list = field(default_factory=list)
    effects: list = field(default_factory=list)
    accepted: list = field(default_factory=list)     # candidates proven, and proven together
    together: Verdict | None = None
    stopped: str = ""                                # why the session ended before its end

    @property
    def proven(self):
        return [v for v in self.verdicts if v.verdict == PROVEN]


class Declined(Exception):
    """The user said no."""


class Session:
    """One run of `hasten fix`.

    ask(question) -> bool, say(text) for progress; both may be None (then nothing is asked or said).
    """

    def __init__(self, evidence, budget_s=120.0, ask=None, say=None, seed=None, candidates=None):
        self.evidence = evidence
        self.budget_s = budget_s
        self._ask = ask or (lambda question: True)
        self._say = say or (lambda text: None)
        self._dice = random.Random(seed)
        self._given = candidates
        self.outcome = Outcome()
        self._runs_old = []
        self._judge_note = ""  # how the judged run went wrong

    # -- the walk --------------------------------------------------------------------------------

    def prove(self):
        proposal = propose(self.evidence) if self._given is None else self._given
        self.candidates = proposal.candidates
        self._verdicts = {c.id: _verdict_of(c) for c in self.candidates}
        self.outcome.verdicts = list(self._verdicts.values()) + [
            Verdict(d.kind, d.file, d.line, d.function, verdict=REFUSED, reason=d.reason, predicted=d.predicted,
                    ceiling=d.ceiling) for d in proposal.dismissed]
        if not self.candidates:
            return self.outcome
        if not self._ask(self.plan_text()):
            raise Declined
        self._deadline = time.monotonic() + self.budget_s
        self._runner = Runner(self.evidence.program)
        try:
            self._prove_all()
        finally:
            self._runner.close()
            self.outcome.program_runs = self._runner.run_count
            for verdict in self._verdicts.values():
                if verdict.verdict == CANNOT_TELL and not verdict.reason:
                    verdict.reason = self.outcome.stopped or f"the budget of {self.budget_s:.0f} s was spent before it was tried"
        return self.outcome

    def _prove_all(self):
        try:
            if not self._baseline():
                return
            self._judge()
        except OutOfTime:
            self.outcome.stopped = (f"one run of the program does not fit into the budget of {self.budget_s:.0f} s; "
                                    "give more with --budget SECONDS")
            return
        survivors = [c for c in self.candidates if self._survives_calls(c)]
        plain_functions = {_function_key(c) for c in survivors if c.plain}
        first = [c for c in survivors if c.plain or _function_key(c) not in plain_functions]
        try:
            self._run_rounds(first)
            cured = {_function_key(c) for c in first if self._verdicts[c.id].verdict == PROVEN}
            second = []
            for candidate in survivors:
                if candidate in first:
                    continue
                if _function_key(candidate) in cured:
                    self._verdicts[candidate.id].refuse("a plain edit of the same function is proven and needs no package; "
                                                        "apply it, record again, then fix looks at what is left")
                else:
                    second.append(candidate)
            self._run_rounds(second)
        except OutOfTime:
            self._settle(survivors)
        self._combine([c for c in self.candidates if self._verdicts[c.id].verdict == PROVEN])

    def keep_what_is_proven(self):
        """After an interruption: the best single fix, because nothing was proven together."""
        proven = [c for c in getattr(self, "candidates", ()) if self._verdicts[c.id].verdict == PROVEN]
        if proven and not self.outcome.accepted:
            best = max(proven, key=lambda c: self._verdicts[c.id].interval[0])
            self.outcome.accepted = [best]
            for candidate in proven:
                if candidate is not best:
                    self._verdicts[candidate.id].refuse("proven alone, but not yet together with the others", CANNOT_TELL)

    def _left_s(self):
        return self._deadline - time.monotonic()

    # -- what is asked -----------------------------------------------------------------------------

    def plan(self):
        """(runs at most, seconds in all at most) as far as the capture tells."""
        wall_s = self.evidence.wall_s
        count = len(self.candidates)
        after_s = sum(wall_s / max(1.0, min(c.predicted[1], 20.0)) for c in self.candidates)
        rounds = PAIR_COUNT_MIN if wall_s > 2 else 2 * PAIR_COUNT_MIN
        runs = 3 + rounds * (1 + count) + (rounds * 2 if count > 1 else 0)
        seconds = 4.5 * wall_s + rounds * (wall_s + after_s) * (1.5 if count > 1 else 1.0)
        return runs, min(seconds, self.budget_s)

    def plan_text(self):
        runs, seconds = self.plan()
        about = "less than 1 s" if seconds < 1 else f"about {seconds:.0f} s"
        return (f"{self.evidence.program.name} runs up to {runs} times, {about} in all (--budget {self.budget_s:.0f} s). "
                "What a run does to files, network or other processes is not undone; the first run is watched, and if "
                "it does any of that you are asked again.")

    def _effects_text(self):
        parts = []
        for kind, words in (("file", "writes"), ("network", "uses the network:"), ("process", "starts processes:")):
            found = [e["detail"] for e in self.outcome.effects if e["kind"] == kind]
            if found:
                more = f" and {len(found) - 3} more" if len(found) > 3 else ""
                parts.append(f"{words} {', '.join(found[:3])}{more}")
        return f"{self.evidence.program.name} {'; '.join(parts)}. Every further run does that again, and it is not undone."

    # -- the unmodified program ----------------------------------------------------------------------

    def _baseline(self):
        """Two unmodified runs: what of the program's output can be compared at all. False: stop here."""
        outcome = self.outcome
        self._say("the unmodified program, first run")
        plain = self._runner.plain(self._left_s())
        if plain.exit_code != self.evidence.exit_code:
            outcome.stopped = (f"the program ended with {plain.exit_code} now and with {self.evidence.exit_code} when it was "
                               f"recorded{_last_line(plain.stderr_tail)}")
            return False
        self._say("the unmodified program, watched")
        touched = self._touched(self.candidates)
        observed = self._runner.trial(touched, self._left_s(), "observe", targets=self._target_specs(None))
        if observed.exit_code != plain.exit_code:
            outcome.stopped = (f"the program ended with {plain.exit_code} plainly and with {observed.exit_code} when it was "
                               f"watched{_last_line(observed.stderr_tail)}")
            return False
        outcome.effects = [e for e in observed.events if e["event"] == "effect"]
        self._counts = {e["key"]: e for e in observed.events if e["event"] == "counted"}
        if any(e["kind"] == "process" and e["detail"] != "fork" for e in outcome.effects):
            outcome.stopped = ("the program starts other programs, in which a trial has no effect: what they do with a "
                               "change cannot be compared")
            return False
        if any(e["kind"] == "other" and "terminal" in e["detail"] for e in outcome.effects):
            outcome.stopped = "the program reads the terminal, which cannot be repeated"
            return False
        if any(e["kind"] in _SERIOUS for e in outcome.effects):
            waited_from = time.monotonic()
            if not self._ask(self._effects_text()):
                raise Declined
            self._deadline += time.monotonic() - waited_from
        self._channels = ["stdout", "stderr", "exit_code"] + [f"file {p}" for p in self._runner.written_files]
        self._reference = observed
        self._runner._note_files(plain) if not self._runner.written_files else None
        self._drop_unsteady(plain, first=True)
        self._reference_s = observed.elapsed_s
        return True

    def _drop_unsteady(self, run, first=False):
        """What two unmodified runs do not agree on cannot be compared with a modified one."""
        outcome = self.outcome
        for channel in list(self._channels):
            if first and channel.startswith("file "):
                continue  # the plain run came before the files were known; the next unmodified run tells
            if run.channel(channel) != self._reference.channel(channel):
                self._channels.remove(channel)
                outcome.not_compared.append(_channel_text(channel))
        outcome.compared = [_channel_text(c) for c in self._channels]
        printed = self._reference.stdout != _EMPTY
        # stderr alone is commonly a log with times; a program is comparable by what it was run for.
        outcome.program_comparable = "exit_code" in self._channels and (
            "stdout" in self._channels and (printed or "stderr" in self._channels
                                            or any(c.startswith("file ") for c in self._channels)))

    # -- calls ---------------------------------------------------------------------------------------

    def _touched(self, candidates):
        """The original bytes of every file that some of these candidates change."""
        return {c.source.path: c.source.raw for c in candidates}

    def _target_specs(self, judged):
        """One entry a function under trial; with judged, the new texts and the calls to look at."""
        specs = []
        self._keys = {}
        for candidate in self.candidates:
            function = candidate.function
            key = _function_key(candidate)
            if key not in self._keys:
                self._keys[key] = len(specs)
                specs.append({"key": len(specs), "path": candidate.source.path, "qualname": function.qualname,
                              "ordinal": function.ordinal, "requires": {}, "variants": [], "schedule": [],
                              "pairs_per_call": 1, "shadow_stride": 0})
            spec = specs[self._keys[key]]
            spec["variants"].append({"id": candidate.id, "text": candidate.new_text,
                                     "decorator": candidate.prescription.decorator,
                                     "requires": candidate.prescription.requires})
        if judged:
            for spec in specs:
                self._plan_calls(spec, **judged)
        return specs

    def _plan_calls(self, spec, seconds, shadow_seconds):
        """Which calls are judged: the first two, the last, the slowest, and random ones between."""
        counted = self._counts.get(spec["key"])
        count = counted["count"] if counted else 0
        if not counted:  # the program left without saying: first calls, then two dice a power of two
            chosen = {1, 2, 3} | {self._dice.randrange(2**k, 2**(k + 1)) for k in range(2, 30) for _ in range(2)}
            spec["schedule"] = sorted(chosen)[:CALLS_JUDGED_MAX]
            return
        if not count:
            return
        mean_s = max(counted["total_ns"] * 1e-9 / count, 1e-7)
        sides = 1 + len(spec["variants"])
        fits = int(seconds / len(self._keys) / (sides * (mean_s + 0.03)))
        number = max(1, min(CALLS_JUDGED_MAX, fits, count))
        chosen = []
        for index in [1, counted["slowest"][0], count, 2, *counted["slowest"][1:number // 3]]:
            if 1 <= index <= count and index not in chosen:
                chosen.append(index)
        chosen = chosen[:number]
        while len(chosen) < number:
            index = self._dice.randrange(1, count + 1)
            if index not in chosen:
                chosen.append(index)
        spec["schedule"] = sorted(chosen)
        spec["pairs_per_call"] = 1 if number >= 12 or mean_s > 1 else min(8, 12 // number)
        shadow_s = shadow_seconds / len(self._keys)
        spec["shadow_stride"] = max(1, math.ceil(count * (sides * mean_s + 2e-5) / shadow_s)) if shadow_s > 0 else 0

    def _judge(self):
        """One run in which calls are judged in forked copies."""
        self._say("calls judged in forked copies")
        # Calls get what the shortest whole-program proof (three pairs, the new at half the time) leaves over.
        left_s = self._left_s()
        pairs_s = PAIR_COUNT_MIN * 1.5 * self._reference_s
        seconds = min(0.35 * left_s, max(0.1 * left_s, left_s - self._reference_s - pairs_s))
        shadow_seconds = min(max(1.0, self._reference_s), 0.15 * self._left_s())
        specs = self._target_specs({"seconds": seconds, "shadow_seconds": shadow_seconds})
        overlay, added = {}, set()
        for path in self._touched(self.candidates):
            here = [c for c in self.candidates if c.source.path == path]
            overlay[path] = here[0].source.apply([e for c in here for e in c.prescription.additions])
            added |= {name for c in here for name in c.prescription.added_names}
        limit_s = min(0.7 * self._left_s(), 4 * self._reference_s + seconds + shadow_seconds + 5)
        try:
            run = self._runner.trial(overlay, limit_s, "judge", targets=specs, seconds=seconds,
                                     shadow_seconds=shadow_seconds, additions=sorted(added),
                                     may_stop=not self.outcome.effects, call_s_min=CALL_S_MIN,
                                     seed=self._dice.getrandbits(63))
            events = run.events
            if run.exit_code != self._reference.exit_code and not any(e["event"] == "stopped" for e in events):
                self._judge_note = f": it ended with {run.exit_code}{_last_line(run.stderr_tail)}"
        except OutOfTime as error:
            events = error.args[0] if error.args else []
            self._judge_note = f": the budget of {self.budget_s:.0f} s ended first; give more with --budget SECONDS"
        self._read_judgement(events)

    def _read_judgement(self, events):
        from hasten._core import gain_of_calls

        pairs = {}
        for event in events:
            verdict = self._verdicts.get(event.get("variant"))
            if event["event"] == "call":
                verdict.calls += 1
                verdict.identical += 1
                pairs.setdefault(event["variant"], []).extend(event["pairs"])
            elif event["event"] == "dropped":
                verdict.calls += event["judged"]
                where = f"call {event['index']}: " if not event["why"].startswith("call ") and event["index"] else ""
                verdict.refuse(where + event["why"], event["verdict"])
            elif event["event"] == "shadow":
                verdict.results_compared = max(verdict.results_compared, event["count"])
        for id_, times in pairs.items():
            verdict = self._verdicts[id_]
            before, after = ([max(1.0, float(t[side])) for t in times] for side in (0, 1))
            verdict.call_speedup, low, high = gain_of_calls(before, after)
            if len(times) > 1:
                verdict.call_interval = (low, high)

    def _survives_calls(self, candidate):
        """Is a whole-program trial worth its time?"""
        from hasten._core import predict_gain

        verdict = self._verdicts[candidate.id]
        counted = self._counts.get(self._keys[_function_key(candidate)])
        if counted:
            verdict.calls_total = counted["count"]
        if verdict.reason:
            return False
        if not verdict.calls:
            verdict.refuse(f"no call of it could be judged{self._judge_note}", CANNOT_TELL)
            return False
        speedup = verdict.call_speedup
        if verdict.call_interval is not None and verdict.call_interval[1] < GAIN_MIN:
            verdict.refuse(f"not faster: {_gain_text(speedup, verdict.call_interval)} on the call")
            return False
        likely = predict_gain(candidate.share, max(speedup, 1e-3), max((verdict.call_interval or (0, speedup))[1], 1e-3))
        if candidate.plain and verdict.call_interval is not None and likely[1] < 1.0:
            verdict.refuse(f"not faster: {_gain_text(speedup, verdict.call_interval)} on the call")
            return False
        return True

    # -- whole-program runs -----------------------------------------------------------------------------

    def _run_rounds(self, candidates):
        """Old and new by turns until each interval is tight, the new is refused, or time is up."""
        overlays = {c.id: {c.source.path: c.new_text} for c in candidates}
        trials = [Trial(self._verdicts[c.id], overlays[c.id]) for c in candidates]
        reserve = 1 if len(candidates) > 1 else 0
        self._run_trials(trials, reserve_rounds=reserve * PAIR_COUNT_MIN)

    def _run_trials(self, trials, reserve_rounds=0):
        base = {path: self._original(path) for t in trials for path in t.overlay}
        active = [t for t in trials if t.verdict.verdict != REFUSED]
        number = 0
        while active and number < PAIR_COUNT_MAX:
            number += 1
            names = f"{len(active)} changed versions" if len(active) > 1 else "the changed version"
            self._say(f"round {number}: the unmodified program against {names}")
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
                if side is not None and side.verdict.verdict == REFUSED:
                    active.remove(side)
            for trial in active:
                trial.before.append(times[None])
                trial.after.append(times[trial])
            for trial in list(active):
                if trial.is_decided():
                    active.remove(trial)
                    trial.decide(self)
            round_s = time.monotonic() - round_from
            if number < PAIR_COUNT_MIN:
                self._shed(active, PAIR_COUNT_MIN - number, round_s)  # a last round may fail to end: nothing is lost by it
            elif self._left_s() < round_s * 1.15 + reserve_rounds * 2 * self._reference_s:
                break
        self._finish(active)

    def _shed(self, active, rounds, round_s):
        """Drops the candidates that gain least where the time does not suffice for all, so that one can be decided."""
        sides_s = {trial: trial.after[-1] for trial in active}
        scale = round_s / (sum(sides_s.values()) + self._runs_old[-1].wall_s)  # times without waiting, to times that pass
        while len(active) > 1 and self._left_s() < rounds * scale * (
                self._runs_old[-1].wall_s + sum(sides_s[t] for t in active)):
            worst = max(active, key=lambda t: t.after[-1])
            active.remove(worst)
            worst.decide(self)

    def _finish(self, active):
        for trial in active:
            trial.decide(self)

    def _one_side(self, trial, base):
        overlay = base if trial is None else {**base, **trial.overlay}
        run = self._runner.trial(overlay, self._left_s())
        if trial is None:
            self._drop_unsteady(run)
            self._runs_old.append(run)
            self._reference_s = run.elapsed_s
            return run.wall_s
        trial.peaks.append(run.peak_rss_bytes)
        for channel in self._channels:
            if run.channel(channel) != self._reference.channel(channel):
                trial.verdict.refuse(self._difference_text(channel, run))
                break
        return run.wall_s

    def _difference_text(self, channel, run):
        if channel == "exit_code":
            return (f"the whole program ends with {run.exit_code} instead of {self._reference.exit_code}"
                    f"{_last_line(run.stderr_tail)}")
        return f"the whole program's {_channel_text(channel)} differs"

    def _original(self, path):
        return next(c.source.raw for c in self.candidates if c.source.path == path)

    def _settle(self, survivors):
        for candidate in survivors:
            verdict = self._verdicts[candidate.id]
            if verdict.verdict == CANNOT_TELL and not verdict.reason:
                verdict.refuse(self.too_few_pairs_text(), CANNOT_TELL)

    def too_few_pairs_text(self):
        return (f"the budget of {self.budget_s:.0f} s ended before {PAIR_COUNT_LEAST} whole-program pairs were run; "
                "give more with --budget SECONDS")

    # -- all proven fixes at once ---------------------------------------------------------------------------

    def _combine(self, proven):
        """Fixes that were proven one by one are proven once more together, or only the best is kept."""
        outcome = self.outcome
        if len(proven) < 2:
            outcome.accepted = proven
            return
        kept = []
        for candidate in proven:  # in the design's order; what overlaps an earlier one stands back
            try:
                combined_texts([*kept, candidate])
                kept.append(candidate)
            except SourceError:
                self._verdicts[candidate.id].refuse("changes the same text as another fix that is proven; "
                                                    "apply that one, record again")
        if len(kept) < 2:
            outcome.accepted = kept
            return
        together = Verdict("together", kept[0].source.path, kept[0].prescription.line, "",
                           what=f"{len(kept)} fixes at once", compared=list(outcome.compared))
        trial = Trial(together, combined_texts(kept))
        try:
            self._run_trials([trial])
        except OutOfTime:
            pass
        outcome.together = together
        if together.verdict == PROVEN:
            outcome.accepted = kept
            return
        best = max(kept, key=lambda c: self._verdicts[c.id].interval[0])
        outcome.accepted = [best]
        for candidate in kept:
            if candidate is not best:
                self._verdicts[candidate.id].refuse(
                    f"proven alone ({self._verdicts[candidate.id].program_speedup:.2f}x) but not together with the best fix: "
                    f"{together.reason or 'not tried'}", together.verdict)


@dataclass(eq=False)
class Trial:
    """One changed version of the whole program, and its pairs so far."""

    verdict: Verdict
    overlay: dict
    before: list = field(default_factory=list)
    after: list = field(default_factory=list)
    peaks: list = field(default_factory=list)

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

    def decide(self, session):
        verdict = self.verdict
        verdict.pairs = len(self.before)
        if verdict.verdict == REFUSED:
            return
        verdict.compared = list(session.outcome.compared)
        if len(self.before) < PAIR_COUNT_LEAST:
            verdict.refuse(session.too_few_pairs_text(), CANNOT_TELL)
            return
        verdict.program_speedup, *interval = self.gain()
        verdict.interval = tuple(interval)
        verdict.program_before_s = statistics.median(self.before)
        verdict.program_after_s = statistics.median(self.after)
        old_peaks = [r.peak_rss_bytes for r in session._runs_old]
        if None not in old_peaks and None not in self.peaks:
            verdict.peak_before_bytes = int(statistics.median(old_peaks))
            verdict.peak_after_bytes = int(statistics.median(self.peaks))
        if interval[0] > GAIN_MIN:
            verdict.verdict, verdict.reason = PROVEN, ""
        elif len(self.before) < PAIR_COUNT_MIN:
            verdict.refuse(f"the budget of {session.budget_s:.0f} s ended after {len(self.before)} whole-program pairs: "
                           f"{_gain_text(verdict.program_speedup, interval)}; give more with --budget SECONDS", CANNOT_TELL)
        else:
            verdict.refuse(f"not surely faster: the whole program gains {_gain_text(verdict.program_speedup, interval)}, "
                           f"and all of the interval must lie above {GAIN_MIN}")


def combined_texts(candidates):
    """{path: text} with all these candidates' edits. Raises SourceError if they overlap."""
    by_path = {}
    for candidate in candidates:
        by_path.setdefault(candidate.source.path, []).append(candidate)
    return {path: group[0].source.apply([e for c in group for e in c.edits]) for path, group in by_path.items()}


def patch_of(candidates, raw=False):
    """A unified diff of all these candidates' edits; raw: in the files' own bytes, as surrogates, for a patch file."""
    texts = combined_texts(candidates)
    sources = {c.source.path: c.source for c in candidates}
    return "".join(unified_diff(path, sources[path].raw, text, "utf-8" if raw else sources[path].encoding)
                   for path, text in texts.items())


def _verdict_of(candidate):
    p = candidate.prescription
    ceiling = candidate.ceiling if math.isfinite(candidate.ceiling) else None
    return Verdict(p.kind, candidate.source.path, p.line, candidate.function.qualname, what=p.what,
                   predicted=candidate.predicted, ceiling=ceiling, needs=list(p.needs), patch=patch_of([candidate]))


def _function_key(candidate):
    return candidate.source.path, candidate.function.qualname, candidate.function.ordinal


def _channel_text(channel):
    return {"stdout": "standard output", "stderr": "standard error", "exit_code": "exit code"}.get(channel, channel)


def _gain_text(gain, interval):
    low, mid, high = (f"{g:.2g}" if 0 < g < 0.1 else f"{g:.2f}" for g in (interval[0], gain, interval[1]))
    return f"{mid}x ({low}-{high})"


def _last_line(text):
    lines = text.strip().splitlines()
    return f": {lines[-1][:160]}" if lines else ""


_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing
