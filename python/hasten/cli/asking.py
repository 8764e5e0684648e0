"""Asking before a user's program is run, and saying how far the runs are."""

from __future__ import annotations

import argparse
import sys
import textwrap
import time

from hasten.errors import HastenError


def budget_seconds(text: str) -> float:
    """The value of --budget."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def ulp_count(text: str) -> int:
    """The value of --allow-ulp."""
    from hasten.fix.trial.nearness import ULP_MAX

    if not text.isdecimal() or int(text) > ULP_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of units in the last place from 0 to {ULP_MAX}")
    return int(text)


def refuse_without_terminal(*, yes: bool) -> None:
    """Raise HastenError where a question could not be answered."""
    if not yes and not sys.stdin.isatty():
        raise HastenError("it would run your program several times and cannot ask here", hint="give --yes to allow it")


def ask(question: str) -> bool:
    """One question on standard error, answered by y or n."""
    print("\n".join(textwrap.wrap(question, 108, initial_indent="  ", subsequent_indent="  ")), file=sys.stderr)
    try:
        sys.stderr.write("  Go on? [y/n] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False


class Progress:
    """What is being done: one line that is written over on a terminal, a line each elsewhere."""

    def __init__(self, stream):
        self._stream = stream
        self._live = stream.isatty()
        self._start = time.monotonic()
        self._shown = False

    def say(self, text):
        text = f"  [{time.monotonic() - self._start:5.1f} s] {text}"
        self._stream.write(f"\r\x1b[K{text}" if self._live else f"{text}\n")
        self._stream.flush()
        self._shown = True

    def end(self):
        if self._shown and self._live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
