"""Every program by each sampling clock that this machine has."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hasten.errors import HastenError
from hasten.selftest import judges
from hasten.selftest.figure import Figure
from hasten.selftest.known import KNOWN, Known
from hasten.selftest.run import Run, measured, rounds_for

RATE_HZ = 1000  # more than `hasten run` takes by itself: chance is small after a few seconds
CPU_S = 3.0  # of each program
CLOCKS = {"perf clock": "perf", "thread clocks": "threads"}  # as a report names them, as the collector wants them
ALL_PROGRAMS = "all programs"

# Told what begins: its number, how many there are, and what it is.
Progress = Callable[[int, int, str], None]


@dataclass
class Result:
    """The figures that one program tells, or all of them together."""

    clock: str
    program: str
    samples: int
    cpu_s: float  # that the samples stand for
    withheld_share: float  # of the time that it was ready to run, how much the machine ran others
    figures: list[Figure]


def all_results(
    known: Sequence[Known] = KNOWN,
    *,
    python: str = sys.executable,
    cpu_s: float = CPU_S,
    progress: Progress = lambda number, count, what: None,
) -> Iterator[Result]:
    """First by the clock that `hasten run` uses here, then by the other one if this machine has it. The programs run in
    `python`.

    Raises: HastenError if a program cannot be run, or is not sampled by the clock in use.
    """
    count = (1 + len(CLOCKS)) * len(known)
    rounds = []
    for number, program in enumerate(known, 1):
        progress(number, count, f"{program.name}: how long it takes")
        rounds.append(rounds_for(python, program.script, cpu_s))

    def by_clock(engine: str, name: str, done: int) -> Iterator[Result]:
        runs = []
        for number, (program, program_rounds) in enumerate(zip(known, rounds, strict=True), 1):
            progress(done + number, count, f"{program.name}, by {name}")
            run = measured(python, program.script, program_rounds, rate_hz=RATE_HZ, engine=engine)
            if run.why_not_sampled:
                raise NotSampled(f"{program.name} is not sampled: {run.why_not_sampled}", code="selftest.not_sampled")
            runs.append(run)
            yield _result(program.name, [run], program.judge(run))
        yield _result(ALL_PROGRAMS, runs, judges.kept_samples(runs))

    in_use = ""
    for result in by_clock("", "the clock in use", len(known)):
        in_use = result.clock
        yield result
    for name, engine in CLOCKS.items():
        if name != in_use:
            try:
                yield from by_clock(engine, f"the {name}", 2 * len(known))
            except NotSampled:
                pass  # this machine does not have it; `hasten doctor` says why


class NotSampled(HastenError):
    """There is no such clock here, or it does not tick."""


def _result(program: str, runs: list[Run], figures: Iterator[Figure]) -> Result:
    return Result(
        clock=runs[0].report["engine"],
        program=program,
        samples=sum(run.report["samples"] for run in runs),
        cpu_s=sum(run.report["sampled_cpu_s"] for run in runs),
        withheld_share=max(run.withheld_share for run in runs),
        figures=list(figures),
    )
