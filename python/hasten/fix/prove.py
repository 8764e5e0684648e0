"""The life of a fix: candidates, calls judged in forked copies, whole-program runs, verdicts.

Order of the runs: the program as it is (plain), once more under the harness (which counts calls and sees
effects), once with calls judged, then rounds of old and new in diced order until the intervals are tight
or the budget is spent. What is proven when the budget ends stays proven.
"""

from __future__ import annotations

import math
import os
import random

from hasten.fix.baseline import Baseline, Declined
from hasten.fix.calls import Calls, JudgedFunction, branches_of, gain_of_pairs
from hasten.fix.candidates import considered, own_share, propose
from hasten.fix.combining import Combining, patch_of
from hasten.fix.rounds import PAIR_COUNT_LEAST, PAIR_COUNT_MIN, Rounds, Trial
from hasten.fix.rules import prices
from hasten.fix.runner import OutOfTime
from hasten.fix.trial.nearness import Nearness
from hasten.fix.verdict import CANNOT_TELL, GAIN_MIN, PROVEN, REFUSED, Outcome, Verdict, gain_text

__all__ = ["Declined", "Outcome", "Session"]


_SAYS_WHERE = ("call ", "differs on an input made")


class Session:
    """One run of `hasten fix`.

    ask(question) -> bool, say(text, stays=False) for progress; both may be None (then nothing is asked or said). ulp: by so many units in
    the last place floats in results and output may differ. memory_bytes: what the program and its copies may use at once;
    None: what is available.
    """

    def __init__(self, evidence, budget_s=120.0, ask=None, say=None, seed=None, candidates=None, ulp=0, memory_bytes=None):
        self.evidence = evidence
        self.budget_s = budget_s
        self._ask = ask or (lambda question: True)
        self._say = say or (lambda text, stays=False: None)
        self._dice = random.Random(seed)
        self._given = candidates
        self._nearness = Nearness(ulp=ulp)
        self._memory_bytes = memory_bytes
        self.outcome = Outcome()

    # -- the walk --------------------------------------------------------------------------------

    def prove(self):
        proposal = propose(self.evidence) if self._given is None else self._given
        self.candidates = proposal.candidates
        self._verdicts = {c.id: _verdict_of(c) for c in self.candidates}
        self.outcome.verdicts = list(self._verdicts.values()) + [
            Verdict(d.kind, d.file, d.line, d.function, verdict=REFUSED, reason=d.reason, predicted=d.predicted,
                    ceiling=d.ceiling) for d in proposal.dismissed]
        if self._given is None:
            self.outcome.considered, self.outcome.own_share = considered(self.evidence), own_share(self.evidence)
            self.outcome.waiting_share = 1.0 - self.evidence.busy
        if not self.candidates:
            return self.outcome
        if not self._ask(self.plan_text()):
            raise Declined
        self._baseline = Baseline(self.evidence.program, self.evidence.exit_code, self.budget_s, self.outcome, self._say,
                                  self._nearness, self._memory_bytes)
        self._calls = Calls(self._judged_functions(), self._dice)
        self._rounds = Rounds(self._baseline, self._dice, self._original)
        try:
            self._prove_all()
        except KeyboardInterrupt:
            self.outcome.stopped = "interrupted before it was decided"
            raise
        finally:
            self._baseline.close()
            self.outcome.take_nearness(self._nearness)
            for verdict in self._verdicts.values():
                if verdict.verdict == CANNOT_TELL and not verdict.reason:
                    verdict.reason = self.outcome.stopped or f"the budget of {self.budget_s:.0f} s was spent before it was tried"
        return self.outcome

    def _prove_all(self):
        try:
            if not self._baseline.establish({c.source.path: c.source.raw for c in self.candidates}, self._calls.targets()):
                return
            self._calls.read_counts(self._baseline.reference.events)
            self._refuse_unloaded()
            self._refuse_too_small()
            if self._calls.functions:
                self.outcome.stopped = self._baseline.why_no_copies() or ""
            if self.outcome.stopped or all(v.reason for v in self._verdicts.values()):
                return
            if self._calls.functions:
                self._judge()
                if self._calls.broken and "exit code" in self.outcome.compared:
                    self.outcome.stopped = self._calls.broken
                    return
        except OutOfTime:
            self.outcome.stopped = (f"one run of the program does not fit into the budget of {self.budget_s:.0f} s; "
                                    "give more with --budget SECONDS")
            return
        survivors = [c for c in self.candidates if self._survives_calls(c)]
        plain_functions = {c.function_key for c in survivors if c.plain}
        first = [c for c in survivors if c.plain or c.function_key not in plain_functions]
        try:
            self._run_rounds(first)
            cured = {c.function_key for c in first if self._verdicts[c.id].verdict == PROVEN}
            second = []
            for candidate in survivors:
                if candidate in first:
                    continue
                if candidate.function_key in cured:
                    self._verdicts[candidate.id].refuse("a plain edit of the same function is proven and needs no package; "
                                                        "apply it, record again, then fix looks at what is left")
                else:
                    second.append(candidate)
            self._run_rounds(second)
        except OutOfTime:
            self._settle(survivors)
        Combining(self._verdicts, self._baseline, self._calls, self._rounds, self.outcome, self._dice).combine(
            [c for c in self.candidates if self._verdicts[c.id].verdict == PROVEN])

    def keep_what_is_proven(self):
        """After an interruption: what was proven together until then, or else the best single fix."""
        proven = [c for c in getattr(self, "candidates", ()) if self._verdicts[c.id].verdict == PROVEN]
        if proven:
            self.outcome.accepted = self.outcome.accepted or [max(proven, key=lambda c: self._verdicts[c.id].interval[0])]
            for candidate in proven:
                if candidate not in self.outcome.accepted:
                    self._verdicts[candidate.id].refuse("proven alone, but not yet together with the others", CANNOT_TELL)

    # -- what is asked -----------------------------------------------------------------------------

    def plan(self):
        """(runs at most, seconds in all at most) as far as the capture tells."""
        wall_s = self.evidence.wall_s
        count = len(self.candidates)
        after_s = sum(wall_s / max(1.0, min(c.predicted[1], 20.0)) for c in self.candidates)
        rounds = PAIR_COUNT_MIN if wall_s > 2 else 2 * PAIR_COUNT_MIN
        runs = 3 + rounds * (1 + count) + (1 + rounds * (3 + count) if count > 1 else 0)  # together, then each left out
        seconds = 4.5 * wall_s + rounds * (wall_s + after_s) * (2.0 if count > 1 else 1.0)
        return runs, min(seconds, self.budget_s)

    def plan_text(self):
        runs, seconds = self.plan()
        about = "less than 1 s" if seconds < 1 else f"about {seconds:.0f} s"
        return (f"{self.evidence.program.name} runs up to {runs} times, {about} in all (--budget {self.budget_s:.0f} s). "
                "What the program does to files, network or other processes, each of these runs does, and it is not undone; "
                "what that is, the second run tells.")

    # -- calls ---------------------------------------------------------------------------------------

    def _judged_functions(self):
        functions = {}
        for candidate in self.candidates:
            if not candidate.prescription.at_calls:
                continue
            function = candidate.function
            key = candidate.function_key
            functions.setdefault(key, JudgedFunction(candidate.source.path, function.qualname, function.ordinal))
            functions[key].sized += candidate.prescription.sized
            functions[key].variants.append({"id": candidate.id, "text": candidate.new_text,
                                            "decorator": candidate.prescription.decorator,
                                            "requires": candidate.prescription.requires,
                                            "not_for": list(candidate.prescription.not_for)})
        return list(functions.values())

    def _refuse_unloaded(self):
        """A trial puts its text where Python's own import reads the file; what is read otherwise cannot be changed so."""
        loaded = {e["path"] for e in self._baseline.reference.events if e["event"] == "loaded"}
        for candidate in self.candidates:
            path = candidate.source.path
            if path not in loaded:
                self._verdicts[candidate.id].refuse(
                    f"{os.path.basename(path)} is not read by Python's own import, so that a trial cannot put other text in its "
                    "place (pytest compiles test files and conftest.py itself); move the function to a module that they import")

    def _refuse_too_small(self):
        """A set of few elements cannot pay however often it is asked: what the watched run saw of its length says so."""
        for candidate in self.candidates:
            found = self._sizes(candidate)
            if found is None:
                continue
            name, (_, most, looks, kinds, what) = found
            way = candidate.prescription.pays
            if most < prices.pays_from(way, kinds):
                self._verdicts[candidate.id].refuse(f"n is {most} (`{name}`, the longest of {looks} {what}{'s' if looks > 1 else ''} looked at); "
                                                    + prices.pays_text(way, kinds))

    def _sizes(self, candidate):
        """(name, (least, most, looks, kinds, at what)) of the list whose length decides; None where nobody knows its price."""
        sizes = (self._calls.counted(candidate.function_key) or {}).get("sizes", {})
        for name in candidate.prescription.sized:
            if name in sizes and prices.pays_from(candidate.prescription.pays, sizes[name][3]) is not None:
                return name, sizes[name]
        return None

    def _sizes_text(self, candidate):
        way = candidate.prescription.pays
        found = self._sizes(candidate)
        told = f"n is {found[1][0]} to {found[1][1]} at the {found[1][4]}s (`{found[0]}`)" if found else ""
        return "".join(f"; {part}" for part in (told, prices.pays_text(way, found[1][3] if found else None) if way else "") if part)

    def _judge(self):
        """One run in which calls are judged in forked copies."""
        overlay, added = {}, set()
        for path in {c.source.path for c in self.candidates}:
            here = [c for c in self.candidates if c.source.path == path]
            overlay[path] = here[0].source.apply([e for c in here for e in c.prescription.additions])
            added |= {name for c in here for name in c.prescription.added_names}
        # Calls get what the shortest whole-program proof (three pairs, the new at half the time) leaves over.
        pairs_s = PAIR_COUNT_MIN * 1.5 * self._baseline.elapsed_s
        self._read_judgement(self._calls.judge(self._baseline, overlay, added, pairs_s))

    def _read_judgement(self, events):
        pairs = {}
        for event in events:
            verdict = self._verdicts.get(event.get("variant"))
            if event["event"] == "call":
                verdict.calls += 1
                verdict.identical += 1
                pairs.setdefault(event["variant"], []).extend(event["pairs"])
            elif event["event"] == "dropped":
                verdict.calls += event["judged"]
                where = f"call {event['index']}: " if not event["why"].startswith(_SAYS_WHERE) and event["index"] else ""
                verdict.refuse(where + event["why"], event["verdict"])
            elif event["event"] == "generated":
                verdict.read_generated(event)
            elif event["event"] == "shadow":
                verdict.results_compared = max(verdict.results_compared, event["count"])
        branches = branches_of(events)
        for number, function in enumerate(self._calls.functions):
            for variant in function.variants:
                verdict = self._verdicts[variant["id"]]
                verdict.branches, verdict.branches_new = branches.get((number, None)), branches.get((number, variant["id"]))
        for id_, times in pairs.items():
            verdict = self._verdicts[id_]
            verdict.call_speedup, verdict.call_interval = gain_of_pairs(times)

    def _survives_calls(self, candidate):
        """Is a whole-program trial worth its time?"""
        from hasten._core import predict_gain

        verdict = self._verdicts[candidate.id]
        if not candidate.prescription.at_calls:
            if verdict.reason:
                return False
            if self._baseline.output_tells():
                return True
            verdict.refuse("it reaches beyond its own calls, and the program's output, by which it is judged, is empty or "
                           "something else each time", CANNOT_TELL)
            return False
        counted = self._calls.counted(candidate.function_key)
        if counted:
            verdict.calls_total = counted["count"]
        if verdict.reason:
            return False
        if not verdict.calls:
            verdict.refuse(f"no call of it could be judged{self._calls.note}", CANNOT_TELL)
            return False
        speedup = verdict.call_speedup
        if verdict.call_interval is not None and verdict.call_interval[1] < GAIN_MIN:
            verdict.refuse(f"not faster: {gain_text(speedup, verdict.call_interval)} on the call{self._sizes_text(candidate)}")
            return False
        likely = predict_gain(candidate.share, max(speedup, 1e-3), max((verdict.call_interval or (0, speedup))[1], 1e-3))
        if candidate.plain and verdict.call_interval is not None and likely[1] < 1.0:
            verdict.refuse(f"not faster: {gain_text(speedup, verdict.call_interval)} on the call{self._sizes_text(candidate)}")
            return False
        return True

    # -- whole-program runs -----------------------------------------------------------------------------

    def _run_rounds(self, candidates):
        """Old and new by turns until each interval is tight, the new is refused, or time is up."""
        trials = [Trial(self._verdicts[c.id], {c.source.path: c.new_text}) for c in candidates]
        self._rounds.run(trials, reserve_rounds=PAIR_COUNT_MIN if len(candidates) > 1 else 0)

    def _original(self, path):
        return next(c.source.raw for c in self.candidates if c.source.path == path)

    def _settle(self, survivors):
        for candidate in survivors:
            verdict = self._verdicts[candidate.id]
            if verdict.verdict == CANNOT_TELL and not verdict.reason:
                verdict.refuse(self._baseline.too_few_pairs_text(PAIR_COUNT_LEAST), CANNOT_TELL)


def _verdict_of(candidate):
    p = candidate.prescription
    ceiling = candidate.ceiling if math.isfinite(candidate.ceiling) else None
    return Verdict(p.kind, candidate.source.path, p.line, candidate.function.qualname, what=p.what,
                   place=candidate.source.place(p.line),
                   predicted=candidate.predicted, ceiling=ceiling, needs=list(p.needs), patch=patch_of([candidate]))
