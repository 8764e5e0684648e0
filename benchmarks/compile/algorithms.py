#!/usr/bin/env python3
"""Some eighty ordinary functions (tests/compile/algorithms.py over numbers and lists, text_and_containers.py over text, dicts
and other objects), compiled and plain: none may be slower compiled.

    .venv/bin/python benchmarks/compile/algorithms.py [NAME ...]

Every call's answer is checked against the plain function's. Plain and compiled take turns in one process on its CPU
clock; the figure is the ratio of the medians, after three calls that let the compiler see the types. Behind it stands what
the report says: the lines of each class, and the share of native and checked ones of all with code. Exits 1 if a function
is more than 5 % slower compiled.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "compile"), str(ROOT / "tests" / "compile" / "exact")]
import algorithms  # noqa: E402
import text_and_containers  # noqa: E402
from observe import difference, observe  # noqa: E402

import hasten  # noqa: E402

MODULES = (algorithms, text_and_containers)
TURNS = 21
SLOWER = 1.05


def compiled_module(plain):
    """The same module once more, with every function compiled (they call each other through its globals)."""
    spec = importlib.util.spec_from_file_location(f"{plain.__name__}_compiled", plain.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for function in [f for f in vars(module).values() if callable(f) and hasattr(f, "__code__")]:
        setattr(module, function.__name__, hasten.jit(function))
    return module


def seconds(function, text: str, module) -> float:
    given = eval(text, vars(module))  # noqa: S307 - our own table
    start = time.process_time()
    function(*given)
    return time.process_time() - start


def lines(function) -> str:
    """What the report says of the function's lines."""
    facts = function.hasten.report()
    share = facts["share_native"]
    if share is None:
        return "not compiled"
    counts = ", ".join(f"{count} {name}" for name, count in facts["line_counts"].items() if count)
    return f"{100 * share:3.0f} % native ({counts})"


def compare(module, names: list[str]) -> tuple[list[str], list[float]]:
    """Times the functions of one module. Returns those that are slower compiled, and the shares of native lines."""
    compiled = compiled_module(module)
    slower, shares = [], []
    for plain, texts in module.CALLS.items():
        name, text = plain.__name__, texts[0]
        if names and name not in names:
            continue
        other = getattr(compiled, name)
        given = [eval(text, vars(module)) for _ in range(2)]  # noqa: S307
        wrong = difference(observe(plain, given[0], {}, [], module.__file__), observe(other, given[1], {}, [], module.__file__))
        if wrong is not None:
            raise SystemExit(f"{name}: compiled and plain differ: {wrong}")
        for _ in range(3):
            seconds(other, text, module)
        pairs = [(seconds(plain, text, module), seconds(other, text, module)) for _ in range(TURNS)]
        before, after = (statistics.median(side) for side in zip(*pairs))
        ratio = f"{before * 1e3:9.3f} ms -> {after * 1e3:9.3f} ms  {before / max(after, 1e-9):6.1f}x"
        print(f"{name:26} {ratio}  {lines(other)}", flush=True)
        shares.append(other.hasten.report()["share_native"] or 0.0)
        if after > before * SLOWER:
            slower.append(name)
    return slower, shares


def main(names: list[str]) -> int:
    slower = []
    for module in MODULES:
        slow, shares = compare(module, names)
        slower += slow
        if shares:
            print(f"{module.__name__}: share of native lines: median {100 * statistics.median(shares):.0f} % of {len(shares)} functions")
    print(f"slower compiled: {', '.join(slower) or 'none'}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
