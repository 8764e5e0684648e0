"""`hasten fix`: propose changes, try them, prove them, show a patch."""

from __future__ import annotations

import argparse
import os
import sys

from hasten.cli.asking import Progress, ask, budget_seconds, refuse_without_terminal, ulp_count
from hasten.cli.captures import chosen
from hasten.cli.output import write_json

EXAMPLES = """\
examples:
  hasten fix                     prove fixes for the newest capture; asks before it runs anything
  hasten fix --yes --budget 60   without asking, at most a minute of runs
  hasten fix --diff              the patch of what is proven; runs nothing
  hasten fix --why               what was refused, with the figures; runs nothing
  hasten fix --write             apply the patch; leaves a reverse patch beside the capture

A trial never touches your files: changed code runs from memory, in the place of the file. Only --write changes
them, and only if they are still as they were recorded.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("capture", nargs="?", help="a .hasten file (default: the newest in this directory)")
    parser.add_argument("--yes", action="store_true", help="do not ask before running the program")
    parser.add_argument("--budget", type=budget_seconds, default=120.0, metavar="SECONDS",
                        help="stop after so much time and keep what is proven (default: 120)")
    parser.add_argument("--allow-ulp", type=ulp_count, default=0, metavar="N",
                        help="floats in results and output may differ by N units in the last place (default: not at all)")
    parser.add_argument("--diff", action="store_true", help="show the patch of what is proven; runs nothing")
    parser.add_argument("--why", action="store_true", help="show what was refused and why; runs nothing")
    parser.add_argument("--write", action="store_true", help="apply the proven patch to your files; runs nothing")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - for standard output")


def main(args: argparse.Namespace) -> int:
    from hasten.fix import results

    capture = os.fspath(chosen(args.capture))
    if args.diff or args.why or args.write:
        document = results.load(capture)
    else:
        document = _prove(capture, args)
        if document is None:
            return 1
    return _show(document, capture, args)


def _prove(capture, args):
    """Runs a session; the results lie beside the capture afterwards. None: the user said no."""
    from hasten.fix import results
    from hasten.fix.evidence import read_evidence

    evidence = read_evidence(capture)
    refuse_without_terminal(yes=args.yes)
    from hasten.fix.prove import Declined, Session  # what parses sources takes 0.3 s, which no refusal above need wait for

    progress = Progress(sys.stderr)
    session = Session(evidence, args.budget, None if args.yes else ask, progress.say, ulp=args.allow_ulp)
    try:
        session.prove()
    except Declined:
        print("  nothing was changed", file=sys.stderr)
        return None
    except KeyboardInterrupt:
        session.outcome.stopped = "interrupted; what was proven until then is kept"
        session.keep_what_is_proven()
        args.interrupted = True
    finally:
        progress.end()
    _, patch = results.save(session.outcome, capture)
    document = results.load(capture)
    if args.json != "-":
        from hasten.fix import words

        print(words.summary(document))
        print(f"  results: {results.results_path(capture)}" + (f"   patch: {patch}" if patch else ""))
    return document


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
    return 130 if getattr(args, "interrupted", False) else 0
