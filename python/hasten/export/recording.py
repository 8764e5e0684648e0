"""What every format starts from: the samples of a capture, by thread, with their stacks, and what its tasks awaited."""

from __future__ import annotations

import os
from typing import NamedTuple


class Function(NamedTuple):
    """A Python function as its code object names it; file is empty for OUTSIDE."""

    name: str
    file: str
    first_line: int


class Frame(NamedTuple):
    """A function on a stack, and the line it was at; its first line where the compiler gave none."""

    function: int  # index into Recording.functions
    line: int


class Sample(NamedTuple):
    """One look at a running thread."""

    stack: int  # index into Recording.stacks
    cpu_ns: int  # the CPU time that it stands for
    end_ns: int  # when it was taken, on the monotonic clock


class Await(NamedTuple):
    """A task awaited, from the end of one of its steps to the begin of its next one."""

    group: int  # index into Recording.task_groups
    task: int  # tells the tasks of a thread apart; 0: not known
    stack: int  # index into Recording.stacks: from the coroutine that the task runs to the innermost one
    begin_ns: int  # on the monotonic clock
    duration_ns: int
    step_ns: int  # how long the step before it took


class Thread(NamedTuple):
    """One thread, its samples and awaits in the order of time. Of very many short awaits only some are there."""

    pid: int
    tid: int
    name: str
    samples: list[Sample]
    awaits: list[Await]


class Process(NamedTuple):
    """One process, None where the capture does not know."""

    pid: int
    parent_pid: int
    command: list[str]
    start_ns: int  # on the monotonic clock
    start_wall_ns: int | None  # the same instant, since 1970
    rate_hz: float | None  # samples asked for per second of CPU time


# Native code with no Python frame under it.
OUTSIDE = Function("(outside Python)", "", 0)


class Recording(NamedTuple):
    """The samples of one capture."""

    name: str  # of the file
    functions: list[Function]
    stacks: list[list[Frame]]  # outermost frame first, never empty
    threads: list[Thread]
    processes: list[Process]
    wall_ns: int | None
    task_groups: list[str]  # names of asyncio tasks: their own, else their coroutine's


def read_recording(capture: str) -> Recording:
    """Read a capture.

    Raises: FormatError if the file is not a whole capture that this version reads.
    """
    from hasten._core import read_stacks

    read = read_stacks(capture)
    functions = [Function(*function) for function in read["functions"]]
    outside = [Frame(len(functions), 0)]
    stacks = [
        [Frame(function, line if line > 0 else functions[function].first_line) for function, line in stack] or outside
        for stack in read["stacks"]
    ]
    threads = [
        Thread(
            thread["pid"],
            thread["tid"],
            thread["name"],
            [Sample(*sample) for sample in thread["samples"]],
            [Await(*row) for row in thread["awaits"]],
        )
        for thread in read["threads"]
    ]
    groups = [
        name or (functions[function].name if function is not None else "task") for name, function in read["tasks"]
    ]
    processes = [
        Process(
            process["pid"],
            process["parent_pid"],
            process["command"],
            process["start_ns"],
            process.get("start_wall_ns"),
            process.get("rate_hz"),
        )
        for process in read["processes"]
    ]
    name = os.path.basename(capture)
    return Recording(name, [*functions, OUTSIDE], stacks, threads, processes, read.get("wall_ns"), groups)
