"""`hasten export`: a capture in the formats of other tools."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from hasten.cli.captures import chosen
from hasten.cli.output import write_text

EXAMPLES = """\
examples:
  hasten export --to speedscope -o julia.speedscope.json    open it in https://www.speedscope.app
  hasten export --to collapsed | flamegraph.pl > flame.svg
  hasten export --to json julia.hasten                      the report of `hasten run --json`

Weights are nanoseconds of CPU time, so that the sum over all stacks is what was sampled, exactly.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("capture", nargs="?", help="a .hasten file (default: the newest in this directory)")
    parser.add_argument("--to", required=True, choices=sorted(_FORMATS), metavar="FORMAT", help=", ".join(_FORMATS))
    parser.add_argument("-o", "--output", "--json", dest="output", metavar="FILE", default="-", help="default: standard output")


def main(args: argparse.Namespace) -> int:
    capture = str(chosen(args.capture))
    write_text(_FORMATS[args.to](capture), args.output)
    return 0


def _report_json(capture: str) -> str:
    from hasten._core import read_report

    return json.dumps(read_report(capture), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def collapsed(capture: str) -> str:
    """One line a stack: frames from the outermost, separated by ';', a space, and a whole number."""
    stacks = _read(capture)
    names = [_frame_name(*function) for function in stacks["functions"]]
    weights: dict[str, int] = {}
    for thread in stacks["threads"]:
        for stack, cpu_ns in thread["samples"]:
            frames = [names[function] for function, _line in stacks["stacks"][stack]]
            text = ";".join(frames) or "(outside Python)"
            weights[text] = weights.get(text, 0) + cpu_ns
    return "".join(f"{text} {cpu_ns}\n" for text, cpu_ns in sorted(weights.items()) if cpu_ns > 0)


def speedscope(capture: str) -> str:
    """https://www.speedscope.app/file-format-schema.json: one "sampled" profile a thread."""
    from hasten import __version__

    stacks = _read(capture)
    # A frame is a function at a line: speedscope shows the line, and groups by name and file.
    frames: dict[tuple[str, str, int], int] = {}

    def frame_index(function: int, line: int) -> int:
        name, file, first_line = stacks["functions"][function]
        return frames.setdefault((name, file, line if line > 0 else first_line), len(frames))

    outside = ("(outside Python)", "", 0)
    indexed = [[frame_index(*frame) for frame in stack] for stack in stacks["stacks"]]
    profiles: list[dict[str, Any]] = []
    for thread in stacks["threads"]:
        samples = [
            indexed[stack] or [frames.setdefault(outside, len(frames))] for stack, cpu_ns in thread["samples"] if cpu_ns > 0
        ]
        weights = [cpu_ns for _stack, cpu_ns in thread["samples"] if cpu_ns > 0]
        if samples:
            profiles.append(
                {
                    "type": "sampled",
                    "name": f"{thread['name'] or 'thread'} (pid {thread['pid']}, tid {thread['tid']})",
                    "unit": "nanoseconds",
                    "startValue": 0,
                    "endValue": sum(weights),
                    "samples": samples,
                    "weights": weights,
                }
            )
    document = {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": f"hasten {__version__}",
        "name": os.path.basename(capture),
        "activeProfileIndex": 0,
        "shared": {
            "frames": [
                {"name": name, **({"file": file, "line": line} if file else {})} for name, file, line in frames
            ]
        },
        "profiles": profiles,
    }
    return json.dumps(document, ensure_ascii=False) + "\n"


def _read(capture: str) -> dict:
    from hasten._core import read_stacks

    return read_stacks(capture)


def _frame_name(name: str, file: str, first_line: int) -> str:
    # ';' parts frames and a newline stacks; neither may occur inside a name.
    return f"{name} ({os.path.basename(file)}:{first_line})".replace(";", ":").replace("\n", " ")


_FORMATS = {"collapsed": collapsed, "json": _report_json, "speedscope": speedscope}
