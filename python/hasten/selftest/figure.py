"""One figure of the profiler beside its truth."""

from __future__ import annotations

from dataclasses import dataclass

OK, OUTSIDE, CANNOT_TELL = "ok", "outside", "cannot tell"


@dataclass
class Figure:
    """What was measured, what is true, how far apart they are and how far they may be."""

    name: str
    unit: str  # of all four: "share" (0 to 1), "s", "stacks" or "processes"
    measured: float
    truth: float
    error: float
    bound: float
    why_bound: str
    state: str = OK
    why: str = ""  # it cannot be told


def judged(figure: Figure, *, withheld: float | None = None, blind: float | None = None) -> Figure:
    """The figure with its state.

    withheld: how much processor time the machine kept from the program, in the figure's unit. What that can explain
        is not held against the profiler. None: the figure does not depend on the load.
    blind: the error of a profile that has not seen the thing at all. A bound that wide tells nothing.
    """
    if blind is not None and figure.bound >= blind:
        figure.state, figure.why = CANNOT_TELL, "too few samples: a profile that never saw it would pass"
    elif figure.error > figure.bound:
        if withheld is not None and figure.error - figure.bound <= withheld:
            figure.state = CANNOT_TELL
            figure.why = "the machine was busy: the program waited longer for a processor than it is off"
        else:
            figure.state = OUTSIDE
    return figure
