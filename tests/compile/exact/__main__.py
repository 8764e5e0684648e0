"""Compares compiled functions with CPython on generated programs and calls.

python tests/compile/exact --calls 100000            as many calls, on new seeds (printed) after the fixed ones
python tests/compile/exact --seeds 0:500             these programs
python tests/compile/exact --replay FILE             one program kept in a file
python tests/compile/exact --shrink SEED             make the program of a failing seed small, print it
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import covered
import program
import shrink
from pool import Totals, run_seeds
from worker import wrapper

PROGRESS = 10_000  # calls between two lines that say how far it is
SORTS = {"numbers": 0, "wide": 1, "chains": 2, "lists": 4, "texts": 7, "wholes": 11}  # as program.generate takes seeds
FIXED_SEEDS = 1000  # the first seeds are always the same, so that CI repeats; then new ones


def seeds(options):
    if options.seeds:
        first, last = (int(part) for part in options.seeds.split(":"))
        return range(first, last)
    start = options.start
    if start is None:
        start = random.SystemRandom().randrange(10**6, 10**9)
    print(f"new seeds start at {start}", flush=True)
    if options.sort:
        step = 16 if options.sort == "wholes" else 8
        return itertools.count(start // step * step + SORTS[options.sort], step)
    return itertools.chain(range(options.fixed), itertools.count(start))


def summary(totals: Totals, seconds: float) -> str:
    t = totals.tally
    lines = [
        f"{totals.calls} calls of {t.get('functions', 0)} functions in {totals.programs} programs in {seconds:.0f} s, {len(totals.findings)} differences"
    ]
    cpu = t.get("seconds plain", 0) + t.get("seconds compiled", 0)
    lines.append(f"  {totals.calls / max(cpu, 0.001):.0f} calls and {t.get('functions', 0) / max(cpu, 0.001):.1f} functions per second of CPU time")
    lines.append(
        "  "
        + ", ".join(f"{key} {value}" for key, value in sorted(t.items()) if key.startswith("jit "))
    )
    reasons = sorted(((v, k) for k, v in t.items() if k.startswith("why ")), reverse=True)
    lines += [f"  {count} functions: {key[4:]}" for count, key in reasons[:12]]
    raised = sum(value for key, value in t.items() if key.startswith("raised"))
    lines.append(
        f"  {raised} calls raised; {t.get('too long', 0)} programs given up as too long for CPython itself"
    )
    seen = {key[4:] for key in t if key.startswith("saw ")}
    return "\n".join(lines + ([covered.report(seen)] if seen else []))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="exact", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seeds", help="FIRST:LAST")
    parser.add_argument("--sort", choices=SORTS, help="programs of one sort alone")
    parser.add_argument("--start", type=int, help="first new seed")
    parser.add_argument(
        "--fixed", type=int, default=FIXED_SEEDS, help="how many fixed seeds come first"
    )
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this time")
    parser.add_argument("--stop-at", type=int, default=20, help="stop after this many differences")
    parser.add_argument(
        "--native-floor",
        type=float,
        default=0.0,
        help="fail if a smaller share of calls ran natively",
    )
    parser.add_argument("--density", type=int, default=12, help="so many times as many calls of each function")
    parser.add_argument("--cover", type=int, default=4, help="take down what every N-th program uses; 0: none")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--wrap", default="jit")
    parser.add_argument("--keep", type=Path, help="directory for failing programs")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--replay", type=Path)
    parser.add_argument("--shrink", type=int)
    options = parser.parse_args()
    os.environ["HASTEN_JIT_CACHE"] = "off"
    if options.replay:
        return replay(options.replay, options.wrap)
    keep = options.keep or Path(tempfile.mkdtemp(prefix="hasten_exact_"))
    if options.shrink is not None:
        small, what = shrink.shrink(program.generate(options.shrink, options.density), options.wrap, keep)
        print(f"# {what}\n{small}")
        return 1
    begun = time.monotonic()
    said = 0

    def progress(totals: Totals) -> None:
        nonlocal said
        if totals.calls // PROGRESS > said:
            said = totals.calls // PROGRESS
            print(f"{totals.calls} calls, {len(totals.findings)} differences", flush=True)

    totals = run_seeds(
        seeds(options),
        directory=keep,
        wrap=options.wrap,
        jobs=options.jobs,
        density=options.density,
        cover=options.cover,
        progress=progress,
        stop_when=lambda t: (
            (not options.seeds and t.calls >= options.calls)
            or len(t.findings) >= options.stop_at
            or time.monotonic() - begun > options.seconds
        ),
    )
    for finding in totals.findings:
        said = "".join(f" {key}={value}" for key, value in finding.mode.items())
        print(f"\nseed {finding.seed}{said}: {finding.what}")
        os.environ.update(finding.mode)  # for the copies that shrink() makes of this process
        if not options.no_shrink:
            small, what = shrink.shrink(program.generate(finding.seed, options.density), options.wrap, keep)
            path = keep / f"small_{finding.seed}.py"
            path.write_text(f"# {what.splitlines()[0]}\n{small}")
            print(f"{path}\n{path.read_text()}")
    print(summary(totals, time.monotonic() - begun))
    share = native_share(totals)
    if share < options.native_floor:
        print(
            f"only {share:.1%} of the calls ran natively; at least {options.native_floor:.0%} must: this run proves nothing"
        )
        return 1
    return 1 if totals.findings else 0


def native_share(totals: Totals) -> float:
    native = totals.tally.get("jit native_calls", 0)
    return native / totals.calls if totals.calls else 0.0


def replay(path: Path, wrap: str) -> int:
    from run import run_program

    tally: dict = {}
    found = run_program(path.read_text(), str(path.resolve()), wrapper(wrap), tally)
    print(found or f"no difference in {tally.get('calls', 0)} calls", tally)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
