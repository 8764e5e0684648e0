"""`hasten top`: a running Python, live in the terminal."""

from __future__ import annotations

import argparse
import os
import select
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hasten.cli.asking import process_id
from hasten.cli.output import write_json
from hasten.cli.figures import seconds, short_name, short_path, visible

EXAMPLES = """\
examples:
  hasten top 4711                   what does this process do? q ends it
  hasten top                        the only Python that runs here
  hasten top --once --seconds 5 4711 | head

  hasten top --inject 4711          from inside: every wait, who held the GIL, the processes that it starts

keys: f functions, l lines, t threads, w waiting, g the GIL, p processes, q quit
"""

VIEWS = {"f": "functions", "l": "lines", "t": "threads", "w": "waiting", "g": "gil", "p": "processes"}
_ROWS_MAX = 40
_LISTED_MAX = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pid", nargs="?", type=process_id, metavar="PID", help="default: the only Python that runs here")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="N", help="how long each picture looks (default 2)")
    parser.add_argument("--inject", action="store_true", help="from inside: the process takes Hasten's probe in, which stays there")
    parser.add_argument("--once", action="store_true", help="one picture, then end; so it is where no terminal is")
    parser.add_argument("--json", metavar="FILE", help="with --once: the report of that picture; - for standard output")


def main(args: argparse.Namespace) -> int:
    from hasten._core import python_version_of

    pid = args.pid if args.pid is not None else _only_python(args.parser)
    version = python_version_of(pid)  # a process that cannot be read is said before the screen changes
    if args.once or args.json is not None or not sys.stdout.isatty():
        report = _look(pid, args.seconds, args.inject)
        if args.json is not None:
            write_json(report, args.json)
        if args.json != "-":
            for view in ("functions", "threads", "waiting", *(("gil", "processes") if args.inject else ())):
                print("\n".join(picture(report, view, 110, 20)))
        return 0
    return _live(pid, version, args.seconds, args.inject)


def _look(pid: int, span_s: float, inject: bool) -> dict:
    """One stretch of looking, as a report. Raises: HastenError."""
    from hasten import _core

    fd = os.memfd_create("hasten-top")  # nothing is left of it, whatever becomes of us
    try:
        capture = f"/proc/self/fd/{fd}"
        (_core.enter if inject else _core.attach)(pid, capture, seconds=span_s)
        return _core.read_report(capture)
    finally:
        os.close(fd)


def _live(pid: int, version: str, span_s: float, inject: bool) -> int:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console()
    view = "functions"
    latest: list[dict] = []
    failed: list[Exception] = []
    stop = threading.Event()

    def keep_looking() -> None:
        try:
            while not stop.is_set():
                latest[:] = [_look(pid, span_s, inject)]
        except Exception as error:  # the process ended, or may no longer be read
            failed.append(error)

    looking = threading.Thread(target=keep_looking, daemon=True)
    looking.start()
    with _single_keys() as read_key, Live(console=console, screen=True, auto_refresh=False) as live:
        while not failed:
            head = head_line(pid, version, console.width)
            body = picture(latest[0], view, console.width, console.height - 2) if latest else ["looking ..."]
            live.update(Text("\n".join([head, *body]), no_wrap=True, overflow="crop"), refresh=True)
            key = read_key(0.2)
            if key in ("q", "\x03"):
                break
            view = VIEWS.get(key, view)
    stop.set()
    if failed:
        ended = getattr(failed[0], "code", "") == "attach.no_process"
        print(f"hasten top: {f'process {pid} has ended' if ended else failed[0]}", file=sys.stderr)
        return 0 if ended else 125
    return 0


def head_line(pid: int, version: str, columns: int) -> str:
    """What is looked at, and the keys; in few columns the keys alone, which must not be cut."""
    keys = "  ".join(f"{key} {name}" for key, name in VIEWS.items()) + "  q quit"
    for head in (f"hasten top  process {pid}, Python {version}   {keys}", f"{pid}  {keys}", keys):
        if len(head) <= columns:
            return head
    return f"{pid}  {' '.join(VIEWS)} q"


@contextmanager
def _single_keys() -> Iterator:
    """Keys as they are pressed, without echo. Gives a function: seconds to wait -> key or ''."""
    if not sys.stdin.isatty():
        yield lambda span_s: "" if select.select([], [], [], span_s) else ""
        return
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    tty.setcbreak(fd)
    try:
        yield lambda span_s: os.read(fd, 1).decode(errors="replace") if select.select([fd], [], [], span_s)[0] else ""
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def picture(report: dict, view: str, columns: int, rows: int) -> list[str]:
    """One view of a report as lines of text, at most so many and so wide."""
    wall_s = max(report["wall_s"], 1e-9)
    lines = [
        f"last {seconds(report['wall_s'])}: {100 * report.get('cpu_s', 0.0) / wall_s:.0f} % of a CPU, "
        f"{len(report['threads'])} threads, memory {report.get('peak_rss_bytes', 0) / 1e6:.0f} MB, {report['samples']} looks"
    ]
    views = (_functions, _lines, _threads, _waiting, _gil, _processes)
    lines += dict(zip(VIEWS.values(), views, strict=True))[view](report)
    return [visible(line.expandtabs())[:columns] for line in lines[: min(rows, _ROWS_MAX)]]


def _functions(report: dict) -> list[str]:
    rows = [row for row in report["functions"] if row["self_cpu_s"] > 0 or row["total_share"] > 0.01]
    head = "    self    total   function"
    return [head] + [
        f"{100 * row['cpu_share']:6.1f} %{100 * row['total_share']:7.1f} %  {short_name(row['function'])}  "
        f"({short_path(row['file'], report.get('cwd'))}:{row['first_line']})"
        for row in rows
    ]


def _lines(report: dict) -> list[str]:
    return ["    self   line"] + [
        f"{100 * row['cpu_share']:6.1f} %  {short_path(row['file'], report.get('cwd'))}:{row['line']}  {row.get('source', '').strip()}"
        for row in report["lines"]
        if row["cpu_share"] > 0
    ]


def _threads(report: dict) -> list[str]:
    lines = ["     CPU   ready  waiting  thread"]
    for row in sorted(report["threads"], key=lambda row: -row["cpu_s"]):
        wall_s = max(row["wall_s"], 1e-9)
        waits = row.get("wait_s", {})
        most = max(waits, key=waits.get) if any(waits.values()) else ""
        lines.append(
            f"{100 * row['cpu_s'] / wall_s:6.0f} %{100 * row['runnable_s'] / wall_s:6.0f} %"
            f"{100 * sum(waits.values()) / wall_s:7.0f} %  {row['tid']} {visible(row['name'])}{f'  ({most})' if most else ''}"
        )
    return lines


def _waiting(report: dict) -> list[str]:
    rows = []
    for row in report["lines"]:
        for kind, waited_s in row.get("wait_s", {}).items():
            if waited_s > 0:
                rows.append((waited_s, kind, row))
    rows.sort(key=lambda entry: -entry[0])
    return ["  waited  for      line"] + [
        f"{seconds(waited_s):>8}  {kind:<8} {short_path(row['file'], report.get('cwd'))}:{row['line']}  ({short_name(row['function'])})"
        for waited_s, kind, row in rows
    ]


def _gil(report: dict) -> list[str]:
    if report["engine"] == "from outside":
        return ["who held the GIL is not seen from outside: hasten top --inject"]

    def named(row: dict) -> str:
        return f"{short_path(row['file'], report.get('cwd'))}:{row['line']} ({short_name(row['function'])})"

    return ["  waited  for the GIL"] + [
        f"{seconds(row['seconds']):>8}  {named(row['waiter'])}  while it was held by {named(row['holder'])}" for row in report.get("gil", ())
    ]


def _processes(report: dict) -> list[str]:
    lines = ["     PID      CPU   memory  command"]
    for row in report["processes"]:
        command = " ".join(row["command"]) or "(gone)"
        lines.append(f"{row['pid']:8} {seconds(row.get('cpu_s', 0.0)):>8} {row.get('peak_rss_bytes', 0) / 1e6:5.0f} MB  {command}")
    return lines


def _only_python(parser: argparse.ArgumentParser) -> int:
    """The Python that runs, if it is one; else names them and ends with a wrong usage."""
    from hasten._core import python_version_of
    from hasten.errors import HastenError

    found = []
    for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        pid = int(entry.name)
        if pid in (os.getpid(), os.getppid()):
            continue
        try:
            if "python" not in os.path.basename(os.readlink(entry / "exe")):
                continue
            python_version_of(pid)
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (OSError, HastenError):
            continue
        found.append((pid, command))
    if len(found) == 1:
        return found[0][0]
    if not found:
        parser.error("no Python runs here that could be read: name its PID")
    listed = "; ".join(f"{pid} {visible(command[:50].strip())}" for pid, command in found[:_LISTED_MAX])
    if len(found) > _LISTED_MAX:
        listed += f"; {len(found) - _LISTED_MAX} more"
    parser.error(f"{len(found)} Pythons run here: name one ({listed})")
