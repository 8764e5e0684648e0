#!/usr/bin/env python3
"""What `hasten run` costs the program that it measures: must stay within 1.02x on the Julia set.

    python benchmarks/overhead.py [--pairs 24] [--width 500] [--rate HZ]

A plain and a measured process live side by side and take turns: each computes one strip of the grid (some 50 ms) while
the other waits, in random order, so that a machine whose speed changes from second to second changes it for both. Two
processes never lie in memory alike, which alone can make one of them some percent faster: so many pairs of
processes are taken, and the interval comes from resampling the pairs. The sum of iterations is checked in each.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 1.02
STRIPS = 25
PROGRAM = """
import sys, time
sys.path.insert(0, {examples!r})
import julia_set
zs, cs = julia_set.make_grid({width})
strip = -(-len(zs) // {strips})
total = 0
for word in sys.stdin:
    at = int(word) * strip
    part_z, part_c = zs[at : at + strip], cs[at : at + strip]
    wall, cpu = time.perf_counter(), time.process_time()
    output = julia_set.calculate_z(julia_set.MAX_ITERATIONS, part_z, part_c)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    total += sum(output)
    print(wall, cpu, total, flush=True)
"""


class Turns:
    """One process that computes a strip when it is told to."""

    def __init__(self, command: list[str]):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1
        )

    def take(self, strip: int) -> tuple[float, float, int]:
        self.process.stdin.write(f"{strip}\n")
        wall, cpu, total = self.process.stdout.readline().split()
        return float(wall), float(cpu), int(total)

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def one_pair(plain: list[str], measured: list[str], known: int, order: random.Random) -> tuple[float, float]:
    """Measured over plain of one pair of processes: wall time and CPU time of the whole grid."""
    sides = [Turns(plain), Turns(measured)]
    spent = [[0.0, 0.0], [0.0, 0.0]]
    totals = [0, 0]
    for strip in range(STRIPS):
        for side in order.sample([0, 1], 2):
            wall, cpu, totals[side] = sides[side].take(strip)
            spent[side][0] += wall
            spent[side][1] += cpu
    for side in sides:
        side.end()
    if totals != [known, known]:
        raise SystemExit(f"the sums are {totals}, must be {known}")
    return spent[1][0] / spent[0][0], spent[1][1] / spent[0][1]


def median_and_interval(ratios: list[float]) -> tuple[float, float, float]:
    """The median and its 95 % interval by order statistics: no assumption about the shape."""
    ordered = sorted(ratios)
    n = len(ordered)
    reach = 1.96 * math.sqrt(n) / 2
    low, high = max(0, math.floor(n / 2 - reach)), min(n - 1, math.ceil(n / 2 + reach) - 1)
    return statistics.median(ordered), ordered[low], ordered[high]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--width", type=int, default=500, choices=[100, 500, 1000])
    parser.add_argument("--rate", help="samples a CPU-second, instead of the default rate")
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT / "examples"))
    from julia_set import KNOWN_SUMS

    order = random.Random()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "julia.py"
        file.write_text(PROGRAM.format(examples=str(ROOT / "examples"), width=args.width, strips=STRIPS))
        plain = [sys.executable, str(file)]
        rate = ["--rate", args.rate] if args.rate else []
        measured = [sys.executable, "-m", "hasten", "run", *rate, "--out", directory, str(file)]
        ratios = [one_pair(plain, measured, KNOWN_SUMS[args.width], order) for _ in range(args.pairs)]
    good = True
    for what, figures in zip(("wall time", "CPU time"), zip(*ratios, strict=True), strict=True):
        middle, low, high = median_and_interval(list(figures))
        print(f"{what}: {middle:.4f}x  [95 %: {low:.4f} to {high:.4f}]  median of {args.pairs} pairs of processes")
        good = good and middle <= LIMIT
    print(f"{'within' if good else 'over'} {LIMIT}x")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
