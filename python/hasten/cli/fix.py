"""`hasten fix`: propose changes, try them, prove them, show a patch."""

from __future__ import annotations

import argparse
import os
import sys

from hasten.cli.asking import (Progress, ask, budget_seconds, memory_size, refuse_input_that_ends, refuse_without_terminal,
                               ulp_count)
from hasten.cli.captures import chosen
from hasten.cli.output import write_json

EXAMPLES = """\
examples:
  hasten fix                     prove fixes for the newest capture; asks before it runs anything
  hasten fix --yes --budget 60   without asking, at most a minute of runs
  hasten fix -- words.py big.txt record a run of this program first, as `hasten run` does, then fix it
  hasten fix -- pytest tests/test_words.py
                                 the same for a test suite; what its tests call is what is judged
  hasten fix --diff              the patch of what is proven; runs nothing
  hasten fix --why               what was refused, with the figures; runs nothing
  hasten fix --write             apply the patch; leaves a reverse patch beside the capture

A trial never touches your files: changed code runs from memory, in the place of the file. Only --write changes
them, and only if they are still as they were recorded.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "hasten fix [OPTIONS] [CAPTURE]\n       hasten fix [OPTIONS] -- (SCRIPT | -m MODULE | -c CODE | PROGRAM) [ARGUMENTS]"
    parser.add_argument("capture", nargs="?", help="a .hasten file (default: the newest in this directory)")
    parser.add_argument("--memory", type=memory_size, metavar="SIZE",
                        help="the program and one copy of it may use so much together, such as 4G (default: what is available)")
    parser.add_argument("--yes", action="store_true", help="do not ask before running the program")
    parser.add_argument("--budget", type=budget_seconds, default=120.0, metavar="SECONDS",
                        help="stop after so much time and keep what is proven (default: 120)")
    parser.add_argument("--allow-ulp", type=ulp_count, default=0, metavar="N",
                        help="floats in results and output may differ by N units in the last place (default: not at all)")
    parser.add_argument("--diff", action="store_true", help="show the patch of what is proven; runs nothing")
    parser.add_argument("--why", action="store_true", help="show what was refused and why; runs nothing")
    parser.add_argument("--write", action="store_true", help="apply the proven patch to your files; runs nothing")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - for standard output")


def split_words(parser: argparse.ArgumentParser, words: list[str]) -> tuple[list[str], list[str] | None]:
    """What stands before `--` is ours, what stands behind it is a program that is recorded first."""
    if "--" not in words:
        return words, None
    at = words.index("--")
    return words[:at], words[at + 1:]


def main(args: argparse.Namespace) -> int:
    from hasten.fix import results

    args.exit_code = 0
    if args.capture is not None and args.capture.endswith((".py", ".ipynb")):
        args.parser.error(f"{args.capture} is a program, not a capture of one; to record and fix it: hasten fix -- {args.capture}")
    if args.program is not None:
        args.capture = _record(args)
    capture = os.fspath(chosen(args.capture))
    if args.diff or args.why or args.write:
        document = results.load(capture)
    else:
        document = _prove(capture, args)
        if document is None:
            return 1
    return _show(document, capture, args)


def _record(args):
    """The capture of the program that stands behind `--`, which is run for it."""
    if args.capture is not None or args.diff or args.why or args.write or not args.program:
        args.parser.error("what stands behind -- is a program to record and fix: SCRIPT, -m MODULE, -c CODE or an installed "
                          "command, without CAPTURE, --diff, --why and --write")
    refuse_without_terminal(yes=args.yes)
    refuse_input_that_ends()
    from hasten.cli.run import record
    from hasten.cli.target import UsageError

    try:
        return record(args.program)
    except UsageError as error:
        args.parser.error(str(error))


def _prove(capture, args):
    """Runs a session; the results lie beside the capture afterwards. None: the user said no."""
    from hasten.fix import results
    from hasten.fix.evidence import read_evidence

    evidence = read_evidence(capture)
    refuse_without_terminal(yes=args.yes)
    from hasten.fix.ending import signals_end_it
    from hasten.fix.prove import Declined, Session  # what parses sources takes 0.3 s, which no refusal above need wait for

    progress = Progress(sys.stderr)
    session = Session(evidence, args.budget, None if args.yes else ask, progress.say, ulp=args.allow_ulp, memory_bytes=args.memory)
    try:
        with signals_end_it():
            session.prove()
    except Declined:
        print("  nothing was changed", file=sys.stderr)
        return None
    except KeyboardInterrupt as end:
        session.keep_what_is_proven()
        session.outcome.stopped = f"interrupted by {end}; {_kept_text(session.outcome.accepted, capture)}"
        args.exit_code = getattr(end, "exit_code", 130)
    finally:
        progress.end()
    patch = None
    if args.exit_code and not session.outcome.accepted:
        document = results.document_of(session.outcome)  # of an earlier session more may be known: that stays
    else:
        _, patch = results.save(session.outcome, capture)
        document = results.load(capture)
    if args.json != "-":
        from hasten.fix import words

        print(words.summary(document))
        print(f"  results: {results.results_path(capture)}" + (f"   patch: {patch}" if patch else ""))
    return document


def _kept_text(accepted, capture):
    from hasten.fix import results

    if accepted:
        return "what was proven until then is kept"
    before = ", earlier results stay" if os.path.exists(results.results_path(capture)) else ""
    return f"nothing was proven until then{before}"


def _show(document, capture, args):
    from hasten.fix import results, words

    if args.why:
        print(words.why(document))
    if args.diff:
        print(document["patch"] or "  nothing is proven, so there is no patch", end="" if document["patch"] else "\n")
    if args.write:
        changed, reverse = results.write_files(document, capture)
        for path in changed:
            print(f"  changed {path}")
        print(f"  to undo: patch -p1 -d / < {os.path.abspath(reverse)}" if all(map(os.path.isabs, changed))
              else f"  to undo: patch -p0 < {reverse}")
    if args.json is not None:
        write_json({k: v for k, v in document.items() if k not in ("write", "capture_sha256")}, args.json)
    return args.exit_code
