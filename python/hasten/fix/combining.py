"""Several proven fixes of one program: proven together, and reduced to the smallest set that has nearly all of the gain.

Of fixes that touch the same text the better one is taken. What is left is judged at the calls once more where one function
has several of them, run against the unmodified program (all at once, or built up one by one where that does not hold), and then each is left out in turn, by pairs of runs: what the others
have made worthless is not proposed. The one that adds least goes first, because of two that do the same one must stay.
"""

from __future__ import annotations

import math
import time

from hasten.fix.baseline import Endless
from hasten.fix.calls import Calls, JudgedFunction
from hasten.fix.rounds import PAIR_COUNT_MIN, Trial
from hasten.fix.runner import OutOfTime
from hasten.fix.source import SourceError, unified_diff
from hasten.fix.verdict import CANNOT_TELL, GAIN_MIN, PROVEN, Verdict, gain_text

ROUNDS_MAX = 40  # while there is time: most effects are next to 1, and there few pairs tell little
ADDS_MIN = 1.02  # a fix that gains less beside the others, or not surely anything, is left out


class Combining:
    """The end of one session. verdicts: by the candidates' ids; calls: those of the watched run."""

    def __init__(self, verdicts, baseline, calls, rounds, outcome, dice):
        self._verdicts = verdicts
        self._baseline = baseline
        self._calls = calls
        self._rounds = rounds
        self._outcome = outcome
        self._dice = dice

    def combine(self, proven):
        """Writes accepted and together into the outcome, and what is left out, and why, into the verdicts."""
        outcome = self._outcome
        kept = self._without_conflicts(proven)
        if len(kept) < 2:
            outcome.accepted = kept
            return
        together = self._try_together(kept)
        if together.verdict != PROVEN:
            self._build_up(kept, together)
            return
        outcome.accepted, outcome.together = kept, together
        try:
            self._leave_out(kept, together)
        except OutOfTime:
            pass  # what was proven together stays

    def _without_conflicts(self, proven):
        kept = []
        for candidate in sorted(proven, key=lambda c: -self._verdicts[c.id].interval[0]):
            rival = next((k for k in kept if _overlap(k, candidate)), None)
            if rival is None:
                kept.append(candidate)
                continue
            mine, other = self._verdicts[candidate.id], self._verdicts[rival.id]
            mine.refuse(f"proven alone ({mine.program_speedup:.2f}x), but it changes the same text as {_name(rival)}, which gains "
                        f"more ({other.program_speedup:.2f}x); apply that one, record again")
        return [c for c in proven if c in kept]  # in the design's order

    def _try_together(self, kept):
        together = Verdict("together", kept[0].source.path, kept[0].prescription.line, "", what=f"{len(kept)} fixes at once",
                           compared=list(self._outcome.compared))
        try:
            self._judge_together(kept, together)
            if not together.reason:
                self._rounds.run([Trial(together, combined_texts(kept))])
        except OutOfTime:
            pass
        return together

    def _judge_together(self, kept, together):
        """Judges the calls of functions that several of the fixes change: each alone says nothing of both."""
        by_function = {}
        for candidate in kept:
            if candidate.prescription.at_calls:
                by_function.setdefault(candidate.function_key, []).append(candidate)
        shared = [group for group in by_function.values() if len(group) > 1]
        if not shared:
            return
        texts = combined_texts(kept)
        functions, overlay, added = [], {}, set()
        for number, group in enumerate(shared):
            path = group[0].source.path
            requires = {name: kinds for c in group for name, kinds in c.prescription.requires.items()}
            functions.append(JudgedFunction(*group[0].function_key, [{
                "id": f"together {number}", "text": texts[path], "decorator": None, "requires": requires,
                "not_for": sorted({kind for c in group for kind in c.prescription.not_for})}]))
            here = [c for c in kept if c.source.path == path]
            overlay[path] = here[0].source.apply([e for c in here for e in c.prescription.additions])
            added |= {name for c in here for name in c.prescription.added_names}
        calls = Calls(functions, self._dice)
        for function in functions:
            calls.know(function.key, self._calls.counted(function.key))
        events = calls.judge(self._baseline, overlay, added, PAIR_COUNT_MIN * 1.5 * self._baseline.elapsed_s)
        seen = {e["variant"] for e in events if e["event"] == "call"}
        for event in events:
            if event["event"] == "dropped":
                together.refuse(f"call {event['index']} of {shared[int(event['variant'].split()[1])][0].function.qualname}: "
                                f"{event['why']}", event["verdict"])
            elif event["event"] == "generated":
                together.read_generated(event)
            elif event["event"] == "call":
                together.calls += 1
                together.identical += 1
        if not together.reason and len(seen) < len(shared):
            together.refuse(f"no call with both changes could be judged{calls.note}", CANNOT_TELL)

    def _build_up(self, kept, together):
        """All at once do not hold: the best, and one by one what holds together with those before."""
        best, *others = sorted(kept, key=lambda c: -self._verdicts[c.id].interval[0])
        self._outcome.accepted, self._outcome.together = [best], together
        for candidate in others:
            trial = together if len(kept) == 2 else self._try_together([*self._outcome.accepted, candidate])
            if trial.verdict == PROVEN:
                self._outcome.accepted = [*self._outcome.accepted, candidate]
                self._outcome.together = trial
                continue
            verdict = self._verdicts[candidate.id]
            verdict.refuse(f"proven alone ({verdict.program_speedup:.2f}x) but not together with "
                           f"{' and '.join(map(_name, self._outcome.accepted))}: {trial.reason or 'not tried'}", trial.verdict)

    # -- the smallest set ---------------------------------------------------------------------------------

    def _leave_out(self, kept, together):
        left_out = []
        while len(kept) > 1:
            effects = self._effects(kept)
            for candidate, (gain, low, high) in effects.items():
                verdict = self._verdicts[candidate.id]
                verdict.beside_others, verdict.beside_interval = gain, (low, high)
            idle = [c for c, effect in effects.items() if adds_nothing(*effect)]
            if not idle:
                break
            # What needs a package goes before a plain edit.
            least = min(idle, key=lambda c: (c.plain, effects[c][0]))
            rest = [c for c in kept if c is not least]
            if len(rest) > 1 and not self._prove_rest(rest):
                return
            left_out.append(least)
            kept = self._outcome.accepted = rest
            if len(rest) == 1:
                self._outcome.together = None  # proven alone, that is its proof
                self._verdicts[rest[0].id].beside_others = self._verdicts[rest[0].id].beside_interval = None
            verdict = self._verdicts[least.id]
            verdict.refuse(f"proven alone ({verdict.program_speedup:.2f}x), but it adds nothing beside "
                           f"{' and '.join(map(_name, rest))}: {gain_text(effects[least][0], effects[least][1:])}; left out")

    def _prove_rest(self, rest):
        trial = self._try_together(rest)
        if trial.verdict == PROVEN:
            self._outcome.together = trial
        return trial.verdict == PROVEN

    def _effects(self, kept):
        """{candidate: (gain, low, high)} of having it beside the others. Raises OutOfTime before 3 rounds are done."""
        from hasten._core import gain_of_runs

        sides = {None: combined_texts(kept)} | {c: combined_texts([k for k in kept if k is not c]) for c in kept}
        # A version without one of them may leave files of its own as they are: the others' bytes stand for these.
        base = {c.source.path: c.source.raw for c in kept}
        times = {side: [] for side in sides}
        effects = {}
        for number in range(1, ROUNDS_MAX + 1):
            self._baseline.say(f"round {number}: {len(kept)} fixes together against all but one of them")
            round_from = time.monotonic()
            order = list(sides)
            self._dice.shuffle(order)
            now = {}
            for side in order:
                try:
                    run = self._baseline.changed(base | sides[side])
                except Endless:
                    now[side] = math.inf
                    continue
                except OutOfTime:
                    if number <= PAIR_COUNT_MIN:
                        raise
                    return effects
                now[side] = run.wall_s if self._baseline.difference(run) is None else math.inf
                run.forget_lines()
            for side, seconds in now.items():
                times[side].append(seconds)
            if number < PAIR_COUNT_MIN:
                continue
            # Where one side's answer is another one, nothing is known of their times, and nothing is left out.
            effects = {c: (math.inf,) * 3 if math.inf in times[c] + times[None] else gain_of_runs(times[c], times[None]) for c in kept}
            if all(_is_told(*effect) for effect in effects.values()):
                break
            if self._baseline.left_s() < 1.5 * (time.monotonic() - round_from):
                break
        return effects


def adds_nothing(gain, low, high):
    """Whether a fix with this effect beside the others is not worth its text."""
    return high < GAIN_MIN or gain < ADDS_MIN and low <= 1.0


def _is_told(gain, low, high):
    return high == math.inf or low > ADDS_MIN or high < GAIN_MIN


def _overlap(one, other):
    try:
        combined_texts([one, other])
    except SourceError:
        return True
    return False


def _name(candidate):
    return f"{candidate.prescription.kind} in {candidate.function.qualname}"


def combined_texts(candidates):
    """{path: text} with all these candidates' edits. Raises SourceError if they overlap."""
    by_path = {}
    for candidate in candidates:
        by_path.setdefault(candidate.source.path, []).append(candidate)
    return {path: group[0].source.apply([e for c in group for e in c.edits]) for path, group in by_path.items()}


def combined_files(candidates):
    """{path: (what the file holds, what it holds with all these edits)}: what is written, where combined_texts is what runs."""
    by_path = {}
    for candidate in candidates:
        by_path.setdefault(candidate.source.path, []).append(candidate)
    return {path: (group[0].source.file_bytes, group[0].source.file_with([e for c in group for e in c.edits]))
            for path, group in by_path.items()}


def patch_of(candidates, raw=False):
    """A unified diff of all these candidates' edits; raw: in the files' own bytes, as surrogates, for a patch file."""
    sources = {c.source.path: c.source for c in candidates}
    return "".join(unified_diff(path, before, after, "utf-8" if raw else sources[path].encoding)
                   for path, (before, after) in combined_files(candidates).items())
