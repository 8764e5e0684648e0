"""`hasten doctor --selftest`: the profiler's figures beside the truth, as a table and as JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from hasten.cli.output import terminal, write_json
from hasten.cli.target import named_interpreter, version_of
from hasten.cli.verdict import Style
from hasten.selftest.figure import CANNOT_TELL, OK, OUTSIDE, Figure
from hasten.selftest.results import Result, all_results

_ROW = "    {:<23}{:>9}{:>9}{:>9}{:>9}  {:<12}"
_WIDE = 110  # columns in which a row has room for how its bound comes about
_WITHHELD_MIN = 0.01  # of less nothing is said


def main(json_file: str | None, python: str | None = None) -> int:
    """Run the selftest, in `python` or in this one, and show it. 1 if a figure is outside its bound."""
    interpreter = named_interpreter(python) if python is not None else sys.executable
    shown = json_file != "-"
    progress = _Progress()
    colour, width = terminal(sys.stdout)
    style = Style(colour=colour)
    results: list[Result] = []
    try:
        for result in all_results(python=interpreter, progress=progress.show):
            results.append(result)
            if shown:
                progress.clear()
                for line in result_lines(results, style, wide=width >= _WIDE):
                    print(line)
                sys.stdout.flush()
    finally:
        progress.clear()
    if json_file is not None:
        write_json(as_json(results, interpreter), json_file)
    if shown:
        print()
        for line in summary_lines(results):
            print(line)
    return exit_code(results)


def exit_code(results: list[Result]) -> int:
    """1 if a figure is outside its bound."""
    return 1 if _count(results, OUTSIDE) else 0


def as_json(results: list[Result], interpreter: str = sys.executable) -> dict:
    """The same for programs; keys are only ever added to."""
    from hasten import __version__

    return {
        "schema": "hasten-selftest/1",
        "hasten": __version__,
        "python": version_of(interpreter),
        "clocks": list(dict.fromkeys(result.clock for result in results)),  # the one in use first
        "outside": _count(results, OUTSIDE),
        "cannot_tell": _count(results, CANNOT_TELL),
        "results": [asdict(result) for result in results],
    }


def result_lines(results: list[Result], style: Style, *, wide: bool = True) -> Iterator[str]:
    """What the newest result adds to the table: its rows, and the heads where another clock begins."""
    result = results[-1]
    if len(results) == 1 or results[-2].clock != result.clock:
        if len(results) > 1:
            yield ""
        yield style.bold(f"by the {result.clock}") + ("" if len(results) > 1 else ", which hasten run uses here")
        yield style.dim(_ROW.format("", "measured", "truth", "error", "bound", "").rstrip())
    text = f"  {result.program}: {result.samples:,} samples of {result.cpu_s:.1f} s CPU".replace(",", " ")
    if result.withheld_share >= _WITHHELD_MIN:
        text += f"; {100 * result.withheld_share:.0f} % of the time it was ready and the machine ran others"
    yield text
    for figure in result.figures:
        row = _ROW.format(figure.name, *_amounts(figure), figure.state)
        row = row if figure.state == OK else style.bold(row)
        yield (row + style.dim(figure.why_bound) if wide else row).rstrip()
        if figure.why:
            yield f"      -> {figure.why}"


def summary_lines(results: list[Result]) -> Iterator[str]:
    """How many figures hold, and what a bound is."""
    total = sum(len(result.figures) for result in results)
    text = f"{_count(results, OK)} of {total} figures within their bounds"
    for state in (OUTSIDE, CANNOT_TELL):
        if _count(results, state):
            text += f", {_count(results, state)} {state}"
    yield text
    yield "bound: what Hasten promises, and what so few samples are off by chance (3 sigma)"


class _Progress:
    """One line on a terminal that says what runs; nothing elsewhere."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._shown = False

    def show(self, number: int, count: int, what: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K  [{time.monotonic() - self._start:3.0f} s] {number} of {count}: {what}")
            sys.stderr.flush()
            self._shown = True

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            self._shown = False


def _amounts(figure: Figure) -> list[str]:
    amounts = (figure.measured, figure.truth, figure.error, figure.bound)
    if figure.unit == "share":
        return [f"{100 * amount:.2f} %" for amount in amounts]
    return [f"{amount:.3f} s" if figure.unit == "s" else f"{amount:.0f}" for amount in amounts]


def _count(results: list[Result], state: str) -> int:
    return sum(figure.state == state for result in results for figure in result.figures)
