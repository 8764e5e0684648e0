"""Two sets of captures, before and after: is the second faster, in wall time and in CPU time?

Nothing is run. Each run that was recorded is one observation; the k-th before is paired with the k-th after, which loses
nothing where they have nothing to do with one another, and gains where they were recorded by turns.
"""

from __future__ import annotations

import os
import statistics
from dataclasses import dataclass

from hasten.errors import HastenError
from hasten.fix.judgement import BETTER_MIN, EXIT_BETTER, EXIT_CANNOT_TELL, EXIT_NOT, next_run_interval
from hasten.fix.judged_results import INTERVAL_KIND, SCHEMA, size_text
from hasten.fix.verdict import gain_text
from hasten.fix.words import number_text, seconds_text, times_text

RUNS_LEAST = 3  # below it Student's t leaves the gain open


@dataclass
class RecordedRun:
    """One run of a program under `hasten run`. wall_s: without the time in which its main thread waited for a CPU."""

    wall_s: float
    cpu_s: float | None
    peak_bytes: int | None


def compare_captures(before, after):
    """The document of `hasten prove --before ... --after ... --json`.

    Raises HastenError if a capture cannot be read or was cut short, or if the sets hold different numbers of runs.
    """
    sides = [[run for path in paths for run in read_runs(path)] for paths in (before, after)]
    counts = [len(side) for side in sides]
    if counts[0] != counts[1]:
        raise HastenError(f"{counts[0]} runs before and {counts[1]} after cannot be paired",
                          hint="give as many of one as of the other")
    document = {"schema": SCHEMA, "better": False, "exit_code": EXIT_CANNOT_TELL, "reason": "", "runs": counts[0],
                "before": list(map(os.fspath, before)), "after": list(map(os.fspath, after))}
    if counts[0] < RUNS_LEAST:
        document["reason"] = (f"{counts[0]} run{'s' if counts[0] > 1 else ''} a side say too little of the next one: at least "
                              f"{RUNS_LEAST}, better 8, as hasten run --repeat 8 records them")
        return document
    for key in ("wall", "cpu"):
        times = [[getattr(run, f"{key}_s") for run in side] for side in sides]
        if all(t for side in times for t in side):
            document[key] = _gain(*times)
    document["interval_kind"] = INTERVAL_KIND
    peaks = [[run.peak_bytes for run in side] for side in sides]
    if all(p for side in peaks for p in side):
        document |= {"peak_before_bytes": int(statistics.median(peaks[0])), "peak_after_bytes": int(statistics.median(peaks[1]))}
    wall = document["wall"]
    document["better"] = wall["interval"][0] > BETTER_MIN
    document["exit_code"] = EXIT_BETTER if document["better"] else EXIT_NOT
    if not document["better"]:
        document["reason"] = (f"not surely faster: wall time gains {gain_text(wall['gain'], wall['interval'])}, and all of the "
                              f"interval must lie above {BETTER_MIN}")
    return document


def _gain(before_s, after_s):
    from hasten._core import gain_of_runs

    gain, *interval = gain_of_runs(before_s, after_s)
    return {"before_s": statistics.median(before_s), "after_s": statistics.median(after_s), "gain": gain, "interval": interval,
            "next_run": list(next_run_interval(gain, interval, len(before_s)))}


def read_runs(path):
    """The runs that a capture holds: one, or as many as `hasten run --repeat` made."""
    from hasten._core import read_report

    report = read_report(os.fspath(path))
    name = os.path.basename(path)
    if not report.get("complete", True):
        raise HastenError(f"{name} was cut short, so that its times are not those of a whole run", hint="record it again")
    if "signal" in report:
        raise HastenError(f"the program of {name} was ended by signal {report['signal']}", hint="record one that ends by itself")
    return runs_of_report(report)


def runs_of_report(report):
    """The runs in a report (the keys of `hasten run --json`)."""
    rows = {row["pid"]: row for row in report["processes"]}
    roots = [row for row in report["processes"] if row["parent_pid"] not in rows]
    count = report.get("runs", 1)
    waited_s = {thread["pid"]: thread.get("runnable_s", 0.0) for thread in report.get("threads", ())
                if thread["tid"] == thread["pid"]}
    if len(roots) != count:  # more than one process began outside: only the whole is known
        whole = RecordedRun(report["wall_s"] / count, report["cpu_s"] / count if report.get("cpu_s") else None,
                            report.get("peak_rss_bytes"))
        return [whole]
    runs = []
    for root in roots:
        tree = [row for row in rows.values() if _root_of(row, rows) is root]
        cpu_s = sum(row.get("cpu_s", 0.0) for row in tree)
        wall_s = report["wall_s"] if count == 1 else root["wall_s"]
        runs.append(RecordedRun(max(1e-6, wall_s - waited_s.get(root["pid"], 0.0)), cpu_s or None,
                                max((row.get("peak_rss_bytes", 0) for row in tree), default=0) or None))
    return runs


def _root_of(row, rows):
    seen = set()
    while row["parent_pid"] in rows and row["pid"] not in seen:
        seen.add(row["pid"])
        row = rows[row["parent_pid"]]
    return row


def captures_text(document):
    """What a terminal shows."""
    lines = ["  " + {EXIT_BETTER: "faster", EXIT_NOT: "not surely faster"}.get(document["exit_code"], "cannot tell")]
    for key, name in (("wall", "wall time"), ("cpu", "CPU time")):
        if key in document:
            figure = document[key]
            low, high = figure["interval"]
            next_low, next_high = figure["next_run"]
            lines.append(f"  {name} {seconds_text(figure['before_s'])} -> {seconds_text(figure['after_s'])} "
                         f"({times_text(figure['gain'])}, {number_text(low)}-{number_text(high)}), 95 % interval over {document['runs']} runs a side; "
                         f"the next pair of runs: {number_text(next_low)}-{number_text(next_high)}x")
    if "peak_before_bytes" in document:
        lines.append(f"  peak memory {size_text(document['peak_before_bytes'])} -> {size_text(document['peak_after_bytes'])}")
    if document["reason"]:
        lines.append(f"  {document['reason']}")
    return "\n".join(lines) + "\n"
