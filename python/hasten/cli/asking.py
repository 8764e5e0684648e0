"""Asking before a user's program is run, and saying how far the runs are."""

from __future__ import annotations

import argparse
import signal
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


def process_id(text: str) -> int:
    """The value of a PID."""
    if not text.isdigit() or not 0 < int(text) < 1 << 30:
        raise argparse.ArgumentTypeError(f"{text!r} is not a process id")
    return int(text)


def ulp_count(text: str) -> int:
    """The value of --allow-ulp."""
    from hasten.fix.trial.nearness import ULP_MAX

    if not text.isdecimal() or int(text) > ULP_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of units in the last place from 0 to {ULP_MAX}")
    return int(text)


def memory_size(text: str) -> int:
    """The value of --memory: bytes, or with K, M, G in powers of 1000."""
    number, factor = (text[:-1], 1000 ** (1 + "KMG".index(text[-1].upper()))) if text[-1:].upper() in tuple("KMG") else (text, 1)
    try:
        value = float(number) * factor
    except ValueError:
        value = 0.0
    if not 0 < value < 1e18:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of memory such as 4G or 500M")
    return int(value)


def refuse_without_terminal(*, yes: bool) -> None:
    """Raise HastenError where a question could not be answered."""
    if not yes and not sys.stdin.isatty():
        raise HastenError("it would run your program several times and cannot ask here", hint="give --yes to allow it")


def refuse_input_that_ends() -> None:
    """Raise HastenError where the program's input is a pipe, file or socket: it could be read once."""
    import os
    import stat

    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return  # closed: there is nothing to read
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFREG: "a file"}
    if (kind := kinds.get(stat.S_IFMT(mode))) is not None:
        raise HastenError(f"standard input is {kind}, which cannot be read again for every trial",
                          hint="let the program open its input by name; if it reads none: < /dev/null")


def ask(question: str) -> bool:
    """One question on standard error, answered by y or n."""
    print("\n".join(textwrap.wrap(question, 108, initial_indent="  ", subsequent_indent="  ")), file=sys.stderr)
    try:
        sys.stderr.write("  Go on? [y/n] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt as end:
        sys.stderr.write("\n")
        if getattr(end, "number", signal.SIGINT) != signal.SIGINT:
            raise  # nobody answered
        return False


class Progress:
    """What is being done: one line that is written over on a terminal, a line each elsewhere."""

    def __init__(self, stream):
        self._stream = stream
        self._live = stream.isatty()
        self._start = time.monotonic()
        self._shown = False

    def say(self, text, stays=False):
        """stays: the line is not written over by the next."""
        text = f"  [{time.monotonic() - self._start:5.1f} s] {text}"
        if stays:
            text = "\n".join(textwrap.wrap(text, 108, subsequent_indent="            ")) if self._live else text
        self._shown = True
        self._write(f"\r\x1b[K{text}{chr(10) if stays else ''}" if self._live else f"{text}\n")

    def end(self):
        if self._shown and self._live:
            self._write("\r\x1b[K")

    def _write(self, text):
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            pass  # the terminal went away; the session ends by its signal, not by this
