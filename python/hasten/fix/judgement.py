"""The judgement of one given change: the same or not, faster or not, and what stood behind it.

The walk is that of a fix (prove.py): the program as it is, watched, with calls judged in forked copies, then
old against new in diced order, at least 8 fresh processes a side. What differs from a fix: all changed functions are one
change and run together in a copy, a difference is looked for further so that a small one can be shown, and what cannot
be judged at its calls is still compared by the whole program.
"""

from __future__ import annotations

import math
import os
import random
import re
from dataclasses import dataclass, field

from hasten.fix.baseline import Baseline, Declined, Endless
from hasten.fix.calls import Calls, JudgedFunction, branches_of, gain_of_pairs
from hasten.fix.recording import Comparison
from hasten.fix.rounds import Rounds, Trial
from hasten.fix.runner import OutOfTime
from hasten.fix.trial.nearness import Nearness
from hasten.fix.verdict import CANNOT_TELL, PROVEN, REFUSED, Outcome, Verdict, gain_text

SAME, DIFFERENT = "same", "different"
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\.py|conftest\.py")
BETTER_MIN = 1.01        # the whole 95 % interval of the gain lies above this: less than a percent is no gain
RUNS_LEAST, RUNS_MOST = 8, 200
RECORD_S_LEAST = 2.0     # so long at least may recording take in a run, within a twentieth of the budget
AROUND_MOST = 40         # other files of the program that are looked through for what uses something altered
_TIGHT_RATIO = 0.008     # half width of the interval at which more runs would say little more
_LOOSE_RATIO = 0.016     # half width from which on a gain may be given up
_HOPELESS_MAX = 1.015    # where all of such an interval lies below this, more runs can hardly find a gain worth the name
_FAR_WIDTHS = 4          # half widths between gain and threshold at which no fluctuation has ended the runs
_NEXT_LOOK = 1.25        # the interval is looked at when there are so many times the pairs of the last look
EXIT_BETTER, EXIT_NOT, EXIT_CANNOT_TELL = 0, 1, 3


@dataclass
class Difference:
    """One thing that old and new do not agree on. call: the number of the call, None for the whole program."""

    where: str            # a function's name, or "the whole program"
    call: int | None
    place: str            # "the result", "the argument `xs`", "line 3 of standard output"
    old: str
    new: str
    text: str             # the whole sentence

    @property
    def size(self):
        return self.call is None, len(self.old) + len(self.new), self.call or 0

    def to_json(self):
        out = {"where": self.where, "place": self.place, "old": self.old, "new": self.new, "text": self.text}
        return out if self.call is None else {"where": self.where, "call": self.call, **out}


@dataclass
class FunctionJudgement:
    """What was compared of one changed function."""

    function: object                # a ChangedFunction
    calls_total: int | None = None  # None: the program left without saying
    judged: int = 0
    identical: int = 0
    results_compared: int = 0
    is_seen_whole: bool = False      # of some of these, all that the call may have left was looked into too
    generated: int = 0              # as in a Verdict
    generated_raised: int = 0
    raised_otherwise: int = 0
    branches: dict | None = None    # taken, total, never, as in a Verdict
    branches_new: dict | None = None
    call_speedup: float | None = None
    call_interval: tuple | None = None
    why_not: str = ""               # why no call, or no further call, was judged

    def to_json(self):
        f = self.function
        out = {"file": f.path, "line": f.line, "function": f.qualname, "calls": self.judged, "identical": self.identical,
               "generated": self.generated, "generated_raised": self.generated_raised, "raised_otherwise": self.raised_otherwise,
               "results_compared": self.results_compared}
        for key in ("calls_total", "branches", "branches_new", "call_speedup", "call_interval"):
            value = getattr(self, key)
            if value is not None:
                out[key] = list(value) if isinstance(value, tuple) else value
        return out | ({"why_not": self.why_not} if self.why_not else {})


@dataclass
class Judgement:
    """All of it. answer: same, different or cannot tell; better: the gain is sure; reason: why not, in one sentence."""

    change: object
    outcome: Outcome
    verdict: Verdict
    functions: list = field(default_factory=list)
    differences: list = field(default_factory=list)
    answer: str = CANNOT_TELL
    better: bool = False
    reason: str = ""
    next_run: tuple | None = None
    python: str = ""     # the version that the program runs on
    program_exit_code: int | None = None

    @property
    def exit_code(self):
        if self.answer == CANNOT_TELL:
            return EXIT_CANNOT_TELL
        return EXIT_BETTER if self.better else EXIT_NOT


class JudgedTrial(Trial):
    """The changed program beside the unmodified one, for as many pairs as the question needs."""

    may_come_and_go = False  # whoever made the change wants to know of a failure that comes and goes

    def __init__(self, verdict, overlay, runs=None):
        super().__init__(verdict, overlay)
        self._runs = runs
        self.pair_count_min = runs or RUNS_LEAST
        self.pair_count_max = runs or RUNS_MOST
        self._next_look = RUNS_LEAST

    def is_decided(self):
        """Whether more rounds would say little more. With a given number of rounds that many are run.

        The sequential interval of fixed width of Chow and Robbins (Annals of Mathematical Statistics 36, 1965): runs end by how
        wide the interval is, and not by where it lies. A rule that ends them when the interval lies well (all of it below
        something, most of it above) ends them the sooner the more the runs so far err that way, and the interval then misses
        the truth more often than it says: in 11 to 19 % instead of 5 %, where runs scatter by 5 %. Where it lies counts only far
        from any doubt: so many half widths from the threshold that no fluctuation has brought it there, or, once it is
        narrow, below what a gain worth the name could still reach. In a small sample the scatter comes out too small
        now and then, and just then the interval looks narrow: hence 1 + 4/n. What all of that costs is measured by
        benchmarks/fix/same.py --drawn: the interval covers the truth in 92 to 98 %.
        """
        count = len(self.before)
        if self._runs is not None or count < self._next_look:
            return False
        self._next_look = math.ceil(count * _NEXT_LOOK)
        gain, low, high = self.gain()
        width = math.log(high / low) / 2
        wary = width * math.sqrt(1 + 4 / count)
        return (wary < _TIGHT_RATIO or abs(math.log(gain / BETTER_MIN)) > _FAR_WIDTHS * width
                or wary < _LOOSE_RATIO and high < _HOPELESS_MAX)

    def decide(self, baseline):
        self.verdict.pairs = len(self.before)
        self.verdict.compared = list(baseline.outcome.compared)
        if len(self.before) > 1:
            self.fill_figures(baseline)


def next_run_interval(gain, interval, pair_count):
    """Where the gain of the next single pair of runs lies with 95 %.

    The gain over n pairs is known to s/sqrt(n), one more pair scatters by s around it: sqrt(1/n + 1), on the
    logarithm, against the interval's sqrt(1/n).
    """
    factor = math.sqrt(pair_count + 1)
    return tuple(gain * (bound / gain) ** factor for bound in interval)


class JudgementSession:
    """One run of `hasten prove` on a change.

    program: a Program; exit_code: as recorded, None if nobody knows; runs: pairs, None for as many as are needed (at
    least 8); tolerance and ulp: the share, and the units in the last place, by which floats in results and output may differ. ask(question) -> bool and say(text, stays=False) as
    in prove.Session, and memory_bytes.
    """

    def __init__(self, change, program, exit_code=None, wall_s=None, budget_s=120.0, runs=None, tolerance=0.0, ask=None, say=None,
                 seed=None, ulp=0, memory_bytes=None):
        self.change = change
        self.program = program
        self.budget_s = budget_s
        self._exit_code = exit_code
        self._wall_s = wall_s
        self._runs = runs
        self._nearness = Nearness(tolerance, ulp)
        self._memory_bytes = memory_bytes
        self._ask = ask or (lambda question: True)
        self._say = say or (lambda text, stays=False: None)
        self._dice = random.Random(seed)
        first = change.files[0]
        changed = [f for f in change.functions if f.is_changed]
        line = changed[0].line if changed else 1
        self.outcome = Outcome()
        verdict = Verdict("given", first.path, line, ", ".join(f.qualname for f in changed), what=change.title,
                          predicted=(0.0, math.inf), patch=change.patch())
        self.outcome.verdicts.append(verdict)
        functions = [FunctionJudgement(f, why_not=f.why_not) for f in change.functions]
        self.judgement = Judgement(change, self.outcome, verdict, functions)

    def judge(self):
        """Runs all that is needed. Raises Declined if the user said no."""
        if not self._ask(self.plan_text()):
            raise Declined
        self._baseline = Baseline(self.program, self._exit_code, self.budget_s, self.outcome, self._say,
                                  self._nearness, self._memory_bytes)
        try:
            self._run_all()
        except OutOfTime:
            self.outcome.stopped = self._too_few_pairs()  # none if the budget ended after enough of them
        finally:
            self._baseline.close()
        self._conclude()
        return self.judgement

    def plan_text(self):
        runs = 6 + 2 * (self._runs or RUNS_LEAST)  # plain, watched, judged, three recorded, then pairs
        about = "" if self._wall_s is None else f", about {max(1.0, runs * self._wall_s):.0f} s in all"
        more = "" if self._runs else ", more if that does not decide it"
        return (f"{self.program.name} runs {runs} times{about}{more} (--budget {self.budget_s:.0f} s). "
                "What the program does to files, network or other processes, each of these runs does, and it is not undone; "
                "what that is, the second run tells.")

    def _run_all(self):
        change, baseline = self.change, self._baseline
        judged = [f for f in self.judgement.functions if not f.why_not]
        functions = [JudgedFunction(*f.function.key, [self._variant(number, f.function)], is_wanted=f.function.is_wanted)
                     for number, f in enumerate(judged)]
        functions += [JudgedFunction(*f.function.key) for f in self.judgement.functions if f.why_not]
        self._calls = Calls(functions, self._dice)
        if not baseline.establish(change.originals(), self._calls.targets()):
            return
        events = baseline.reference.events
        self.judgement.program_exit_code = baseline.reference.exit_code
        self._calls.read_counts(events)
        self.judgement.python = next((e["version"] for e in events if e["event"] == "python"), "")
        self._loaded = {e["path"] for e in events if e["event"] == "loaded"}
        for f in self.judgement.functions:
            counted = self._calls.counted(f.function.key)
            # A file that was never loaded has no function that could be called.
            f.calls_total = counted["count"] if counted and f.function.path in self._loaded else \
                None if not counted else 0
        if not self._runs_what_changes():
            return
        if (no_copies := baseline.why_no_copies()) is not None:
            for f in judged:
                f.why_not = no_copies
        elif any(f.calls_total != 0 for f in judged):
            overlay = change.originals() | change.judged_text | {
                f.path: f.after for f in change.files if f.before is None}
            pairs_s = (self._runs or RUNS_LEAST) * 2 * baseline.elapsed_s
            events = self._calls.judge(baseline, overlay, change.added_names, pairs_s, collects=True)
            self._read_calls(events, judged)
        self._compare_recorded()
        self._run_rounds()

    def _variant(self, number, function):
        # What stands in another function has cells of its own: it is tried alone.
        group = None if "<locals>" in function.qualname else "change"
        text = self.change.text_after(function.path)
        return {"id": str(number), "text": text, "decorator": None, "requires": {}, "group": group}

    def _runs_what_changes(self):
        """Whether this program runs anything of the change; else all runs would be of one and the same program."""
        paths = {f.path for f in self.change.files if f.before is not None}
        self._unloaded = sorted(paths - self._loaded)
        if any(f.calls_total != 0 for f in self.judgement.functions):
            return True
        if any(path in self._loaded for path in self.change.module_paths) or not self.judgement.functions and self._loaded:
            return True
        if not self._loaded:
            what = ", ".join(sorted(paths)[:2]) or "the files that it adds"
            rewritten = any(_TEST_FILE.match(os.path.basename(path)) for path in paths)
            self.judgement.reason = f"{self.program.name} does not load {what}" + (
                " by Python's own import, which alone a trial can give other text (pytest compiles test files itself)" if rewritten else "")
        else:
            names = ", ".join(f.function.qualname for f in self.judgement.functions[:3])
            self.judgement.reason = f"{self.program.name} never calls {names}"
        return False

    # -- calls -----------------------------------------------------------------------------------------

    def _read_calls(self, events, judged):
        by_id = {str(number): f for number, f in enumerate(judged)}
        pairs = {}
        for event in events:
            f = by_id.get(event.get("variant"))
            if f is None:
                continue
            if event["event"] == "call":
                f.judged += 1
                f.identical += 1
                pairs.setdefault(event["variant"], []).extend(event["pairs"])
            elif event["event"] == "generated":
                f.generated, f.generated_raised = event["same"], event["raised"]
                f.raised_otherwise = event["raised_otherwise"]
            elif event["event"] == "different":
                f.judged += not event["made"]
                self._add_difference(f, None if event["made"] else event["index"], event["place"], event["old"], event["new"], event["why"])
            elif event["event"] == "shadow":
                f.results_compared = max(f.results_compared, event["count"])
            elif event["event"] == "dropped":
                self._read_dropped(f, event)
        branches = branches_of(events)
        for number, f in enumerate(judged):
            f.branches, f.branches_new = branches.get((number, None)), branches.get((number, str(number)))
        for id_, times in pairs.items():
            by_id[id_].call_speedup, by_id[id_].call_interval = gain_of_pairs(times)
        for f in judged:
            if f.calls_total != 0 and not f.judged and not f.why_not:
                f.why_not = "another --function was asked for" if not f.function.is_wanted else \
                    f"no call of it could be judged{self._calls.note}"

    def _read_dropped(self, f, event):
        if event["of"] == "difference" or event["of"] == "new" and event["verdict"] == REFUSED:
            why = event["why"]
            if event["of"] == "new" and not why.startswith("the new version"):
                verb = "holds, as what it gives or leaves," if why.startswith("a live") or " holds a live" in why else ""
                why = " ".join(filter(None, ("only the new version", verb, why)))
            f.judged += event["of"] == "new"
            self._add_difference(f, event["index"], "the call", "", "", why)
        else:
            f.why_not = event["why"] + (f" (call {event['index']})" if event["index"] else "")

    def _compare_recorded(self):
        """Calls of two unmodified runs and one of the changed program, by their number.

        A call counts if it was given the same in all three; what two unmodified runs do not agree on says nothing. This
        sees what one process cannot: what is altered outside functions, and what the new version keeps from call to call
        (in a copy every call is its first).
        """
        around = self._functions_around()
        wanted = [f for f in self.judgement.functions if f.calls_total != 0]
        needed = self.change.added_names or any(f.why_not or not f.judged for f in wanted)
        cheap = 3 * self._baseline.elapsed_s < 0.2 * self._baseline.left_s()
        if not wanted or self.judgement.differences or not (needed or cheap):
            return
        calls = Calls([JudgedFunction(*f.function.key) for f in wanted], self._dice)
        calls.read_totals({f.function.key: f.calls_total for f in wanted})
        originals = self.change.originals() | around
        seconds = min(0.05 * self._baseline.left_s(), max(RECORD_S_LEAST, self._baseline.elapsed_s))
        how = {"tells_left": self._nearness.is_exact}
        try:
            old = calls.record(self._baseline, originals, seconds, **how)
            again, new = (calls.record(self._baseline, overlay, seconds, like=old, **how)
                          for overlay in (originals, originals | self.change.overlay()))
        except Endless:
            return  # the rounds will tell
        comparison = Comparison(old, again, new, self._nearness)
        by_key = {f.function.key: f for f in wanted}
        counts = dict.fromkeys(by_key, 0)
        opaque = comparison.old.opaque()
        for key, number, was, is_, is_same, outcome_seen, all_seen in comparison.calls():
            if is_same:
                counts[key] += outcome_seen
                by_key[key].is_seen_whole |= all_seen and not opaque
                continue
            differs = f"the result differs: {is_} instead of {was}"
            if was == is_:
                differs = f"the result differs inside, or what the call leaves of its arguments ({was})"
            self._add_difference(by_key[key], number, "the result", was, is_, differs)
        for key, count in counts.items():
            by_key[key].results_compared = max(by_key[key].results_compared, count)
        for name, was, is_ in comparison.left(self.change.added_names, has_altered=bool(self.change.altered)):
            shown = f"{is_} instead of {was}" if was != is_ else f"it differs inside ({was})"
            self.judgement.differences.append(Difference("the whole program", None, f"{name} at the end", was, is_,
                                                         f"{name} differs when the program has ended: {shown}"))

    def _functions_around(self):
        """Adds the functions of other files that use what the change alters. Returns {path: bytes} of those files."""
        events = self._baseline.reference.events
        around = {}
        for path in next((e["paths"] for e in events if e["event"] == "modules"), ()):
            if path in self._loaded or len(around) > AROUND_MOST:
                continue
            try:
                with open(path, "rb") as file:
                    raw = file.read()
            except OSError:
                continue
            found = self.change.affected_in(path, raw)
            if found:
                around[path] = raw
                self.judgement.functions += [FunctionJudgement(f, why_not=f.why_not) for f in found]
        return around

    def _add_difference(self, f, index, place, old, new, text):
        if old.startswith("<function") and new.startswith("<function"):
            f.why_not = f"call {index}: {place} is a function, whose text may be another in the new version"
            return
        self.judgement.differences.append(Difference(f.function.qualname, index, place, old, new, text))

    # -- whole program ---------------------------------------------------------------------------------

    def _run_rounds(self):
        verdict = self.judgement.verdict
        runs = 1 if self.judgement.differences else self._runs  # what differs has no gain; one run says if the output does too
        trial = JudgedTrial(verdict, self.change.overlay(), runs)
        originals = self.change.originals()
        try:
            Rounds(self._baseline, self._dice, originals.get).run([trial])
        finally:
            if verdict.verdict == REFUSED:
                place, was, is_, text = trial.difference or ("", "", "", verdict.reason)
                self.judgement.differences.append(Difference("the whole program", None, place, was, is_, text))

    # -- what it comes to ------------------------------------------------------------------------------

    def _conclude(self):
        judgement, outcome, verdict = self.judgement, self.outcome, self.judgement.verdict
        outcome.take_nearness(self._nearness)
        judgement.differences.sort(key=lambda d: d.size)
        verdict.calls = sum(f.judged for f in judgement.functions)
        verdict.identical = sum(f.identical for f in judgement.functions)
        verdict.results_compared = sum(f.results_compared for f in judgement.functions)
        verdict.generated = sum(f.generated for f in judgement.functions)
        verdict.generated_raised = sum(f.generated_raised for f in judgement.functions)
        verdict.raised_otherwise = sum(f.raised_otherwise for f in judgement.functions)
        totals = [f.calls_total for f in judgement.functions if f.function.is_changed]
        verdict.calls_total = sum(totals) if totals and None not in totals else None
        if judgement.differences:
            judgement.answer = DIFFERENT
            judgement.reason = judgement.differences[0].text
        else:
            judgement.reason = judgement.reason or outcome.stopped or self._not_enough()
            if not judgement.reason:
                judgement.answer = SAME
                self._conclude_gain()
        verdict.verdict = {EXIT_BETTER: PROVEN, EXIT_NOT: REFUSED}.get(judgement.exit_code, CANNOT_TELL)
        verdict.reason = judgement.reason
        if verdict.interval is not None and verdict.pairs > 1:
            judgement.next_run = next_run_interval(verdict.program_speedup, verdict.interval, verdict.pairs)

    def _not_enough(self):
        """Why "the same" cannot be said although nothing differed; empty if it can."""
        if too_few := self._too_few_pairs():
            return too_few
        if self._calls.broken and "exit code" in self._baseline.outcome.compared:
            return self._calls.broken
        if self._baseline.output_tells():
            return ""
        for f in self.judgement.functions:
            if f.function.is_changed and f.calls_total != 0 and not f.judged and not f.is_seen_whole:
                more = "; what it returns is the same, but not all that it may leave could be compared" if f.results_compared else ""
                return (f"no call of {f.function.qualname} was judged ({f.why_not}), and the program's output does not tell "
                        f"either: it prints nothing, or something else each time{more}")
        if any(path in self._loaded for path in self.change.module_paths):
            return ("the change alters code outside functions, and the program's output does not tell: it prints nothing, or "
                    "something else each time")
        return ""

    def _too_few_pairs(self):
        verdict = self.judgement.verdict
        least = self._runs or RUNS_LEAST
        if verdict.pairs >= least:
            return ""
        told = "" if verdict.interval is None else f": {gain_text(verdict.program_speedup, verdict.interval)} so far"
        return (f"the budget of {self.budget_s:.0f} s ended after {verdict.pairs} of at least {least} pairs of runs{told}; "
                "give more with --budget SECONDS")

    def _conclude_gain(self):
        judgement, verdict = self.judgement, self.judgement.verdict
        judgement.better = verdict.interval[0] > BETTER_MIN
        if not judgement.better:
            slower = "slower" if verdict.interval[1] < 1 else "not surely faster"
            judgement.reason = (f"{slower}: the whole program gains {gain_text(verdict.program_speedup, verdict.interval)}, and "
                                f"all of the interval must lie above {BETTER_MIN}")
