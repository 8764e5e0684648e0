#!/usr/bin/env python3
"""Forty ordinary functions (tests/compile/algorithms.py), compiled and plain: none may be slower compiled.

    .venv/bin/python benchmarks/compile/algorithms.py [NAME ...]

Every call's answer is checked against the plain function's. Plain and compiled take turns in one process on its CPU
clock; the figure is the ratio of the medians, after three calls that let the compiler see the types. Exits 1 if a
function is more than 5 % slower compiled.
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
from observe import difference, observe  # noqa: E402

import hasten  # noqa: E402

TURNS = 21
SLOWER = 1.05


def compiled_module():
    """The same module once more, with every function compiled (they call each other through its globals)."""
    spec = importlib.util.spec_from_file_location("algorithms_compiled", algorithms.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for function in [f for f in vars(module).values() if callable(f) and hasattr(f, "__code__")]:
        setattr(module, function.__name__, hasten.jit(function))
    return module


def seconds(function, text: str) -> float:
    given = eval(text, vars(algorithms))  # noqa: S307 - our own table
    start = time.process_time()
    function(*given)
    return time.process_time() - start


def main(names: list[str]) -> int:
    compiled = compiled_module()
    slower = []
    for plain, texts in algorithms.CALLS.items():
        name, text = plain.__name__, texts[0]
        if names and name not in names:
            continue
        other = getattr(compiled, name)
        given = [eval(text, vars(algorithms)) for _ in range(2)]  # noqa: S307
        wrong = difference(
            observe(plain, given[0], {}, [], algorithms.__file__), observe(other, given[1], {}, [], algorithms.__file__)
        )
        if wrong is not None:
            raise SystemExit(f"{name}: compiled and plain differ: {wrong}")
        for _ in range(3):
            seconds(other, text)
        pairs = [(seconds(plain, text), seconds(other, text)) for _ in range(TURNS)]
        before, after = (statistics.median(side) for side in zip(*pairs))
        print(f"{name:24} {before * 1e3:9.3f} ms -> {after * 1e3:9.3f} ms  {before / max(after, 1e-9):6.1f}x", flush=True)
        if after > before * SLOWER:
            slower.append(name)
    print(f"slower compiled: {', '.join(slower) or 'none'}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
