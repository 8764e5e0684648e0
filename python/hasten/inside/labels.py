"""Seconds by name: stretches of a program that it labels, measured by the clocks of the thread that runs them.

Each stretch is measured, not sampled, however short it is. Where nobody measures, a label costs next to nothing.
"""

from __future__ import annotations

import os
import threading
import time

from hasten import _core

PROBED = _core.is_probed()  # under `hasten run`, which then gets the labels


class Totals:
    """What was spent under each name, by all threads together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[str, list[int]] = {}
        self.closed = False

    def add(self, name: str, wall_ns: int, cpu_ns: int) -> None:
        with self._lock:
            sums = self._sums.setdefault(name, [0, 0, 0])
            sums[0] += 1
            sums[1] += wall_ns
            sums[2] += cpu_ns

    def rows(self) -> list[tuple[str, int, int, int]]:
        """(name, how often, wall ns, CPU ns)."""
        with self._lock:
            return [(name, *sums) for name, sums in self._sums.items()]

    def forget_lock(self) -> None:
        """In a forked child, where the thread that held it may be gone."""
        self._lock = threading.Lock()


class _ProbeTotals:
    """The same by way of the probe: the collector adds up."""

    closed = False

    def add(self, name: str, wall_ns: int, cpu_ns: int) -> None:
        _core.probe_label(name, wall_ns, cpu_ns)


# What listens now. Replaced as a whole, so that a label reads it without a lock.
_listeners: tuple = (_ProbeTotals(),) if PROBED else ()
_open = threading.local()
_forks = 0  # how many lie behind this process


def listen(totals: Totals) -> None:
    """Lets every stretch that begins from here on count in `totals`."""
    global _listeners
    _listeners = (*_listeners, totals)


def unlisten(totals: Totals) -> None:
    """Ends that; stretches that are still open do not count."""
    global _listeners
    totals.closed = True
    _listeners = tuple(one for one in _listeners if one is not totals)


def _in_forked_child() -> None:
    global _forks
    _forks += 1


os.register_at_fork(after_in_child=_in_forked_child)


class label:  # noqa: N801 - used as a function: `with hasten.label("load"):`
    """A stretch of the program under a name: `with hasten.label("load"): ...`.

    The report of the run (`hasten run`) or of the `hasten.profile` around it shows, by name, how often it ran, its wall
    seconds and the CPU seconds of the thread that ran it. Labels nest; a label inside one of the same name counts as part
    of the outer one. A stretch that ends in another thread than it began in is not counted, nor is one that has not ended.

    Args:
        name: up to 200 bytes of it are kept.
    Cost: 3 to 5 us a stretch while somebody measures (the CPU clock is a system call), 0.6 us otherwise.
    """

    __slots__ = ("_begun", "name")

    def __init__(self, name: str) -> None:
        self.name = str(name)
        self._begun: list[tuple] = []

    def __enter__(self) -> label:
        listeners = _listeners
        if not listeners:
            self._begun.append(())
            return self
        names = _open.__dict__
        depth = names.get(self.name, 0)
        names[self.name] = depth + 1
        thread = threading.get_ident()
        listeners = listeners if depth == 0 else ()
        self._begun.append((listeners, names, thread, _forks, time.thread_time_ns(), time.perf_counter_ns()))
        return self

    def __exit__(self, *exception: object) -> None:
        begun = self._begun.pop()
        if not begun:
            return
        wall_ns, cpu_ns = time.perf_counter_ns(), time.thread_time_ns()
        listeners, names, thread, forks, cpu_begun, wall_begun = begun
        names[self.name] -= 1
        if thread != threading.get_ident() or forks != _forks:
            return
        for totals in listeners:
            if not totals.closed:
                totals.add(self.name, wall_ns - wall_begun, cpu_ns - cpu_begun)
