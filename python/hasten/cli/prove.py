"""`hasten prove`: judge anybody's change on a recorded program: the same or not, faster or not."""

from __future__ import annotations

import argparse
import os
import sys

from hasten.cli.asking import Progress, ask, budget_seconds, memory_size, refuse_without_terminal, ulp_count
from hasten.cli.captures import chosen
from hasten.cli.output import write_json, write_text
from hasten.cli.program_words import one_by_one, words_of_option

EXAMPLES = """\
examples:
  hasten prove change.patch             a unified diff, git's or diff's own, against the files as they are
  hasten prove faster-parser            a branch, tag or commit against the files as they are
  hasten prove words.py:find=find_fast  find_fast in the place of find, both in words.py
  hasten prove change.patch --command python words.py big.txt
                                        without a capture; everything after --command, or after --, is the program
  hasten prove --before old*.hasten --after new*.hasten
                                        captures against captures, as many of one as of the other; runs nothing

The program is that of the newest capture unless --capture or --command names another. No file is changed: the changed
text runs from memory in the place of the file. Exit code: 0 the same and faster, 1 not (different, or not surely
faster), 3 cannot tell, 2 wrong usage, 125 it could not begin.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("change", metavar="CHANGE", nargs="?", help="a patch file, a branch, tag or commit, or FILE.py:old=new (FILE.ipynb too)")
    parser.add_argument("--before", nargs="+", metavar="CAPTURE", help="instead of a change: captures of the program as it was")
    parser.add_argument("--after", nargs="+", metavar="CAPTURE", help="and as many as it is now; nothing is run")
    parser.add_argument("--capture", metavar="CAPTURE", help="the recorded program to run (default: the newest capture here)")
    parser.add_argument("--command", nargs=argparse.REMAINDER, metavar="CMD", help="the program to run instead, with all its words")
    parser.add_argument("--function", metavar="NAME", help="judge only this function's calls; the whole program is compared all the same")
    parser.add_argument("--runs", type=_runs, metavar="N",
                        help="pairs of runs, old and new (at least 8; default: 8, and more where that does not decide it and the budget allows)")
    parser.add_argument("--tolerance", type=_share, default=0.0, metavar="SHARE",
                        help="floats in results and output may differ by this share of the larger, such as 1e-9 (default: not at all)")
    parser.add_argument("--allow-ulp", type=ulp_count, default=0, metavar="N",
                        help="floats in results and output may differ by N units in the last place (default: not at all)")
    parser.add_argument("--budget", type=budget_seconds, default=120.0, metavar="SECONDS", help="stop after so much time (default: 120)")
    parser.add_argument("--memory", type=memory_size, metavar="SIZE",
                        help="the program and one copy of it may use so much together, such as 4G (default: what is available)")
    parser.add_argument("--yes", action="store_true", help="do not ask before running the program")
    parser.add_argument("--text", action="store_true", help="print a text that is ready for a pull request")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON; - for standard output")


def _runs(text: str) -> int:
    if not text.isdecimal() or int(text) < 8:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of pairs from 8 up: fewer say nothing of the next run")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to below 1")
    return value


def split_words(parser: argparse.ArgumentParser, words: list[str]) -> tuple[list[str], list[str] | None]:
    """What stands behind --command, or else behind `--`, is the program: every word of it, a further `--` too."""
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            return words[:at], words[at + 1:]
        if word == "--command":
            program = words[at + 1:]
            return words[:at], program[1:] if program[:1] == ["--"] else program
        if word.startswith("--command="):
            return words[:at], [word.partition("=")[2], *words[at + 1:]]
        at += words_of_option(parser, word) if word.startswith("-") else 1
    return words, None


def main(args: argparse.Namespace) -> int:
    args.command = args.program
    if args.before or args.after:
        return _compare_captures(args)
    if args.change is None:
        args.parser.error("name a patch, a branch, FILE.py:old=new, or captures with --before and --after" +
                          ("; it stands before --command, behind which every word is the program's" if args.command else ""))
    if args.command is not None and args.capture is not None:
        args.parser.error("--capture and --command both name the program; give one of them")
    program, exit_code, wall_s, sources = _program(args)
    from hasten.fix.ending import signals_end_it
    from hasten.fix.judged_results import document_of
    from hasten.fix.judgement import Declined, JudgementSession
    from hasten.fix.proposals import propose_change

    change = propose_change(args.change, program, sources)
    if args.function:
        change.only(args.function)
    refuse_without_terminal(yes=args.yes)
    progress = Progress(sys.stderr)
    session = JudgementSession(change, program, exit_code, wall_s, args.budget, args.runs, args.tolerance,
                               None if args.yes else ask, progress.say, ulp=args.allow_ulp, memory_bytes=args.memory)
    try:
        with signals_end_it():
            judgement = session.judge()
    except Declined:
        print("  nothing was judged", file=sys.stderr)
        return 3
    except KeyboardInterrupt as end:
        print(f"  interrupted by {end}; nothing is said", file=sys.stderr)
        return getattr(end, "exit_code", 130)
    finally:
        progress.end()
    return _show(document_of(judgement), args)


def _compare_captures(args):
    if not (args.before and args.after) or args.change is not None or args.command is not None or args.capture is not None:
        args.parser.error("--before and --after go together, without a change and without a program")
    from hasten.fix.capture_sets import captures_text, compare_captures

    document = compare_captures(args.before, args.after)
    if args.json is not None:
        write_json(document, args.json)
    if args.json != "-":
        write_text(captures_text(document), "-")
    return document["exit_code"]


def _program(args):
    """(the program, its recorded exit code or None, seconds of a run or None, sources that it loads)."""
    from hasten.fix.evidence import Program, read_evidence

    if args.command is None:
        evidence = read_evidence(os.fspath(chosen(args.capture)), changed_sources=True)
        return evidence.program, evidence.exit_code, evidence.wall_s, evidence.sources
    if not any(args.command) or args.command in (["-m"], ["-c"]):
        args.parser.error("--command needs the program's words: SCRIPT, -m MODULE, -c CODE or an installed command")
    from hasten.cli.target import UsageError, resolve

    try:
        command = resolve(one_by_one(args.command)).command
    except UsageError as error:
        args.parser.error(str(error))
    return Program.from_command(command, os.getcwd()), None, None, ()


def _show(document, args):
    from hasten.fix import judged_results

    if args.json is not None:
        write_json(document, args.json)
    if args.json != "-":
        write_text(judged_results.pull_request_text(document) if args.text else judged_results.summary(document) + "\n", "-")
    return document["exit_code"]
