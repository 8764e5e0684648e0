"""A file for the standard library's pstats, and for what reads its files.

    {(file, first line, name): (primitive calls, calls, self s, cumulative s, {caller: the same four})}

A sampling profiler sees no calls. Where pstats expects their number stands the number of samples that had the function,
or the caller right above it, on their stack.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable

from hasten.export.recording import OUTSIDE, Recording, read_recording

# pstats prints a name of this kind as {outside Python}, as it prints built-in functions.
_OUTSIDE_KEY = ("~", 0, "<outside Python>")


class _Cost:
    """What one function, or one caller and callee, was seen with."""

    def __init__(self) -> None:
        self.sample_count = 0
        self.self_ns = 0
        self.total_ns = 0

    def row(self) -> tuple[int, int, float, float]:
        return self.sample_count, self.sample_count, self.self_ns * 1e-9, self.total_ns * 1e-9


def encode(capture: str) -> bytes:
    """Times are seconds of CPU time; a sample counts once for a function, however often it is on the stack."""
    recording = read_recording(capture)
    functions: dict[int, _Cost] = {}
    calls: dict[tuple[int, int], _Cost] = {}
    for stack, (sample_count, cpu_ns) in _totals(recording).items():
        called = list(zip(stack, stack[1:]))
        _add(functions, stack, stack[-1], sample_count, cpu_ns)
        _add(calls, called, called[-1] if called else None, sample_count, cpu_ns)

    keys = [
        _OUTSIDE_KEY if function is OUTSIDE else (function.file, function.first_line, function.name)
        for function in recording.functions
    ]
    callers: dict[int, dict] = {function: {} for function in functions}
    for (caller, callee), cost in calls.items():
        callers[callee][keys[caller]] = cost.row()
    return marshal.dumps({keys[function]: (*cost.row(), callers[function]) for function, cost in functions.items()})


def _totals(recording: Recording) -> dict[tuple[int, ...], tuple[int, int]]:
    """Samples and CPU nanoseconds by stack of functions; where in a function it was is nothing that pstats knows."""
    totals: dict[tuple[int, ...], tuple[int, int]] = {}
    stacks = [tuple(frame.function for frame in stack) for stack in recording.stacks]
    for thread in recording.threads:
        for sample in thread.samples:
            sample_count, cpu_ns = totals.get(stacks[sample.stack], (0, 0))
            totals[stacks[sample.stack]] = (sample_count + 1, cpu_ns + sample.cpu_ns)
    return totals


def _add(costs: dict, present: Iterable, innermost: object, sample_count: int, cpu_ns: int) -> None:
    for key in set(present):
        cost = costs.setdefault(key, _Cost())
        cost.sample_count += sample_count
        cost.total_ns += cpu_ns
        cost.self_ns += cpu_ns if key == innermost else 0
