#!/usr/bin/env python3
"""A long run of four processes: how large its capture is, and how long `hasten view` takes to show it.

    python benchmarks/probe/long_run.py [--minutes 10] [--rate HZ] [--views 3] [--keep DIRECTORY]

Limits: 100 KB of capture a second, and 3 s from `hasten view` to its verdict (the median of a few, with its own
CPU time beside it, which does not depend on how busy the machine is).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = Path(__file__).with_name("four_workers.py")
WORKERS = 4
VIEW_LIMIT_S = 3.0
BYTES_LIMIT = 100_000


def record(capture: Path, minutes: float, rate: list[str]) -> tuple[list[int], float]:
    """Run the program under the profiler; the turns of each worker and the seconds that it took."""
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "hasten", "run", *rate, "--out", str(capture), str(PROGRAM), str(60 * minutes)],
        capture_output=True, text=True,
    )  # fmt: skip
    wall_s = time.monotonic() - begin
    if done.returncode:
        raise SystemExit(f"the program ended with exit code {done.returncode}: {done.stderr[-400:]}")
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))["turns"], wall_s


def view(capture: Path) -> tuple[float, float, int]:
    """Wall time and CPU time of one `hasten view`, and its peak memory in bytes."""
    begin = time.monotonic()
    child = subprocess.Popen([sys.executable, "-m", "hasten", "view", str(capture)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall_s = time.monotonic() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"hasten view ended with exit code {child.returncode}")
    return wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def report_of(capture: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "hasten", "export", "--to", "json", str(capture)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", help="samples a CPU-second, instead of the default rate")
    parser.add_argument("--views", type=int, default=3)
    parser.add_argument("--keep", metavar="DIRECTORY", type=Path, help="leave the capture there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hasten-long-") as directory:
        capture = (args.keep or Path(directory)) / "long.hasten"
        turns, wall_s = record(capture, args.minutes, ["--rate", args.rate] if args.rate else [])
        views = [view(capture) for _ in range(args.views)]
        report = report_of(capture)
        size = capture.stat().st_size
    seen = sum(row["samples"] for row in report["functions"] if row["file"] == str(PROGRAM))
    if len(turns) != WORKERS or len(report["processes"]) != WORKERS + 1 or not seen:
        raise SystemExit(f"{len(turns)} workers and {len(report['processes'])} processes, {seen} samples in the program")
    wall, cpu = statistics.median(row[0] for row in views), statistics.median(row[1] for row in views)
    rate = size / wall_s
    good = wall <= VIEW_LIMIT_S and rate <= BYTES_LIMIT
    print(f"run      {wall_s:.1f} s wall, {report['cpu_s']:.1f} s CPU in {len(report['processes'])} processes, {sum(turns)} turns")
    print(f"samples  {report['samples']}, {report['lost']} lost, sampling cost {report['sampling_cost']:.2%}")
    print(
        f"capture  {size / 1e6:.2f} MB: {rate / 1e3:.1f} KB a second, {size / report['cpu_s'] / 1e3:.1f} KB a CPU-second"
        f"  (limit {BYTES_LIMIT / 1e3:.0f} KB a second)"
    )
    print(f"view     {wall:.2f} s wall, {cpu:.2f} s CPU, peak {views[0][2] / 1e6:.0f} MB  (limit {VIEW_LIMIT_S:.0f} s)")
    print("within its limits" if good else "over a limit")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
