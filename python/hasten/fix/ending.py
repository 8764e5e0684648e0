"""Ctrl-C, SIGTERM and SIGHUP end a session in good order: its trial is ended, its folder removed, what is proven kept."""

from __future__ import annotations

import signal
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_held = False
_waiting = None


class Ended(KeyboardInterrupt):
    """One of these signals came. exit_code: 128 and its number, as a shell would say."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.exit_code = 128 + number


@contextmanager
def signals_end_it():
    """Within, the first of these signals raises Ended, and further ones are ignored: cleaning up takes some milliseconds.

    A signal that this process was told to ignore (nohup) stays ignored.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    changed = [number for number, handler in before.items() if handler is not signal.SIG_IGN and handler is not None]
    for number in changed:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, before[number])


@contextmanager
def held():
    """Within, Ended waits until the end of the block: between a process's start and the note of its number it would be lost."""
    global _held
    _held = True
    try:
        yield
    finally:
        _held = False
        if _waiting is not None:
            _raise(_waiting)


def _end(number, frame):
    global _waiting
    if _held:
        _waiting = number
    else:
        _raise(number)


def _raise(number):
    global _waiting
    _waiting = None
    for other in _SIGNALS:
        if signal.getsignal(other) is _end:
            signal.signal(other, signal.SIG_IGN)
    raise Ended(number)
