"""The result of one fix: what was tried, what was found, in figures. Keys as in `hasten fix --json`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

PROVEN, REFUSED, CANNOT_TELL = "proven", "refused", "cannot tell"
GAIN_MIN = 1.05  # a proven gain's whole 95 % interval lies above this


@dataclass
class Verdict:
    kind: str
    file: str
    line: int
    function: str
    what: str = ""
    place: str = ""                  # the line as a person is told of it; "" for FILE:LINE
    verdict: str = CANNOT_TELL
    reason: str = ""
    predicted: tuple = (1.0, 1.0)
    ceiling: float | None = None
    calls: int = 0                   # judged in forked copies
    calls_total: int | None = None   # that the program makes
    identical: int = 0
    generated: int = 0               # calls on made inputs that came out the same
    generated_raised: int = 0        # of these, in so many both versions raised the same exception
    raised_otherwise: int = 0        # made inputs on which the old version raised, and the new one did something else
    branches: dict | None = None     # taken, total, never: of the function as it is, by the judged calls
    branches_new: dict | None = None  # the same of its new version
    results_compared: int = 0        # further calls whose result alone was compared
    call_speedup: float | None = None
    call_interval: tuple | None = None
    program_before_s: float | None = None
    program_after_s: float | None = None
    program_speedup: float | None = None
    interval: tuple | None = None
    beside_others: float | None = None   # gain of the whole program with it over without it, the other fixes there in both
    beside_interval: tuple | None = None
    pairs: int = 0
    compared: list = field(default_factory=list)
    peak_before_bytes: int | None = None
    peak_after_bytes: int | None = None
    needs: list = field(default_factory=list)
    patch: str = ""

    def refuse(self, reason, verdict=REFUSED):
        self.verdict, self.reason = verdict, reason
        return self

    def read_generated(self, event):
        self.generated, self.generated_raised = event["same"], event["raised"]
        self.raised_otherwise = event["raised_otherwise"]

    def to_json(self):
        out = {"kind": self.kind, "file": self.file, "line": self.line, "function": self.function, "what": self.what,
               "verdict": self.verdict, "reason": self.reason, "predicted": [_finite(x) for x in self.predicted],
               "calls": self.calls, "identical": self.identical, "generated": self.generated,
               "generated_raised": self.generated_raised, "raised_otherwise": self.raised_otherwise}
        if self.place:
            out["place"] = self.place
        optional = {"ceiling": self.ceiling, "calls_total": self.calls_total, "call_speedup": self.call_speedup,
                    "call_interval": self.call_interval, "program_before_s": self.program_before_s,
                    "program_after_s": self.program_after_s, "program_speedup": self.program_speedup,
                    "interval": self.interval, "beside_others": self.beside_others, "beside_interval": self.beside_interval,
                    "peak_before_bytes": self.peak_before_bytes,
                    "peak_after_bytes": self.peak_after_bytes, "branches": self.branches, "branches_new": self.branches_new}
        for key, value in optional.items():  # a key whose measurement did not take place is absent, never 0
            if value is not None:
                out[key] = [_finite(x) for x in value] if isinstance(value, tuple) else _finite(value)
        out |= {"results_compared": self.results_compared, "pairs": self.pairs, "compared": self.compared,
                "needs": self.needs, "patch": self.patch}
        return out


@dataclass
class Outcome:
    """All verdicts of one session, and what stood behind them."""

    verdicts: list = field(default_factory=list)
    program_runs: int = 0
    program_comparable: bool | None = None
    compared: list = field(default_factory=list)
    not_compared: list = field(default_factory=list)
    set_aside: list = field(default_factory=list)    # written, but nothing that the program was run for
    effects: list = field(default_factory=list)
    considered: list = field(default_factory=list)   # the program's costliest functions, as candidates.considered() tells them
    own_share: float | None = None                   # of wall time, in its own functions without what they call
    waiting_share: float | None = None               # of wall time, in which it did not need the CPU
    accepted: list = field(default_factory=list)     # candidates proven, and proven together
    together: Verdict | None = None
    stopped: str = ""                                # why the session ended before its end
    allow_ulp: int = 0                               # by so many units in the last place floats may differ
    largest_ulp: int = 0                             # the largest such difference that was let pass
    unfenced: str = ""                               # why system calls of forked copies were not filtered

    def take_nearness(self, nearness):
        self.allow_ulp, self.largest_ulp = nearness.ulp, nearness.largest_ulp

    @property
    def proven(self):
        return [v for v in self.verdicts if v.verdict == PROVEN]


def gain_text(gain, interval):
    low, mid, high = (f"{g:.2g}" if 0 < g < 0.1 else f"{g:.2f}" for g in (interval[0], gain, interval[1]))
    return f"{mid}x ({low}-{high})"


def _finite(value):
    return None if isinstance(value, float) and not math.isfinite(value) else value
