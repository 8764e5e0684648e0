"""The verdict as text: a report (the dict of `hasten run --json`) in, lines out. It decides what to show, not
what is true: every figure comes from the report."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from hasten.cli.figures import plural, seconds, short_name, short_path, size, times, visible
from hasten.cli.jit import jit_lines
from hasten.cli.loops import loop_lines

SIDES = ("bytecode", "runtime", "extension", "library", "kernel", "compiled", "native_threads")
_RARE_SIDES = ("compiled", "native_threads")  # have a column only where they have a figure
_SIDE_HEADS = {"native_threads": "threads"}

_FUNCTIONS_MAX = 8
_LINES_MAX = 4
_PACKAGES_MAX = 8
_CAUSES_MAX = 3
_SHARE_MIN = 0.01  # what weighs less has no row of its own
_LABEL_COLUMNS = 60
_WAIT_SHARE_MIN = 0.05  # of wall time: waiting below this is no news
_KILLED_MAX = 3
_GIL_UNTOLD_SHARE = 0.15
_GIL_PAIRS_MAX = 3
_NATIVE_LINES_MAX = 3
_NATIVE_PATHS_MAX = 4
_NATIVE_SHARE_MIN = 0.05  # a line below this has no native section
_NATIVE_THREAD_LINES_MAX = 3
_LABELS_MAX = 12
_OVERHEAD_SHARE_MIN = 0.05  # of CPU time: imports or garbage collection below this are no news
_OVERHEAD_S_MIN = 0.05
_UNEVEN = 1.1  # the busiest worker against the average one
_UNEVEN_S_MIN = 0.1  # what sharing the work better would gain at least
_SAMPLES_FEW = 200  # below this a share is uncertain by about 7 points


class Style:
    """Bold and dim on a terminal that shows them, nothing elsewhere."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def bold(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self._colour else text

    def dim(self, text: str) -> str:
        return f"\033[2m{text}\033[0m" if self._colour else text


def verdict_lines(report: dict, *, capture: Path | None = None, colour: bool = False, width: int = 110) -> list[str]:
    """The whole verdict, one string a line."""
    return "\n".join(_verdict(report, capture, Style(colour=colour), width)).split("\n")


def _verdict(report: dict, capture: Path | None, style: Style, width: int) -> Iterator[str]:
    yield style.bold("hasten") + "  " + _headline(report)
    yield from _notes(report)
    if report["samples"] and report["sampled_cpu_s"] > 0:
        yield ""
        yield from _table(report, style, width)
        yield from _interpreter_rows(report, style)
        yield from _native_threads(report, style)
        yield from _native_rows(report, style, width)
    yield from loop_lines(report, style.bold, style.dim, width)
    if report["samples"] and report["sampled_cpu_s"] > 0:
        yield from _why(report, style, width)
        yield from _ceiling(report, style)
    yield from _labels(report, style)
    yield from _counts(report, style, width)
    yield from jit_lines(report, style.dim)
    yield from _too_short(report)
    if capture is not None:
        yield style.dim(f"capture {visible(str(capture))}")


# --- first line and notes ------------------------------------------------------------------------


def _headline(report: dict) -> str:
    parts = [f"{seconds(report['wall_s'])} wall"]
    if "cpu_s" in report:
        parts.append(f"{seconds(report['cpu_s'])} CPU")
    if "peak_tree_bytes" in report:
        parts.append(f"peak {size(report['peak_tree_bytes'])} together")
    elif "peak_rss_bytes" in report:
        parts.append(f"peak {size(report['peak_rss_bytes'])}")
    runs = report.get("runs", 1)
    if runs > 1:
        parts.append(f"{runs} runs")
    parts.append(plural(len(report["processes"]), "process", "processes"))
    text = ", ".join(parts) + f"; {plural(report['samples'], 'sample')}"
    if "sampling_cost" in report and report["samples"]:
        text += f", sampling cost {100 * report['sampling_cost']:.1f} %"
    for key, noun in (("lost", "lost"), ("broken_stacks", "with a broken stack")):
        if report.get(key):
            text += f", {report[key]} {noun}"
    return text


def _notes(report: dict) -> Iterator[str]:
    exit_code = report.get("exit_code")
    if "signal" in report:
        yield f"note    the program was ended by {_signal_name(report['signal'])}"
    elif exit_code:
        yield f"note    the program exited with {exit_code}"
    if not report.get("complete", True):
        yield f"note    {report['missing']}"
    for process in report["processes"]:
        if "why_not_sampled" in process:
            yield f"note    process {process['pid']} was not measured: {process['why_not_sampled']}"
    queued_s = sum(thread["runnable_s"] for thread in report.get("threads", ()))
    if report.get("cpu_s") and queued_s > 0.1 * report["cpu_s"] and queued_s > 0.1:
        yield f"note    this machine was busy: threads were ready to run but without a CPU for {seconds(queued_s)}"
    if not any("why_not_sampled" in process for process in report["processes"]):
        yield from _unseen(report)
    if report.get("unsampled_threads"):
        yield f"note    {plural(report['unsampled_threads'], 'thread')} could not be sampled"
    yield from _processes(report)


def _processes(report: dict) -> Iterator[str]:
    """What became of the children, and whether workers shared the work."""
    # SIGTERM is how pools send their workers home.
    killed = [row for row in report["processes"][1:] if row.get("exit", 0) < 0 and row["exit"] != -signal.SIGTERM]
    for row in killed[:_KILLED_MAX]:
        yield f"note    process {row['pid']} was ended by {_signal_name(-row['exit'])}: {_command(row)}"
    if len(killed) > _KILLED_MAX:
        yield f"note    {len(killed) - _KILLED_MAX} more processes were ended by a signal"
    for group in report.get("workers", ()):
        mean_s, most_s = group["mean_cpu_s"], group["most_cpu_s"]
        text = f"note    {len(group['pids'])} workers used {seconds(mean_s)} of CPU time each on average"
        if mean_s * len(group["pids"]) < 0.1 * report.get("cpu_s", 0.0):
            continue
        if most_s > _UNEVEN * mean_s and most_s - mean_s >= _UNEVEN_S_MIN:
            text += f", the busiest {seconds(most_s)}: evenly shared, they could be done {times(most_s / mean_s)} sooner"
        yield text


def _unseen(report: dict) -> Iterator[str]:
    """CPU time without samples, beyond the interpreter's start and end: of other programs, and of the Pythons themselves."""
    cpu_s = report.get("cpu_s", 0.0)
    much_s = _much(cpu_s)
    others_s = _of_others(report)
    if others_s > much_s:
        yield (
            f"note    {seconds(others_s)} of the {seconds(cpu_s)} of CPU time are not in these figures: they were used by "
            "programs that are not Python, or by Pythons that Hasten does not know"
        )
    missed_s = cpu_s - others_s - report["sampled_cpu_s"]
    if missed_s > much_s:
        why = "threads that lived shorter than the gap between two looks, or the kernel" if report.get("engine") == "from outside" else \
            "it was used in the kernel, or by threads and processes that lived shortly"
        yield f"note    {seconds(missed_s)} of the {seconds(cpu_s)} of CPU time were not sampled: {why}"


def _much(cpu_s: float) -> float:
    """So many seconds of CPU time without samples are worth a word."""
    return max(0.1, 0.25 * cpu_s)


def _of_others(report: dict) -> float:
    """CPU seconds that the measured processes did not use themselves."""
    own_s = [process.get("cpu_s") for process in report["processes"]]
    return 0.0 if None in own_s else max(0.0, report.get("cpu_s", 0.0) - sum(own_s))


def _too_short(report: dict) -> Iterator[str]:
    effective = report.get("effective_samples", report["samples"])
    if effective >= _SAMPLES_FEW or not report.get("complete", True):
        return  # a capture that was cut short may be of a long run
    cpu_s = report.get("cpu_s", report["sampled_cpu_s"])
    runs = report.get("runs", 1)
    ready_s = sum(thread["runnable_s"] for thread in report.get("threads", ()))
    if cpu_s > 0 and report["wall_s"] > 10 * cpu_s and report["wall_s"] > 2 and ready_s < 0.5 * report["wall_s"]:
        yield (
            f"note    only {plural(report['samples'], 'sample')}: the program used {seconds(cpu_s)} of CPU time in "
            f"{seconds(report['wall_s'])}; it waited the rest"
        )
        return
    if _of_others(report) > 0.5 * cpu_s:
        return  # not short but unseen, which the notes above say
    if report.get("engine") == "from outside":
        yield (
            f"note    too short to be sure: {plural(report['samples'], 'sample')} in {seconds(cpu_s)} of CPU time. "
            "Measure it for longer, or repeat what it does"
        )
        return
    wanted = max(2, min(1000, math.ceil(runs * 2.5 * _SAMPLES_FEW / max(effective, 1))))
    yield (
        f"note    too short to be sure: {plural(report['samples'], 'sample')} in {seconds(cpu_s)} of CPU time. "
        f"Measure it more often: hasten run --repeat {wanted} ..."
    )


# --- the table -----------------------------------------------------------------------------------


def _table(report: dict, style: Style, width: int) -> Iterator[str]:
    seen = "split" in report["outside_python"]  # from outside, nobody sees where in native code a thread is
    sides = [side for side in SIDES if seen and (side not in _RARE_SIDES or _any(report, side))]
    waits = any("wait_s" in row for row in report["functions"])
    heads = " ".join(f"{_SIDE_HEADS.get(side, side):>{_side_width(side)}}" for side in sides) + ("  waiting" if waits else "")
    yield f"{style.bold('where the time went'):<{_LABEL_COLUMNS + len(style.bold('')) }} {heads}"

    wall_s = report["wall_s"]
    own = [row for row in report["functions"] if row["origin"] == "own" and _matter(row, wall_s) >= _SHARE_MIN]
    own.sort(key=lambda row: (round(_weight(row), 2), _matter(row, wall_s)), reverse=True)
    for row in own[:_FUNCTIONS_MAX]:
        label = f"{_share(row)} {short_path(row['file'], report.get('cwd'))}  {_call_name(row['function'])}"
        yield _row(style.bold(label), len(label), row, sides, waits)
        yield from _line_rows(report, row, style, width)
    if len(own) > _FUNCTIONS_MAX:
        rest = own[_FUNCTIONS_MAX:]
        label = f"{100 * sum(row['cpu_share'] for row in rest):5.1f} %        {len(rest)} more functions of the program"
        yield "  " + label

    packages = [row for row in report["groups"] if row["origin"] != "own" and row["cpu_share"] >= _SHARE_MIN]
    for row in packages[:_PACKAGES_MAX]:
        label = f"{_share(row)} {_group_name(row)}"
        yield _row(label, len(label), row, sides, waits)
    outside = report["outside_python"]
    if outside["cpu_share"] >= _SHARE_MIN:
        label = f"{_share(outside)} outside Python: start-up, exit, native threads"
        yield _row(label, len(label), outside, sides, waits=False)


def _line_rows(report: dict, function: dict, style: Style, width: int) -> Iterator[str]:
    """The lines of one function that matter, with what they say and what they call."""
    lines = [
        row
        for row in report["lines"]
        if row["file"] == function["file"]
        and row["function"] == function["function"]
        and row["first_line"] == function["first_line"]
    ]
    wall_s = report["wall_s"]
    least = max(_SHARE_MIN, 0.05 * _matter(function, wall_s))
    lines = [row for row in lines if _matter(row, wall_s) >= least]
    lines.sort(key=lambda row: _matter(row, wall_s), reverse=True)
    for row in lines[:_LINES_MAX]:
        called = row.get("called")
        note = f"  (waits {seconds(_waited(row))})" if _waited(row) >= _WAIT_SHARE_MIN * wall_s else ""
        if called and called["cpu_share"] >= _SHARE_MIN:
            note += f"  (+ {100 * called['cpu_share']:.1f} % in {called['through'] or 'what it calls'})"
        source = _source_text(row)
        room = max(20, width - 27 - len(note))
        if len(source) > room:
            source = source[: room - 3] + "..."
        head = f"     line {row['line']:<5} {100 * row['cpu_share']:5.1f} %   "
        yield head + source + style.dim(note)


def _source_text(row: dict) -> str:
    """The line as its author wrote it: in a notebook's file it is JSON."""
    source = row.get("source", "").strip()
    if row["file"].endswith(".ipynb"):
        try:
            return str(json.loads(source.removesuffix(","))).strip()
        except ValueError:
            pass
    return source


def _row(text: str, length: int, row: dict, sides: list[str], waits: bool) -> str:
    # A label longer than its column keeps the figures on a line of their own rather than out of line.
    cells = " ".join(f"{100 * row['split'].get(side, 0.0):>{_side_width(side)}.0f}" for side in sides)
    if waits:
        waited_s = _waited(row)
        cells += f"  {seconds(waited_s) if waited_s >= 0.0005 else '0':>7}"
    if length > _LABEL_COLUMNS - 2:
        return f"  {text}\n{'':<{_LABEL_COLUMNS}} {cells}"
    return f"  {text}{'':<{_LABEL_COLUMNS - 2 - length}} {cells}"


def _weight(row: dict) -> float:
    """Own time and that of packages called from it: what a change of this row could touch."""
    return row["cpu_share"] + row.get("called", {}).get("cpu_share", 0.0)


def _matter(row: dict, wall_s: float) -> float:
    """Its share of CPU time, or of wall time if it waits for more than that."""
    waited = _waited(row) / wall_s if wall_s > 0 else 0.0
    return max(_weight(row), waited if waited >= _WAIT_SHARE_MIN else 0.0)


def _waited(row: dict) -> float:
    return sum(row.get("wait_s", {}).values()) + row.get("called", {}).get("wait_s", 0.0)


def _share(row: dict) -> str:
    low, high = row["cpu_share_interval"]
    return f"{100 * row['cpu_share']:5.1f} % +-{50 * (high - low):<4.1f}"


def _any(report: dict, side: str) -> bool:
    return any(row["split"].get(side, 0.0) >= 0.005 for row in report["functions"])


def _side_width(side: str) -> int:
    return max(len(_SIDE_HEADS.get(side, side)), 6)


def _group_name(row: dict) -> str:
    if row["origin"] == "package":
        return f"{row['name']} (installed)"
    if row["origin"] == "standard library":
        return f"{row['name']} (standard library)"
    return row["name"]


def _call_name(function: str) -> str:
    return "(module)" if function == "<module>" else short_name(function)


def _interpreter_rows(report: dict, style: Style) -> Iterator[str]:
    """What the interpreter itself took: imports, garbage collection, waiting for the GIL."""
    cpu_s = report.get("cpu_s") or report["sampled_cpu_s"]
    least_s = max(_OVERHEAD_SHARE_MIN * cpu_s, _OVERHEAD_S_MIN)
    if report.get("import_s", 0.0) >= least_s:
        yield style.bold("import  ") + f"{seconds(report['import_s'])} of CPU time went into importing modules"
    if report.get("gc_s", 0.0) >= least_s:
        row = report["garbage_collection"]
        yield style.bold("gc      ") + f"{_share(row).strip()} of CPU time, {seconds(report['gc_s'])}, collected garbage"
    pairs = [pair for pair in report.get("gil", ()) if pair["seconds"] >= _WAIT_SHARE_MIN * report["wall_s"]]
    head = "gil     "
    for pair in pairs[:_GIL_PAIRS_MAX]:
        holder, waiter = (_line_name(pair[side]) for side in ("holder", "waiter"))
        yield style.bold(head) + f"{waiter} waited {seconds(pair['seconds'])} for the GIL that {holder} held"
        head = " " * len(head)
    waited_s = sum(row["wait_s"].get("gil", 0.0) for row in report.get("threads", ()))
    rest_s = waited_s - sum(pair["seconds"] for pair in report.get("gil", ()))
    if pairs and rest_s > max(_GIL_UNTOLD_SHARE * waited_s, _WAIT_SHARE_MIN * report["wall_s"]):
        yield f"{head}of {seconds(waited_s)} in all; for {seconds(rest_s)} nobody is known to have held it on a CPU (a busy machine, or too few samples)"


def _native_threads(report: dict, style: Style) -> Iterator[str]:
    """What native threads used, for which lines, and how that is known."""
    head = "threads "
    rows = [row for row in report["lines"] if "native_threads" in row]
    rows.sort(key=lambda row: sum(row["native_threads"].values()), reverse=True)
    for row in rows[:_NATIVE_THREAD_LINES_MAX]:
        in_call_s, started_s = row["native_threads"]["in_call_s"], row["native_threads"]["started_s"]
        if in_call_s + started_s < _SHARE_MIN * report["sampled_cpu_s"]:
            continue
        parts = []
        if in_call_s > 0:
            parts.append(f"{seconds(in_call_s)} while it was in the call that they work for")
        if started_s > 0:
            parts.append(f"{seconds(started_s)} because it started them")
        text = f"native threads used {seconds(in_call_s + started_s)} of CPU time, charged to {_line_name(row)}: {', '.join(parts)}"
        yield style.bold(head) + text
        head = " " * len(head)


def _native_rows(report: dict, style: Style, width: int) -> Iterator[str]:
    """The C functions below the heaviest lines, where native stacks were taken."""
    head = "native  "
    rows = [row for row in report["lines"] if row.get("native") and row["cpu_share"] >= _NATIVE_SHARE_MIN]
    for row in rows[:_NATIVE_LINES_MAX]:
        yield style.bold(head) + _line_name(row)
        head = " " * len(head)
        for path in row["native"][:_NATIVE_PATHS_MAX]:
            if path["cpu_share"] < _SHARE_MIN:
                break
            share = f"{100 * path['cpu_share']:5.1f} %  "
            names = list(path["path"])
            module = f"  ({os.path.basename(path['module'])})" if "module" in path else ""
            room = max(40, width - len(head) - len(share) - len(module))
            # The outermost functions are how every call into C begins; the innermost say what ran.
            while len(names) > 1 and len(" -> ".join(names)) > room:
                names = ["...", *names[2 if names[0] == "..." else 1 :]]
                if len(names) == 2:
                    break
            yield head + share + " -> ".join(names) + style.dim(module)


def _labels(report: dict, style: Style) -> Iterator[str]:
    """Seconds by the names that the program gave to stretches of it."""
    rows = report.get("labels", ())
    columns = max((len(visible(row["label"])) for row in rows[:_LABELS_MAX]), default=0)
    head = "labels  "
    for row in rows[:_LABELS_MAX]:
        spent = f"{visible(row['label']):<{columns}}  {seconds(row['wall_s']):>7} wall, {seconds(row['cpu_s']):>7} CPU"
        yield style.bold(head) + f"{spent}  in {plural(row['count'], 'stretch', 'stretches')}"
        head = " " * len(head)
    if len(rows) > _LABELS_MAX:
        yield f"{head}and {len(rows) - _LABELS_MAX} more labels (--json)"


def _counts(report: dict, style: Style, width: int) -> Iterator[str]:
    """What was counted exactly, line by line."""
    for function in report.get("counts", ()):
        place = f"{short_path(function['file'], report.get('cwd'))}:{function['first_line']}"
        several = f" in {plural(function['processes'], 'process', 'processes')}" if function["processes"] > 1 else ""
        yield style.bold("counted ") + f"{_call_name(function['function'])}  {place}  {plural(function['calls'], 'call')}{several}"
        for row in function["lines"]:
            source = row.get("source", "").rstrip()
            note = _makes(row)
            room = max(20, width - 34 - len(note))
            if len(source) > room:
                source = source[: room - 3] + "..."
            yield f"     line {row['line']:<5} {row['hits']:>15,} {'time' if row['hits'] == 1 else 'times'}".replace(",", " ") + f"   {source}{style.dim(note)}"
    if report.get("counts"):
        yield "note    the time of a counted function is mostly the counting: read it, and why, in a run without --counts"


def _makes(row: dict) -> str:
    """What number objects an execution of a line makes, where it makes any."""
    parts = []
    for kind, made in row.get("makes", {}).items():
        if kind == "executions" or made["each"] < 0.005:
            continue
        low, high = made["interval"]
        spread = f" +-{(high - low) / 2:.2f}" if high - low >= 0.01 else ""
        parts.append(f"{made['each']:.2f}{spread} {kind}")
    return f"  (makes {' and '.join(parts)} each time)" if parts else ""


def _line_name(place: dict) -> str:
    return f"{visible(os.path.basename(place['file']))}:{place['line']} ({_call_name(place['function'])})"


# --- why and ceiling -----------------------------------------------------------------------------


def _why(report: dict, style: Style, width: int) -> Iterator[str]:
    head = "why     "
    for cause in report["causes"][:_CAUSES_MAX]:
        if cause["share"] < 0.05:
            continue
        where = f"{os.path.basename(cause['file'])}:{cause['line']}  " if "file" in cause else ""
        yield style.bold(head) + where + cause["cause"]
        yield style.dim(" " * len(head) + cause["evidence"])
        head = " " * len(head)


def _ceiling(report: dict, style: Style) -> Iterator[str]:
    own = [row for row in report["functions"] if row["origin"] == "own" and row["cpu_share"] >= _SHARE_MIN]
    if not own:
        return
    best = max(own, key=lambda row: math.inf if row["ceiling"] is None else row["ceiling"])
    name = _call_name(best["function"])
    cpu_s = report.get("cpu_s", 0.0)
    if best["ceiling"] is None:
        text = f"the program is {name} and nothing else"
    elif best["ceiling"] < 1.1 and cpu_s - report["sampled_cpu_s"] > _much(cpu_s):
        return  # the code that is worth something may be among what was not seen
    elif best["ceiling"] < 1.1:
        text = f"no single function's own code is worth more than {best['ceiling']:.2f}x"
    else:
        text = f"removing {name}'s own code entirely would make the program {times(best['ceiling'])} faster"
    yield style.bold("ceiling ") + text


def _command(process: dict, columns: int = 60) -> str:
    text = visible(" ".join(process["command"])) or "(its command line was gone)"
    return text if len(text) <= columns else text[: columns - 3] + "..."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
