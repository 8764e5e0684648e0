"""`hasten export`: a capture in the formats of other tools."""

from __future__ import annotations

import argparse

from hasten.cli.captures import chosen
from hasten.cli.output import refuse_terminal, write_bytes, write_text
from hasten.export import BINARY, FORMATS, encode

_WIDTH = max(map(len, FORMATS))

EXAMPLES = (
    "formats:\n"
    + "".join(f"  {name:<{_WIDTH}}  {opened_by}\n" for name, opened_by in FORMATS.items())
    + """
examples:
  hasten export --to speedscope -o julia.speedscope.json    open it in https://www.speedscope.app
  hasten export --to collapsed | flamegraph.pl > flame.svg
  hasten export --to pstats -o julia.pstats && snakeviz julia.pstats
  hasten export --to pprof -o julia.pb.gz && go tool pprof -http : julia.pb.gz
  hasten export --to perfetto -o julia.perfetto-trace       open it in https://ui.perfetto.dev

Weights are CPU time in nanoseconds (pstats: seconds), so that the sum over all stacks is what was sampled, exactly.
"""
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("capture", nargs="?", help="a .hasten file (default: the newest in this directory)")
    parser.add_argument("--to", required=True, choices=FORMATS, metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help="default: standard output")
    parser.add_argument("--json", dest="output", metavar="FILE", help=argparse.SUPPRESS)  # as the other commands name it


def main(args: argparse.Namespace) -> int:
    if args.to in BINARY:
        refuse_terminal(args.output, args.to)
    written = encode(args.to, str(chosen(args.capture)))
    if isinstance(written, bytes):
        write_bytes(written, args.output)
    else:
        write_text(written, args.output)
    return 0
