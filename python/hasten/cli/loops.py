"""The verdict's section on event loops: what they did, what blocked them, and where tasks awaited."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from hasten.cli.figures import plural, seconds, short_name, visible

_LOOPS_MAX = 3
_BLOCKS_MAX = 3
_TASKS_MAX = 6
_AWAITS_MAX = 3
_SHARE_MIN = 0.02  # of the loop's time, or of the seconds awaited: what is less has no row
_RUN_SHARE_MIN = 0.05  # of wall time: a loop that ran for less is no news
_INDENT = " " * 8


def loop_lines(report: dict, bold: Callable[[str], str], dim: Callable[[str], str], width: int) -> Iterator[str]:
    """No lines for a program that ran no event loop worth a word."""
    if report.get("tasks_unseen"):
        yield (
            "note    an event loop ran, but its tasks cannot be seen: this Python has asyncio built in, or in a form that "
            "Hasten does not know"
        )
    loops = [loop for loop in report.get("loops", ()) if loop["run_s"] >= _RUN_SHARE_MIN * report["wall_s"]]
    if not loops:
        return
    for loop in loops[:_LOOPS_MAX]:
        yield bold("loop    ") + _loop(loop)
        for block in loop["blocks"][:_BLOCKS_MAX]:
            if block["blocked_s"] >= _SHARE_MIN * loop["run_s"]:
                yield _INDENT + _block(block)
    tasks = [task for task in report["tasks"] if task["await_s"] > 0 or task["cpu_s"] > 0]
    if not tasks:
        return
    yield bold(f"{'tasks':<8}{'awaited':>8} {'at once':>8} {'CPU':>8}")
    least_s = _SHARE_MIN * sum(task["await_s"] for task in tasks)
    for task in tasks[:_TASKS_MAX]:
        yield f"{_INDENT}{seconds(task['await_s']):>8} {'':>8} {seconds(task['cpu_s']):>8}  " + bold(_task_name(task))
        for await_ in task["awaits"][:_AWAITS_MAX]:
            if await_["await_s"] >= least_s:
                head = f"{_INDENT}{seconds(await_['await_s']):>8} {await_['concurrency']:>8.1f} {'':>8}    "
                yield head + dim(_chain(await_["chain"], max(30, width - len(head))))
    if len(tasks) > _TASKS_MAX:
        rest = tasks[_TASKS_MAX:]
        awaited = seconds(sum(task["await_s"] for task in rest))
        yield f"{_INDENT}{awaited:>8} {'':>8} {'':>8}  {plural(len(rest), 'more group')} of tasks"


def _loop(loop: dict) -> str:
    run_s = loop["run_s"]
    idle, blocked = (100 * loop[key] / run_s for key in ("idle_s", "blocked_s"))
    return (
        f"{visible(loop['thread'])} ran an event loop for {seconds(run_s)}: {idle:.0f} % idle, {max(0.0, 100 - idle - blocked):.0f} % "
        f"running, {blocked:.0f} % blocked; {plural(loop['steps'], 'step')} of tasks"
    )


def _block(block: dict) -> str:
    often = "once" if block["count"] == 1 else f"{block['count']} times, at the longest {seconds(block['longest_s'])}"
    waits = " waiting" if block["wait_s"] > 0.5 * block["blocked_s"] else ""
    return f"blocked {seconds(block['blocked_s'])}{waits} by {_place(block)} ({often})"


def _task_name(task: dict) -> str:
    coroutine = task.get("function", "(not a Python coroutine)")
    return f"{visible(task['name'])} ({coroutine})" if "name" in task else coroutine


def _place(place: dict) -> str:
    return f"{visible(os.path.basename(place['file']))}:{place['line']} {short_name(place['function'])}"


def _chain(chain: list[dict], columns: int) -> str:
    """From the coroutine that the task runs to the innermost; of one too long for the line, the two ends."""
    if not chain:
        return "(where could not be read)"
    places = [_place(place) for place in chain]
    text = " -> ".join(places)
    while len(text) > columns and len(places) > 2:
        del places[len(places) // 2]
        middle = len(places) // 2
        text = " -> ".join([*places[:middle], "...", *places[middle:]])
    return text
