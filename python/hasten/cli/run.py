"""`hasten run`: run a program as plain Python, measure it, print the verdict."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections import namedtuple
from pathlib import Path

from hasten.cli.asking import process_id
from hasten.cli.captures import SUFFIX, Place
from hasten.cli.jit import jit_runs
from hasten.cli.output import drop_output, print_verdict, write_json
from hasten.cli.program_words import words_of_option
from hasten.cli.target import Target, UsageError, resolve
from hasten.errors import FormatError, HastenError

EXAMPLES = """\
examples:
  hasten run julia.py 1000              a script with its arguments
  hasten run -m pytest tests            a module
  hasten run -c 'sum(range(10**8))'     code
  hasten run notebook.ipynb             the code cells of a notebook, in order
  hasten run pytest tests               an installed command, by its own Python
  hasten run --python python3.12 julia.py
  hasten run --native solver.py         with the C functions below each line
  hasten run --repeat 20 quick.py       too short a program, measured 20 times into one capture
  hasten run --json report.json julia.py
  hasten run --counts solve julia.py    besides, how often solve was called and each of its lines ran, exactly
  hasten run --jit julia.py             its hot functions compiled as it runs
  hasten run --pid 4711 --seconds 10    a Python that runs already, read from outside; Ctrl-C ends it earlier
  hasten run --pid 4711 --inject        the same from inside: waits, the GIL, children

What stands before the program belongs to Hasten, everything after it to the program. Exit codes are the
program's own, and a program killed by a signal takes Hasten with it by the same signal; 125 is a failure of
Hasten itself, 2 a wrong command line.
"""

_RATE_HZ_MIN, _RATE_HZ_MAX = 1, 20_000
_RUNS_MAX = 1000


Outcome = namedtuple("Outcome", "exit_code signal capture_failed", defaults=(False,))
Outcome.__doc__ = "How the program ended: by an exit code, or by a signal (0 if none); and whether its capture is not whole, which was said."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "hasten run [OPTIONS] (SCRIPT | -m MODULE | -c CODE | PROGRAM) [ARGUMENTS]\n       hasten run [OPTIONS] --pid PID"
    parser.add_argument("--python", metavar="PYTHON", help="interpreter to run it with, by name or path (default: this one)")
    parser.add_argument("--pid", type=process_id, metavar="PID", help="measure this running Python instead of starting one")
    parser.add_argument("--inject", action="store_true", help="with --pid: from inside, for waits, children and exact clocks; writes to it")
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="with --pid: for so long (default: until Ctrl-C or its end)")
    parser.add_argument("--rate", type=_rate, metavar="HZ", help="samples a CPU-second (default: as many as cost 0.8 %%)")
    parser.add_argument("--native", action="store_true", help="the C stack of every sample too: which C functions a line calls")
    parser.add_argument("--repeat", type=_runs, default=1, metavar="N", help="run it N times into one capture")
    parser.add_argument(
        "--counts", action="append", metavar="FUNCTION",
        help="count its calls and each line's executions exactly: MODULE:QUALNAME, FILE:FUNCTION or a name; may be repeated",
    )  # fmt: skip
    parser.add_argument("--jit", action="store_true", help="compile its hot functions as it runs, with the same results")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON; - for standard output")
    parser.add_argument("--out", metavar="PATH", help=f"the capture's directory, or its name if that ends in {SUFFIX}")


def split_words(parser: argparse.ArgumentParser, words: list[str]) -> tuple[list[str], list[str]]:
    """Hasten's own words and the program's: the program begins at the first word that is no option of Hasten's."""
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            return words[:at], words[at + 1 :]
        if word == "-" or not word.startswith("-") or (word[:2] in ("-m", "-c") and not word.startswith("--")):
            break
        at += words_of_option(parser, word)
    return words[:at], words[at:]


def main(args: argparse.Namespace) -> int:
    if args.pid is not None:
        return _attach(args)
    if args.seconds is not None or args.inject:
        args.parser.error(f"{'--inject' if args.inject else '--seconds'} goes with --pid")
    if not args.program or args.program in (["-m"], ["-c"]):
        args.parser.error("what should be run? Give SCRIPT, -m MODULE, -c CODE or an installed command")
    try:
        target = resolve(args.program, args.python)
    except UsageError as error:
        args.parser.exit(2, f"hasten run: {error}\n")
    place = _place(args.out, target.stem)
    if args.json not in (None, "-"):
        _check_folder(Path(args.json).absolute().parent, "--json")

    _tell(target)
    jit = None
    if args.counts:
        if args.jit:
            args.parser.error("--counts counts what Python runs: it does not go with --jit")
        outcome, capture = _count_runs(target, place, args)
    elif args.jit:
        outcome, capture, jit = jit_runs(functools.partial(_measure_runs, target, place, args), args)
    else:
        outcome, capture = _measure_runs(target, place, args)
    try:
        _report(capture, args, jit)
    except FormatError:
        if not outcome.capture_failed:
            raise
        return 125  # why nothing can be read was said when it could not be written
    return _end_like(outcome)


def record(program: list[str]) -> Path:
    """Run a program as `hasten run` does without options: its verdict on standard error, its capture here.

    Raises: UsageError if there is no such program, HastenError if it could not be started or the capture not be written.
    """
    from hasten._core import read_report

    target = resolve(program)
    _tell(target)
    _, capture = _place(None, target.stem).make(lambda path: measure(target, path, rate_hz=None))
    print_verdict(read_report(str(capture)), capture, sys.stderr)
    return capture


def _report(capture: Path, args: argparse.Namespace, jit: dict | None = None) -> None:
    from hasten._core import read_report

    report = read_report(str(capture))
    if jit is not None:
        report["jit"] = jit
    try:
        print_verdict(report, capture, sys.stderr)
    except OSError:  # nobody reads it (2>&1 | head); the program's exit code still counts
        drop_output(sys.stderr)
    if args.json is not None:
        write_json(report, args.json)


def _attach(args: argparse.Namespace) -> int:
    """Measure a running process. What it does, and how it ends, is none of our business: exit code 0."""
    if args.native and not args.inject:
        args.parser.error("--native needs the probe inside the program: add --inject, or start it with hasten run --native PROGRAM")
    if args.counts:
        args.parser.error("--counts needs a program from its start: a process that runs already is only read")
    if args.program or args.repeat != 1 or args.python or args.jit:
        args.parser.error("--pid measures a process that runs: it goes with --inject, --seconds, --rate, --json and --out only")
    place = _place(args.out, f"pid-{args.pid}")
    if args.json not in (None, "-"):
        _check_folder(Path(args.json).absolute().parent, "--json")
    from hasten import _core

    version = _core.python_version_of(args.pid)
    if args.seconds is None or args.seconds > 2:
        how_long = "until Ctrl-C or its end" if args.seconds is None else f"for {args.seconds:g} s"
        what = "entering" if args.inject else "reading"
        print(f"hasten run: {what} process {args.pid} (Python {version}) {how_long}", file=sys.stderr, flush=True)
    measure = functools.partial(_core.enter, native=args.native) if args.inject else _core.attach
    ended, capture = place.make(lambda path: measure(args.pid, str(path), rate_hz=args.rate or 0.0, seconds=args.seconds or 0.0))
    if ended.capture_failure:
        print(f"hasten run: {ended.capture_failure}", file=sys.stderr)
    _report(capture, args)
    return 0


def _count_runs(target: Target, place: Place, args: argparse.Namespace) -> tuple[Outcome, Path]:
    """The same with functions counted, and the counts in the capture."""
    import tempfile

    from hasten import counts
    from hasten._core import add_counts

    with tempfile.TemporaryDirectory(prefix="hasten-counts-") as folder:
        outcome, capture = _measure_runs(target, place, args, counts.environment(folder, args.counts))
        rows, lost = counts.read(folder)
        begun = any(Path(folder).iterdir())
    if rows:
        add_counts(str(capture), rows)
        lost += [f"no function {name} ran" for name in args.counts if not any(counts.is_named(row["function"], name) for row in rows)]
    elif not begun:
        lost.append("nothing was counted: this Python ignores PYTHONPATH (-I, -E, -S), by which counting comes to it")
    else:
        lost.append(f"nothing was counted: no function {' or '.join(args.counts)} ran")
    for reason in lost:
        print(f"hasten run: --counts: {reason}", file=sys.stderr)
    return outcome, capture


def measure(
    target: Target, capture: Path, *, rate_hz: float | None, native: bool = False, environment: dict[str, str] | None = None
) -> Outcome:
    """Run the program once and leave a capture.

    Raises: HastenError if the program could not be started or the capture not be written; the program has not been
    started if the path was not free ("record.exists").
    """
    from hasten import _core

    sys.stdout.flush()
    variables = [f"{name}={value}" for name, value in (environment or {}).items()]
    ended = _core.collect(target.command, str(capture), rate_hz=rate_hz or 0.0, native=native, environment=variables)
    if ended.capture_failure:
        print(f"hasten run: {ended.capture_failure}", file=sys.stderr)
    return Outcome(ended.exit_code, ended.signal, bool(ended.capture_failure))


def _measure_runs(
    target: Target, place: Place, args: argparse.Namespace, environment: dict[str, str] | None = None
) -> tuple[Outcome, Path]:
    run = functools.partial(measure, target, rate_hz=args.rate, native=args.native, environment=environment)
    if args.repeat == 1:
        return place.make(run)
    from hasten._core import merge_captures

    # Parts lie beside the capture that they become, so that nothing is lost if this process is killed.
    parts: list[Path] = []
    outcome = Outcome(0, 0)
    for number in range(1, args.repeat + 1):
        outcome, part = place.part(number).make(run)
        parts.append(part)
        if outcome.signal or outcome.exit_code:
            if number < args.repeat:
                print(f"hasten run: stopped after run {number} of {args.repeat}, which failed", file=sys.stderr)
            break
    _, capture = place.make(lambda path: merge_captures([str(part) for part in parts], str(path)))
    for part in parts:
        part.unlink()
    return outcome, capture


def _tell(target: Target) -> None:
    if target.note:
        print(f"hasten run: {target.note}", file=sys.stderr)


def _place(out: str | None, stem: str) -> Place:
    """Where the capture goes. Whether it may be written there is asked before the program runs for an hour."""
    try:
        os.getcwd()
    except OSError:
        if out is None or not os.path.isabs(out):
            raise HastenError("the capture: the current directory was deleted", code="run.no_folder",
                              hint="change into another, or name one: --out /DIRECTORY") from None
    if out is not None and out.endswith(SUFFIX):
        place = Place(Path(out).parent, stem, Path(out))
        if os.path.lexists(out):
            raise HastenError(f"{out} exists", code="record.exists", hint="captures are never overwritten; choose another name")
    else:
        place = Place(Path(out) if out is not None else Path(), stem)
    _check_folder(place.folder.absolute(), "--out" if out is not None else "the capture")
    return place


def _check_folder(folder: Path, what: str) -> None:
    if not folder.is_dir():
        raise HastenError(f"{what}: no directory {folder}", code="run.no_folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise HastenError(f"{what}: {folder} is not writable", code="run.no_folder", hint="choose another with --out")


def _end_like(outcome: Outcome) -> int:
    """The program's exit code; or this process ends by the signal that ended the program."""
    if not outcome.signal:
        return outcome.exit_code
    import resource
    import signal

    sys.stdout.flush()
    sys.stderr.flush()
    # The program's core is the one that matters, not ours.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if outcome.signal not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(outcome.signal, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {outcome.signal})
    os.kill(os.getpid(), outcome.signal)
    return 128 + outcome.signal


def _rate(text: str) -> float:
    try:
        rate_hz = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not _RATE_HZ_MIN <= rate_hz <= _RATE_HZ_MAX:
        raise argparse.ArgumentTypeError(f"{text} is outside {_RATE_HZ_MIN} to {_RATE_HZ_MAX} samples a CPU-second")
    return rate_hz


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < value <= 1e6:
        raise argparse.ArgumentTypeError(f"{text} is outside 0 to 1 000 000 seconds")
    return value


def _runs(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= _RUNS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {_RUNS_MAX}")
    return int(text)
