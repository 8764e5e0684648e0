"""`hasten view`: the verdict of a capture again, or one function's bytecode."""

from __future__ import annotations

import argparse
import os
import sys

from hasten.cli.captures import chosen
from hasten.cli.output import print_lines, print_verdict, terminal, write_json

EXAMPLES = """\
examples:
  hasten view                       the newest capture in this directory
  hasten view julia.hasten
  hasten view --json - julia.hasten | jq .functions[0]
  hasten view --dis escape          the bytecode of one function, as the interpreter had specialised it
  hasten view --dis fractal.py:Julia.escape julia.hasten
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("capture", nargs="?", help="a .hasten file (default: the newest in this directory)")
    parser.add_argument(
        "--dis",
        metavar="FUNCTION",
        help="the bytecode of one function with its samples: a qualified name, FILE:FUNCTION or FILE:LINE",
    )
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON; - for standard output")


def main(args: argparse.Namespace) -> int:
    capture = chosen(args.capture)
    if args.dis is not None:
        return _show_bytecode(str(capture), args.dis, args.json)

    from hasten._core import read_report

    report = read_report(str(capture))
    if args.json is not None:
        write_json(report, args.json)
    if args.json != "-":
        print_verdict(report, capture, sys.stdout)
    return 0


def _show_bytecode(capture: str, wanted: str, json_file: str | None) -> int:
    from hasten._core import read_instructions
    from hasten.cli.listing import listing_lines
    from hasten.profile import instructions

    listed = instructions.instructions_of(instructions.chosen(read_instructions(capture), wanted))
    if json_file is not None:
        write_json({"schema": "hasten-instructions/1", "listings": listed}, json_file)
    if json_file == "-":
        return 0
    colour, width = terminal(sys.stdout)
    lines = [listing_lines(one, cwd=os.getcwd(), colour=colour, width=width) for one in listed]
    print_lines([line for number, one in enumerate(lines) for line in (["", *one] if number else one)], sys.stdout)
    return 0
