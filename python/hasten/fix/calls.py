"""The judged run: which calls of which functions are looked at in forked copies, and how long that may take."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hasten.fix.baseline import end_text, last_line
from hasten.fix.recording import Recording
from hasten.fix.runner import OutOfTime

CALLS_JUDGED_MAX = 36
CALLS_ENOUGH = 30    # a function that is called more rarely is judged on inputs made from its calls too
GENERATED_COUNT = 40
BESIDE_S = 6e-5      # what comparing a call in the program itself costs beside the call
CALL_S_MIN = 5.0  # so long at least may a call of the new version take: its first may import and compile


@dataclass
class JudgedFunction:
    """One function under trial. variants: {id, text (of the whole file), decorator, requires} of each new version."""

    path: str
    qualname: str
    ordinal: int
    variants: list = field(default_factory=list)
    sized: tuple = ()       # names of lists whose lengths are looked at
    is_wanted: bool = True  # False: its new version runs where others call it, but its own calls are not judged

    @property
    def key(self):
        return self.path, self.qualname, self.ordinal


class Calls:
    """The functions under trial of one session, what their calls were, and the run that judges them."""

    def __init__(self, functions, dice):
        self.functions = functions
        self._keys = {f.key: number for number, f in enumerate(functions)}
        self._dice = dice
        self._counts = {}
        self.note = ""  # how the judged run went wrong
        self.broken = ""  # it ended otherwise than the unmodified program does: the whole sentence, and what to do

    def read_counts(self, events):
        self._counts = {e["key"]: e for e in events if e["event"] == "counted"}

    def read_totals(self, totals):
        """{function's key: number of calls} from elsewhere."""
        self._counts = {self._keys[key]: {"count": count or 0} for key, count in totals.items()}

    def counted(self, key):
        """What the watched run counted of a function: count, total_ns, slowest, sizes; None if it left without saying."""
        return self._counts.get(self._keys.get(key))

    def know(self, key, counted):
        """What another look counted of a function, as counted() gave it."""
        if counted is not None:
            self._counts[self._keys[key]] = counted

    def targets(self):
        """One entry a function, as the harness reads it."""
        return [{"key": number, "path": f.path, "qualname": f.qualname, "ordinal": f.ordinal, "requires": {}, "sized": f.sized,
                 "variants": f.variants, "schedule": [], "pairs_per_call": 1, "shadow_stride": 0, "generated": 0}
                for number, f in enumerate(self.functions)]

    def judge(self, baseline, overlay, added_names, pairs_s, **more):
        """One run in which calls are judged. Returns its events. pairs_s: time to be left for whole-program pairs."""
        from hasten._core import fence

        baseline.say("calls judged in forked copies")
        left_s = baseline.left_s()
        seconds = min(0.35 * left_s, max(0.1 * left_s, left_s - baseline.elapsed_s - pairs_s))
        shadow_seconds = min(max(1.0, baseline.elapsed_s), 0.15 * baseline.left_s())
        nearness = baseline.nearness
        if not nearness.is_exact:
            shadow_seconds = 0  # those comparisons are bit by bit
        targets = self.targets()
        for target, function in zip(targets, self.functions):
            if function.is_wanted:
                self._plan(target, seconds, shadow_seconds)
        limit_s = min(0.7 * baseline.left_s(), 4 * baseline.elapsed_s + seconds + shadow_seconds + 5)
        try:
            run = baseline.runner.trial(overlay, limit_s, "judge", targets=targets, seconds=seconds,
                                        shadow_seconds=shadow_seconds, additions=sorted(added_names),
                                        may_stop=not baseline.outcome.effects, call_s_min=CALL_S_MIN,
                                        seed=self._dice.getrandbits(63), tolerance=nearness.share, ulp=nearness.ulp,
                                        fence=fence(), **more)
        except OutOfTime as error:
            self.note = f": the budget of {baseline.budget_s:.0f} s ended first; give more with --budget SECONDS"
            return self._events(error.args[0] if error.args else [], baseline)
        if run.exit_code != baseline.reference.exit_code and not any(e["event"] == "stopped" for e in run.events):
            self.note = f": it {end_text(run.exit_code)}{last_line(run.stderr_tail)}"
            self.broken = (f"the run of the unmodified program in which calls are judged went wrong: it {end_text(run.exit_code)} "
                           f"and not with {baseline.reference.exit_code}{last_line(run.stderr_tail)}; nothing is proven. Try again; if "
                           "it goes wrong each time, the program looks at its own functions, frames or time, which judging changes")
        return self._events(run.events, baseline)

    @staticmethod
    def _events(events, baseline):
        nearness = baseline.nearness
        nearness.largest_ulp = max([nearness.largest_ulp, *(e["ulp"] for e in events if "ulp" in e)])
        baseline.outcome.unfenced = next((e["why"] for e in events if e["event"] == "unfenced"), "")
        return events

    def record(self, baseline, overlay, seconds, like=None, tells_left=False):
        """One run in which calls say what they gave, as a Recording. Raises Endless.

        like: a Recording whose calls are to be recorded; else the run chooses. tells_left: it also says what data is
        left at its end.
        """
        targets = self.targets()
        for target, function in zip(targets, self.functions):
            target["recorded"] = None if like is None else like.schedule(function.key)
        calls_total = sum(c["count"] for c in self._counts.values())
        run = baseline.changed(overlay, "record", targets=targets, seconds=seconds,
                               tolerance=baseline.nearness.share, ulp=baseline.nearness.ulp,
                               calls_total=calls_total, tells_left=tells_left)
        return Recording.read(run.events, lambda event: self.functions[event["key"]].key)

    def _plan(self, target, seconds, shadow_seconds):
        """Which calls are judged: the first two, the last, those that take a branch first, the slowest, and random ones between."""
        counted = self._counts.get(target["key"])
        count = counted["count"] if counted else 0
        if not counted:  # the program left without saying: first calls, then two dice a power of two
            chosen = {1, 2, 3} | {self._dice.randrange(2**k, 2**(k + 1)) for k in range(2, 30) for _ in range(2)}
            target["schedule"] = sorted(chosen)[:CALLS_JUDGED_MAX]
            return
        if not count:
            return
        mean_s = max(counted["total_ns"] * 1e-9 / count, 1e-7)
        sides = 1 + len(target["variants"])
        fits = int(seconds / len(self._keys) / (sides * (mean_s + 0.03)))
        number = max(1, min(CALLS_JUDGED_MAX, fits, count))
        chosen = []
        # What is taken late is taken seldom: it goes first where not all fit.
        first_taken = sorted({index for index in counted["taken_first"] if index}, reverse=True)
        for index in [1, counted["slowest"][0], count, *first_taken[:max(1, 2 * number // 3)], 2, *counted["slowest"][1:number // 3]]:
            if 1 <= index <= count and index not in chosen:
                chosen.append(index)
        chosen = chosen[:number]
        while len(chosen) < number:
            index = self._dice.randrange(1, count + 1)
            if index not in chosen:
                chosen.append(index)
        target["schedule"] = sorted(chosen)
        if count < CALLS_ENOUGH:
            target["generated"] = math.ceil(GENERATED_COUNT / number)
        target["pairs_per_call"] = 1 if number >= 12 or mean_s > 1 else min(8, 12 // number)
        shadow_s = shadow_seconds / len(self._keys)
        target["shadow_stride"] = max(1, math.ceil(count * (sides * mean_s + (sides - 1) * BESIDE_S) / shadow_s)) if shadow_s > 0 else 0


def branches_of(events):
    """{(function's number, variant's id or None for the old version): {taken, total, never}} of the judged calls."""
    return {(e["key"], e["variant"]): {"taken": e["taken"], "total": e["total"],
                                       "never": [{"line": line, "outcome": outcome} for line, outcome in e["never"]]}
            for e in events if e["event"] == "branches"}


def gain_of_pairs(pairs):
    """(gain, (low, high) or None) of the timed pairs of judged calls."""
    from hasten._core import gain_of_calls

    before, after = ([max(1.0, float(t[side])) for t in pairs] for side in (0, 1))
    gain, low, high = gain_of_calls(before, after)
    return gain, (low, high) if len(pairs) > 1 else None
