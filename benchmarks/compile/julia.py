#!/usr/bin/env python3
"""The Julia set: hasten.jit on lists against gcc -O3 and Numba, side by side.

    .venv/bin/python benchmarks/compile/julia.py [--rounds 9] [--json FILE]

1000 x 1000 points, 300 iterations; every run checks the sum 33219980. Each contender runs in fresh processes,
interleaved in random order; a process warms up once and then reports the median of five calls, so that compilation
counts for nobody there. What is compared:

    hasten        hasten.jit on the function of examples/julia_set.py as it stands: lists of complex in, a list out
    gcc-abs       gcc -O3 -march=native, the same loop on arrays of double complex with cabs(z) < 2
    gcc-norm      the same with |z|^2 < 4, the form a C programmer would write
    numba-list    numba.njit on the same function and lists (reflected; conversion of the lists included)
    numba-typed   numba.njit on numba.typed.List (conversion not included: kinder to Numba than to us)
    numba-array   numba.njit on NumPy arrays (conversion not included)

The bars: hasten <= 1.3 x the faster of the two gcc loops, hasten not slower than the fastest Numba, and the first
call of hasten (front end, types, LLVM; the call's own run subtracted by taking a one-point grid) below 30 ms.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "examples"))
sys.path.insert(0, str(HERE.parent))

EXPECTED = 33219980
CALLS = 5
GCC_SOURCE = """
#include <complex.h>
void julia_abs(long max_iterations, const double complex *zs, const double complex *cs, long *output, long count) {
  for (long i = 0; i < count; ++i) {
    long n = 0;
    double complex z = zs[i], c = cs[i];
    while (cabs(z) < 2 && n < max_iterations) { z = z * z + c; ++n; }
    output[i] = n;
  }
}
void julia_norm(long max_iterations, const double complex *zs, const double complex *cs, long *output, long count) {
  for (long i = 0; i < count; ++i) {
    long n = 0;
    double x = creal(zs[i]), y = cimag(zs[i]), cx = creal(cs[i]), cy = cimag(cs[i]);
    while (x * x + y * y < 4 && n < max_iterations) {
      double next = x * x - y * y + cx;
      y = x * y + y * x + cy;
      x = next;
      ++n;
    }
    output[i] = n;
  }
}
"""


def build_c_library(directory: Path) -> Path:
    """gcc -O3 of both loops; contraction off, because Python's arithmetic rounds every step."""
    source, library = directory / "julia.c", directory / "julia.so"
    source.write_text(GCC_SOURCE, encoding="utf-8")
    flags = ["-O3", "-march=native", "-ffp-contract=off", "-fcx-fortran-rules", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, str(source), "-o", str(library), "-lm"], check=True)
    return library


def contender(name: str, library: str):
    """A function of no arguments that runs the kernel once and returns its output as something to sum."""
    import julia_set

    zs, cs = julia_set.make_grid(1000)
    limit = julia_set.MAX_ITERATIONS
    if name == "hasten":
        import hasten

        compiled = hasten.jit(strict=True)(julia_set.calculate_z)
        return lambda: compiled(limit, zs, cs)
    if name.startswith("gcc-"):
        import numpy

        z, c = numpy.array(zs), numpy.array(cs)
        output = numpy.zeros(len(zs), dtype=numpy.int64)
        function = getattr(ctypes.CDLL(library), name.replace("gcc-", "julia_"))

        def call():
            function(
                ctypes.c_long(limit),
                ctypes.c_void_p(z.ctypes.data),
                ctypes.c_void_p(c.ctypes.data),
                ctypes.c_void_p(output.ctypes.data),
                ctypes.c_long(len(zs)),
            )
            return output

        return call
    import warnings

    import numba
    import numpy

    warnings.simplefilter("ignore")
    compiled = numba.njit(julia_set.calculate_z)
    if name == "numba-list":
        return lambda: compiled(limit, zs, cs)
    if name == "numba-typed":
        typed_zs, typed_cs = numba.typed.List(zs), numba.typed.List(cs)
        return lambda: compiled(limit, typed_zs, typed_cs)
    z, c = numpy.array(zs), numpy.array(cs)
    return lambda: compiled(limit, z, c)


def measure(name: str, library: str) -> float:
    """Median seconds of CPU time of a warm call in this process; the answer is checked on every call."""
    call = contender(name, library)
    seconds = []
    for _ in range(1 + CALLS):
        start = time.process_time()
        output = call()
        seconds.append(time.process_time() - start)
        total = int(sum(output))
        if total != EXPECTED:
            raise SystemExit(f"{name}: the sum is {total}, must be {EXPECTED}")
    return statistics.median(seconds[1:])


def measure_first_call() -> float:
    """Seconds of the first call on a grid of one point: the compiler, loaded and run, and nothing else."""
    import hasten
    import julia_set

    compiled = hasten.jit(strict=True)(julia_set.calculate_z)
    start = time.perf_counter()
    output = compiled(julia_set.MAX_ITERATIONS, [2.5 + 0j], [julia_set.C])
    seconds = time.perf_counter() - start
    if output != [0]:
        raise SystemExit(f"first call: {output!r}, must be [0]")
    return seconds


def run_fresh(name: str, library: str) -> float:
    command = [sys.executable, __file__, "--contender", name, "--library", library]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{name} failed:\n{run.stdout}{run.stderr}")
    return float(run.stdout.split()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--library", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.contender:
        figure = measure_first_call() if args.contender == "first-call" else measure(args.contender, args.library)
        print(figure)
        return 0

    from pair import ratio_of_medians

    names = ["hasten", "gcc-abs", "gcc-norm", "numba-list", "numba-typed", "numba-array", "first-call"]
    figures: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as directory:
        library = str(build_c_library(Path(directory)))
        order = random.Random()
        for round_number in range(args.rounds):
            order.shuffle(names)
            for name in names:
                figures[name].append(run_fresh(name, library))
            print(f"\rround {round_number + 1} of {args.rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    medians = {name: statistics.median(values) for name, values in figures.items()}
    for name, seconds in sorted(medians.items(), key=lambda item: item[1]):
        print(f"{name:12} {seconds * 1e3:9.1f} ms   (median of {args.rounds} processes)")
    gcc = min(("gcc-abs", "gcc-norm"), key=medians.__getitem__)
    numba = min(("numba-list", "numba-typed", "numba-array"), key=medians.__getitem__)
    checks = []
    for peer, bar in ((gcc, 1.3), (numba, 1.0)):
        ratio, low, high = ratio_of_medians(figures["hasten"], figures[peer])
        checks.append(ratio <= bar)
        verdict = "within" if checks[-1] else "OVER"
        print(f"hasten / {peer} = {ratio:.3f}  [95 %: {low:.3f} to {high:.3f}]  {verdict} {bar}")
    checks.append(medians["first-call"] < 0.030)
    print(f"first call {medians['first-call'] * 1e3:.1f} ms  {'within' if checks[-1] else 'OVER'} 30 ms")
    if args.json:
        Path(args.json).write_text(json.dumps({"seconds": figures, "passed": all(checks)}), encoding="utf-8")
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
