#!/usr/bin/env python3
"""What `hasten run` costs the program that it measures: must stay within 1.02x on the Julia set.

    python benchmarks/overhead.py [--rounds N] [--width 1000]

Fresh processes in turns, in random order; both sides print the time that calculate_z took, by the wall clock and by
CPU time, and the sum of iterations is checked in each. The second figure is of the whole command, with Hasten's start and
report, which do not grow with the program.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from pair import compare

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 1.02
PROGRAM = """
import sys, time
sys.path.insert(0, {examples!r})
import julia_set
zs, cs = julia_set.make_grid({width})
start = time.{clock}()
output = julia_set.calculate_z(julia_set.MAX_ITERATIONS, zs, cs)
seconds = time.{clock}() - start
print("sum", sum(output))
print("seconds:", seconds)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--width", type=int, default=1000)
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT / "examples"))
    from julia_set import KNOWN_SUMS

    good = True
    with tempfile.TemporaryDirectory() as directory:
        for clock, metric in (("perf_counter", "printed"), ("process_time", "printed"), ("perf_counter", "wall")):
            file = Path(directory) / "julia.py"
            file.write_text(PROGRAM.format(examples=str(ROOT / "examples"), width=args.width, clock=clock))
            plain = [sys.executable, str(file)]
            measured = [sys.executable, "-m", "hasten", "run", "--out", directory, str(file)]
            expect = f"sum {KNOWN_SUMS[args.width]}"
            result = compare(plain, measured, rounds=args.rounds, metric=metric, expect=expect, same_output=metric != "wall")
            what = "the whole command, wall" if metric == "wall" else f"calculate_z, {clock}"
            print(f"{what}: {1 / result.ratio:.4f}x  [95 %: {1 / result.high:.4f} to {1 / result.low:.4f}]")
            good = good and (metric == "wall" or 1 / result.ratio <= LIMIT)
    print(f"{'within' if good else 'over'} {LIMIT}x")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
