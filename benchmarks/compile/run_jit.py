#!/usr/bin/env python3
"""`hasten run --jit` over the pure-Python programs of pyperformance: beside plain Python, `hasten run` without it, and PyPy.

    python benchmarks/compile/run_jit.py [--rounds 7] [--seconds 2] [--only WORD] [--without SIDE] [--clock cpu] [--json FILE]

Each round starts every side of a program anew, in random order, and lets it do the same loops, as many as plain Python
does in --seconds; what is compared is the wall time of these loops by the program's own clock, compiling included. The programs are those
of the newest pyperformance of PyPI (benchmarks/probe/suite_program.py replaces what would start and time processes), PyPy is
Debian's. On a busy machine --clock cpu tells more. A ratio is plain over the other, of medians, with its 95 % interval: above 1 the other is faster.

The environment of each process is of another length, so that where the stack begins favours no side. Of so many programs
one or two fall below by chance: those whose interval is below 0.98 are measured anew in twice as many rounds, beside plain
Python against itself, and these figures alone decide. Exits 1 if a program is more than 2 % slower with --jit by them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "probe")]
import own_venv  # noqa: E402
from pair import ROUNDS_MIN, ratio_of_medians  # noqa: E402

PROGRAM = HERE.parent / "probe" / "suite_program.py"
SLOWER = 1.02
SIDES = ("plain", "run", "jit", "pypy")
SECOND_LOOK = ["plain", "same", "jit"]  # same: plain once more, which shows what chance does here
PADDING_MAX = 4096
# pyperf asks Python for its plug-ins in a way that the Python 3.9 of Debian's PyPy does not know yet.
FOR_PYPY = """
import importlib.metadata, runpy, sys
importlib.metadata.entry_points = lambda **_: type("None_", (), {"select": lambda self, **_: []})()
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
# name: (directory, the benchmark's own name, arguments)
SUITE = {
    "async_generators": ("bm_async_generators", "async_generators", ()),
    "async_tree none": ("bm_async_tree", "async_tree_none", ("none",)),
    "chaos": ("bm_chaos", "chaos", ()),
    "comprehensions": ("bm_comprehensions", "comprehensions", ()),
    "coroutines": ("bm_coroutines", "coroutines", ()),
    "crypto_pyaes": ("bm_crypto_pyaes", "crypto_pyaes", ()),
    "deepcopy": ("bm_deepcopy", "deepcopy", ()),
    "deltablue": ("bm_deltablue", "deltablue", ()),
    "docutils": ("bm_docutils", "docutils", ()),
    "fannkuch": ("bm_fannkuch", "fannkuch", ()),
    "float": ("bm_float", "float", ()),
    "generators": ("bm_generators", "generators", ()),
    "go": ("bm_go", "go", ()),
    "hexiom": ("bm_hexiom", "hexiom", ()),
    "json_dumps": ("bm_json_dumps", "json_dumps", ()),
    "logging_format": ("bm_logging", "logging_format", ("format",)),
    "mdp": ("bm_mdp", "mdp", ()),
    "meteor_contest": ("bm_meteor_contest", "meteor_contest", ()),
    "nbody": ("bm_nbody", "nbody", ()),
    "nqueens": ("bm_nqueens", "nqueens", ()),
    "pathlib": ("bm_pathlib", "pathlib", ()),
    "pickle_pure_python": ("bm_pickle", "pickle_pure_python", ("--pure-python", "pickle")),
    "pidigits": ("bm_pidigits", "pidigits", ()),
    "pprint": ("bm_pprint", "pprint_pformat", ()),
    "pyflate": ("bm_pyflate", "pyflate", ()),
    "raytrace": ("bm_raytrace", "raytrace", ()),
    "richards": ("bm_richards", "richards", ()),
    "scimark_fft": ("bm_scimark", "scimark_fft", ("fft",)),
    "scimark_lu": ("bm_scimark", "scimark_lu", ("lu",)),
    "scimark_monte_carlo": ("bm_scimark", "scimark_monte_carlo", ("monte_carlo",)),
    "scimark_sor": ("bm_scimark", "scimark_sor", ("sor",)),
    "scimark_sparse_mat_mult": ("bm_scimark", "scimark_sparse_mat_mult", ("sparse_mat_mult",)),
    "spectral_norm": ("bm_spectral_norm", "spectral_norm", ()),
    "sympy_str": ("bm_sympy", "sympy_str", ("str",)),
    "telco": ("bm_telco", "telco", ()),
    "unpack_sequence": ("bm_unpack_sequence", "unpack_sequence", ()),
    "unpickle_pure_python": ("bm_pickle", "unpickle_pure_python", ("--pure-python", "unpickle")),
    "xml_etree_process": ("bm_xml_etree", "xml_etree_process", ("process",)),
}


class Failed(Exception):
    """A side did not do the program; the text says why."""


CLOCKS = {"wall": 1, "cpu": 2}  # the words of a line of suite_program.py


def turns(command: list[str], loops: list[int], env: dict[str, str], clock: str = "wall") -> list[float]:
    """The time of each number of loops, in a fresh process."""
    told = subprocess.run(command, input="".join(f"{count}\n" for count in loops), capture_output=True, text=True, env=env)
    seconds = [float(line.split()[CLOCKS[clock]]) for line in told.stdout.splitlines() if line.startswith("turn ")]
    if len(seconds) < len(loops):
        raise Failed((told.stderr.strip().splitlines() or [f"exit code {told.returncode}"])[-1][:150])
    return seconds


def calibrate(command: list[str], seconds: float, env: dict[str, str], clock: str) -> int:
    """How many loops take plain Python so long."""
    loops = 1
    while (took := turns(command, [1, loops], env, clock)[1]) < seconds / 4:
        loops = max(2 * loops, min(100 * loops, round(loops * seconds / 2 / max(took, 1e-6))))
    return max(1, round(loops * seconds / took))


class Suite:
    """How each side runs a program."""

    def __init__(self, folder: Path, pypy: str | None, captures: Path, clock: str):
        self.clock = clock
        self.python, self.pypy, self.captures = str(folder / "python"), pypy, captures
        self.packages = next(folder.parent.glob("lib/*/site-packages"))
        self.env = dict(os.environ)

    def words(self, name: str) -> list[str]:
        directory, benchmark, arguments = SUITE[name]
        script = self.packages / "pyperformance" / "data-files" / "benchmarks" / directory / "run_benchmark.py"
        return [str(PROGRAM), str(script), benchmark, *arguments]

    def once(self, side: str, name: str, loops: list[int]) -> list[float]:
        words, env = self.words(name), {**self.env, "PADDING": "x" * random.randrange(PADDING_MAX)}
        if side in ("plain", "same"):
            command = [self.python, *words]
        elif side == "pypy":
            command = [str(self.pypy), "-c", FOR_PYPY, *words]
            env = {**env, "PYTHONPATH": str(self.packages)}
        else:
            jit = ["--jit"] if side == "jit" else []
            out = self.captures / "x.hasten"
            out.unlink(missing_ok=True)
            command = [sys.executable, "-m", "hasten", "run", *jit, "--python", self.python, "--out", str(out), *words]
        return turns(command, loops, env, self.clock)


def measure(suite: Suite, name: str, rounds: int, seconds: float, order: random.Random, sides: list[str]) -> dict[str, list[float]]:
    loops = calibrate([suite.python, *suite.words(name)], seconds, suite.env, suite.clock)
    figures: dict[str, list[float]] = {}
    for _ in range(rounds):
        for side in order.sample(sides, len(sides)):
            try:
                figures.setdefault(side, []).append(suite.once(side, name, [loops])[0])
            except Failed as why:
                if side != "pypy":
                    raise
                sides = [other for other in sides if other != "pypy"]
                figures.pop("pypy", None)
                print(f"{name}: not by PyPy: {why}")
    return figures


def cells(figures: dict[str, list[float]]) -> str:
    """Each side's ratio to plain Python with its interval."""
    told = []
    for side in [side for side in figures if side != "plain"]:
        ratio, low, high = ratio_of_medians(figures["plain"], figures[side])
        told.append(f"{side} {ratio:.3f}x [{low:.3f}, {high:.3f}]")
    return "  ".join(told)


def is_slower(figures: dict[str, list[float]]) -> bool:
    return ratio_of_medians(figures["plain"], figures["jit"])[2] < 1 / SLOWER


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--only", action="append", default=[], metavar="WORD")
    parser.add_argument("--without", action="append", default=[], choices=SIDES[1:], metavar="SIDE", help="one of run, jit and pypy")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall")
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    if args.rounds < ROUNDS_MIN:
        parser.error(f"--rounds {args.rounds}: an interval of fewer than {ROUNDS_MIN} rounds says nothing")
    try:
        folder = own_venv.made("suite-jit", ["pyperformance", "docutils", "sympy", "pyaes"])
    except own_venv.Missing as error:
        raise SystemExit(f"pyperformance cannot be had: {error}") from None
    pypy = shutil.which("pypy3")
    print(f"Python {sys.version.split()[0]}, pyperformance {own_venv.version(folder, 'pyperformance')}, {args.rounds} rounds, PyPy: {pypy or 'absent'}")
    sides = [side for side in SIDES if side not in args.without and (side != "pypy" or pypy)]
    order = random.Random()
    rows: dict[str, dict[str, list[float]]] = {}
    again: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory(prefix="hasten-jit-") as captures:
        suite = Suite(folder, pypy, Path(captures), args.clock)
        for name in SUITE:
            if args.only and not any(word in name for word in args.only):
                continue
            try:
                figures = rows[name] = measure(suite, name, args.rounds, args.seconds, order, sides)
            except Failed as why:
                print(f"{name}: not measured: {why}", flush=True)
                continue
            in_order = {side: figures[side] for side in SIDES if side in figures}
            print(f"{name:24} {statistics.median(figures['plain']):6.2f} s  {cells(in_order)}", flush=True)
        for name in [name for name, figures in rows.items() if is_slower(figures)]:
            figures = again[name] = measure(suite, name, 2 * args.rounds, args.seconds, order, SECOND_LOOK)
            print(f"once more: {name:24} {cells({side: figures[side] for side in SECOND_LOOK})}", flush=True)
    for side in SIDES[1:]:
        ratios = [statistics.median(f["plain"]) / statistics.median(f[side]) for f in rows.values() if side in f]
        if ratios:
            print(f"geometric mean, {side}: {statistics.geometric_mean(ratios):.3f}x of {len(ratios)} programs")
    missed = [f"{name} is slower with --jit: {cells({side: f[side] for side in ('plain', 'jit')})}" for name, f in again.items() if is_slower(f)]
    if args.json:
        Path(args.json).write_text(json.dumps({"seconds": rows, "again": again, "missed": missed}, indent=1))
    print("\n".join(f"MISSED {line}" for line in missed) or "no program is slower with --jit")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
