"""`hasten view`: the verdict of a capture again."""

from __future__ import annotations

import argparse
import sys

from hasten.cli.captures import chosen
from hasten.cli.output import print_verdict, write_json

EXAMPLES = """\
examples:
  hasten view                       the newest capture in this directory
  hasten view julia.hasten
  hasten view --json - julia.hasten | jq .functions[0]
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("capture", nargs="?", help="a .hasten file (default: the newest in this directory)")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON; - for standard output")


def main(args: argparse.Namespace) -> int:
    from hasten._core import read_report

    capture = chosen(args.capture)
    report = read_report(str(capture))
    if args.json is not None:
        write_json(report, args.json)
    if args.json != "-":
        print_verdict(report, capture, sys.stdout)
    return 0
