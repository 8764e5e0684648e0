"""What each program tells of the profiler: from one run of it to figures beside their truth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator

from hasten.selftest import chance
from hasten.selftest.figure import CANNOT_TELL, Figure, judged
from hasten.selftest.run import Run, Sample

# What the profiler promises where nothing is left to chance.
SHARE_OFF = 0.015  # of a function's, line's or thread's share of CPU time
KIND_OFF = 0.03  # of a share of the split: no phase is all of one kind, the loop around a call into C is bytecode
WAIT_OFF = 0.02  # of seconds that threads waited for the GIL, or tasks for what they awaited
LOST = 0.001  # of the samples
BROKEN = 0.001
LOOK_S = 0.010  # how often the collector looks at threads that sleep (kTickMs in src/collect/session.cc)


def equal_lines(run: Run) -> Iterator[Figure]:
    """The lines marked `# line NAME` cost the same."""
    marked = marked_lines(run.script.read_text())
    true = {name: 1 / len(marked) for name in marked.values()}
    seen = normal({name: run.line_share(number) for number, name in marked.items()})
    at = {("work", number) for number in marked}
    in_lines = [sample for sample in run.samples if sample.frames and sample.frames[-1] in at]
    count = chance.effective_count(run.drawn_s(sample) for sample in in_lines)
    error = chance.distance(seen, true)
    bound = SHARE_OFF + chance.distance_by_chance(true.values(), count)
    why = _why_bound(SHARE_OFF, len(in_lines))
    figure = Figure("share on a wrong line", "share", error, 0.0, error, bound, why)
    yield judged(figure, withheld=run.withheld_share, blind=1 - 1 / len(marked))


def timed_functions(run: Run) -> Iterator[Figure]:
    """Functions called in turns; their shares by the program's own clock. Of two the first says it all."""
    true = normal(run.said["seconds"])
    seen = normal({name: run.function(name)["total_share"] for name in true})
    for name in list(true)[: len(true) if len(true) > 2 else 1]:
        yield _share_figure(run, f"share of {name}()", seen[name], true[name], lambda sample: _first(sample, true), name)


def possible_stacks(run: Run) -> Iterator[Figure]:
    """Chains of calls of which only some are possible."""
    impossible = impossible_stacks(run.samples, run.said["callers"])
    why = f"none of {number_text(len(run.samples))}: by construction"
    blind = None if run.samples else 0
    yield judged(Figure("impossible stacks", "stacks", impossible, 0, impossible, 0, why), blind=blind)


def timed_phases(run: Run) -> Iterator[Figure]:
    """One phase for each kind of time, in a function of its name."""
    seconds = dict(run.said["seconds"])
    slept_s = seconds.pop("waiting")
    true = normal(seconds)
    split: Counter = Counter()
    for phase in true:
        split.update(run.function(phase)["split"])
    split["library"] += split.pop("extension", 0.0)  # whether zlib has a library of its own depends on the build
    seen = normal(split)
    for kind in true:
        figure = _share_figure(
            run, f"{kind} time", seen.get(kind, 0.0), true[kind], lambda sample: _first(sample, true), kind, promised=KIND_OFF
        )
        if run.said["linked_in"] and kind in ("runtime", "library"):
            figure.state, figure.why = CANNOT_TELL, "zlib is part of this Python's own binary"
        yield figure
    waits = run.function("waiting")["wait_s"]
    error = abs(waits.get("sleep", 0.0) - slept_s)
    figure = Figure("sleep", "s", waits.get("sleep", 0.0), slept_s, error, 2 * LOOK_S, "two looks of the collector")
    yield judged(figure, withheld=run.withheld_s)


def timed_threads(run: Run) -> Iterator[Figure]:
    """Threads that read their own CPU clocks."""
    true_s = run.said["seconds"]
    names = {tid: name for name, tid in run.said["threads"].items()}
    by_account = {names[row["tid"]]: row["cpu_s"] for row in run.report["threads"] if row["tid"] in names}
    by_samples: Counter = Counter()
    for sample in run.samples:
        if sample.thread in names:
            by_samples[names[sample.thread]] += sample.cpu_s
    seen, true = normal(by_samples), normal(true_s)
    for name in true:
        cpu_s = by_account.get(name, 0.0)
        bound = SHARE_OFF * sum(true_s.values())
        why = f"{percent(SHARE_OFF)} of all threads' CPU"
        figure = Figure(f"CPU of thread {name}", "s", cpu_s, true_s[name], abs(cpu_s - true_s[name]), bound, why)
        yield judged(figure, withheld=run.withheld_s)
    for name in true:
        yield _share_figure(
            run, f"share of thread {name}", seen.get(name, 0.0), true[name], lambda sample: names.get(sample.thread), name
        )


def timed_children(run: Run) -> Iterator[Figure]:
    """Child processes that read their own CPU clocks, one of them killed."""
    names = {pid: name for name, pid in run.said["pids"].items()}
    missed = len(names.keys() - {row["pid"] for row in run.report["processes"]})
    yield judged(Figure("children missed", "processes", missed, 0, missed, 0, f"none of {len(names)}: by construction"))

    def child_of(sample: Sample) -> str | None:
        return names.get(sample.thread) if any(name == "burn" for name, _ in sample.frames) else None

    by_samples: Counter = Counter()
    for sample in run.samples:
        by_samples[child_of(sample)] += sample.cpu_s
    del by_samples[None]
    seen, true = normal(by_samples), normal(run.said["seconds"])
    for name in true:
        yield _share_figure(run, f"share of child {name}", seen.get(name, 0.0), true[name], child_of, name)


def waits_for_the_gil(run: Run) -> Iterator[Figure]:
    """Threads that do nothing but compute: what is left of their time, they waited for the GIL."""
    for name, spent in run.said["seconds"].items():
        true_s = spent["wall"] - spent["cpu"] - spent["ready"]
        figure = _seconds_figure(f"GIL wait of {name}()", run.function(name)["wait_s"].get("gil", 0.0), true_s)
        yield judged(figure, withheld=run.withheld_s)


def timed_collections(run: Run) -> Iterator[Figure]:
    """A program that times its own collections of garbage."""
    true = normal(run.said["seconds"])["collecting"]
    within = run.function("rounds")["total_share"]
    seen = run.report.get("garbage_collection", {}).get("cpu_share", 0.0) / within if within else 0.0
    count = chance.effective_count(run.drawn_s(sample) for sample in run.samples)
    bound = KIND_OFF + chance.SIGMAS * math.sqrt(true * (1 - true) / count) if count else math.inf
    figure = Figure("garbage collection", "share", seen, true, abs(seen - true), bound, _why_bound(KIND_OFF, len(run.samples)))
    yield judged(figure, withheld=run.withheld_share, blind=min(true, 1 - true))


def timed_tasks(run: Run) -> Iterator[Figure]:
    """Tasks of an event loop that time their sleeps, and one that times how long it blocked the loop."""
    true_s = run.said["seconds"]
    awaited_s = sum(row["await_s"] for row in run.report.get("tasks", ()) if row.get("function") == "sleeps")
    blocked_s = sum(row["blocked_s"] for row in run.report.get("loops", ()))
    awaited = _seconds_figure("awaited by tasks", awaited_s, true_s["sleeps"])
    if run.report.get("tasks_unseen"):
        awaited.state, awaited.why = CANNOT_TELL, "this Python's tasks cannot be seen"
        yield awaited
        return
    yield judged(awaited, withheld=run.withheld_s)
    yield judged(_seconds_figure("loop blocked", blocked_s, true_s["blocks"]), withheld=run.withheld_s)


def _seconds_figure(name: str, seen_s: float, true_s: float) -> Figure:
    """Seconds that are measured, not sampled."""
    bound = WAIT_OFF * true_s + LOOK_S
    return Figure(name, "s", seen_s, true_s, abs(seen_s - true_s), bound, f"{percent(WAIT_OFF)} + {1000 * LOOK_S:.0f} ms")


def kept_samples(runs: list[Run]) -> Iterator[Figure]:
    """What became of the samples of all programs together."""
    samples = sum(run.report["samples"] for run in runs)
    lost = sum(run.report["lost"] for run in runs)
    broken = sum(run.report["broken_stacks"] for run in runs)
    withheld = max((run.withheld_share for run in runs), default=0.0)
    for name, count, of, promised, load in (
        ("lost samples", lost, samples + lost, LOST, withheld),
        ("broken stacks", broken, samples, BROKEN, None),
    ):
        share = count / of if of else 0.0
        bound = chance.count_by_chance(promised * of) / of if of else 0.0
        yield judged(Figure(name, "share", share, 0.0, share, bound, _why_bound(promised, of)), withheld=load)


def impossible_stacks(samples: list[Sample], callers: dict[str, list[str]]) -> int:
    """How many stacks have a function under one that never calls it."""
    count = 0
    for sample in samples:
        names = [name for name, _ in sample.frames]
        count += any(
            callee in callers and caller not in callers[callee] for caller, callee in zip([None, *names], names, strict=False)
        )
    return count


def marked_lines(text: str) -> dict[int, str]:
    """Number and name of each line marked `# line NAME`."""
    return {number: line.split()[-1] for number, line in enumerate(text.splitlines(), 1) if "# line " in line}


def normal(amounts: dict[str, float]) -> dict[str, float]:
    """Shares that add up to 1, or all 0."""
    total = sum(amounts.values())
    return {name: amount / total if total else 0.0 for name, amount in amounts.items()}


def percent(share: float) -> str:
    """`1.5 %`."""
    return f"{100 * share:.2g} %"


def number_text(count: float) -> str:
    """`2 000`."""
    return f"{count:,.0f}".replace(",", " ")


def _first(sample: Sample, names: dict[str, float]) -> str | None:
    """The outermost of some functions that is on the stack."""
    return next((name for name, _ in sample.frames if name in names), None)


def _why_bound(promised: float, count: float) -> str:
    return f"{percent(promised)} + {chance.SIGMAS} sigma of {number_text(count)} samples"


def _share_figure(
    run: Run,
    name: str,
    seen: float,
    true: float,
    side_of: Callable[[Sample], str | None],
    side: str,
    promised: float = SHARE_OFF,
) -> Figure:
    """A share among samples that have a side, and its bound."""
    sided = [(side_of(sample) == side, sample) for sample in run.samples if side_of(sample) is not None]
    inside = [run.drawn_s(sample) for within, sample in sided if within]
    outside = [run.drawn_s(sample) for within, sample in sided if not within]
    sigma = chance.share_sigma(true, inside, outside, sum(sample.cpu_s for _, sample in sided))
    bound = promised + chance.SIGMAS * sigma
    figure = Figure(name, "share", seen, true, abs(seen - true), bound, _why_bound(promised, len(sided)))
    # What takes next to nothing is told by looking like nothing: there a profile that never saw it is right.
    blind = min(true, 1 - true) if true > promised else None
    return judged(figure, withheld=run.withheld_share, blind=blind)
