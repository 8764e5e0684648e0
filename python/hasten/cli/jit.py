"""`hasten run --jit`: the program with its hot functions compiled, and what became of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

from hasten.cli.figures import plural, seconds, short_path, visible

# Finding hot functions takes fewer samples than a verdict, and they shall cost next to nothing: a sample takes some 50 us.
RATE_HZ = 50
_ROWS_MAX = 8
_COMPILER_THREAD = "hasten-compile"  # src/runtime/background.cc


def jit_runs(measure: Callable, args: argparse.Namespace) -> tuple:
    """Run it by `measure`, which takes the program's environment. Returns what that returns, and what was compiled."""
    import tempfile

    from hasten import hot

    args.rate = args.rate or RATE_HZ
    with tempfile.TemporaryDirectory(prefix="hasten-jit-") as folder:
        outcome, capture = measure(hot.environment(folder))
        told = hot.read(folder)
    if not told.pop("begun"):
        told["notes"] = ["nothing was compiled: this Python ignores PYTHONPATH (-I, -E, -S), by which compiling comes to it"]
    return outcome, capture, told


def jit_lines(report: dict, dim: Callable[[str], str]) -> Iterator[str]:
    """Rows of the verdict; none without --jit."""
    jit = report.get("jit")
    if jit is None:
        return
    compiled, refused = jit["compiled"], jit["refused"]
    yield ""
    behind_s = sum(row["cpu_s"] for row in report.get("threads", ()) if row["name"] == _COMPILER_THREAD)
    behind = f" ({seconds(behind_s)} on a thread of its own)" if behind_s else ""
    yield f"jit     compiled {plural(len(compiled), 'function')} in {seconds(jit['compile_s'])}{behind}; {len(refused)} left to Python"
    shares = _shares(report)
    for row in compiled[:_ROWS_MAX]:
        share = shares.get((row["file"], row["function"]))
        facts = [f"{row['calls']} native calls"]
        if share is not None:
            facts.append(f"{100 * share:.1f} % of CPU time")
        if row["left"]:
            facts.append(f"left native code {row['left']} times")
        if row["python_calls"]:
            facts.append(f"{row['python_calls']} calls as Python")
        yield f"        {_name(row, report.get('cwd'))}  {', '.join(facts)}"
    for row in refused[:_ROWS_MAX]:
        yield dim(f"        not {_name(row, report.get('cwd'))}: {visible('; '.join(row['reasons']) or 'no reason was told')}")
    hidden = max(0, len(compiled) - _ROWS_MAX) + max(0, len(refused) - _ROWS_MAX)
    if hidden:
        yield dim(f"        and {hidden} more (--json)")
    for text in jit["notes"]:
        if text:
            yield f"        {visible(text)}"


def _name(row: dict, cwd: str | None) -> str:
    return visible(f"{short_path(row['file'], cwd)}:{row['line']} {row['function']}")


def _shares(report: dict) -> dict[tuple[str, str], float]:
    return {(row["file"], row["function"]): row["cpu_share"] for row in report.get("functions", [])}
