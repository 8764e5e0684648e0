"""One tool on one program in a process of its own; prints a line of JSON. Started by programs.py; runs on Python 3.9 too.

    program_worker.py TOOL NAME FOLDER

TOOL is cpython, hasten, numba, cython, mypyc, pypy (warm calls: the median of their CPU time, and the answer), or
first (CPU time of the first call in this process under hasten.jit, the compiler loaded and run, on the last small input that has an answer, less a call of plain
Python), or types (what the variables of each function hold, for Cython).
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import program_files

WARM_S = {"pypy": 1.0, "hasten": 0.1}
MEASURED_S = 0.3
CALLS = (3, 200)


def timed(module, size):
    given = program_files.arguments(module, size)
    start = time.process_time()
    result = module.main(*given)
    return time.process_time() - start, result


def contender(tool, name, folder):
    if tool == "hasten":
        return program_files.compiled(name)
    if tool == "numba":
        import warnings

        import numba

        warnings.simplefilter("ignore")
        return program_files.decorate(program_files.load(name), numba.njit)
    if tool in ("cython", "mypyc"):
        return program_files.load(name, Path(folder) / tool / name)
    return program_files.load(name)


def lines_by_class(module):
    """What the report of each function says of its lines, added up."""
    counts = {}
    for value in vars(module).values():
        if hasattr(value, "hasten"):
            for kind, count in value.hasten.report()["line_counts"].items():
                counts[kind] = counts.get(kind, 0) + count
    return counts


def measure(tool, name, folder):
    module = contender(tool, name, folder)
    inputs = program_files.load(name, suffix="_inputs")  # a compiled module has no types for its own inputs
    if hasattr(inputs, "given"):
        module.given = inputs.given
    else:
        vars(module).pop("given", None)
    calls, spent = 0, 0.0
    while calls < 3 or spent < WARM_S.get(tool, 0.0):
        seconds, _ = timed(module, inputs.LARGE)
        calls, spent = calls + 1, spent + seconds
    figures = []
    while len(figures) < CALLS[0] or (sum(figures) < MEASURED_S and len(figures) < CALLS[1]):
        seconds, result = timed(module, inputs.LARGE)
        figures.append(seconds)
    told = {"seconds": statistics.median(figures), "answer": repr(result)}
    if tool == "hasten":
        told["lines"] = lines_by_class(module)
    return told


def first_call(name):
    plain, module = program_files.load(name), program_files.compiled(name)
    for size in reversed(plain.SMALL):
        try:
            plain.main(*program_files.arguments(plain, size))
            break
        except Exception:  # noqa: S112 - an input that has no answer
            continue
    given = [program_files.arguments(plain, size) for _ in range(2)]
    start = time.process_time()
    module.main(*given[0])
    first = time.process_time() - start
    start = time.process_time()
    plain.main(*given[1])
    return {"seconds": max(0.0, first - (time.process_time() - start)), "functions": len(program_files.functions(plain))}


def types(name):
    """{function: {variable: names of types}} over all small inputs; '' is what the function gives."""
    module = program_files.load(name)
    seen = {}

    def note(frame, event, value):
        if frame.f_code.co_filename != module.__file__ or frame.f_code.co_name.startswith("<"):
            return None
        of = seen.setdefault(frame.f_code.co_name, {})
        for variable, held in frame.f_locals.items():
            of.setdefault(variable, set()).add(type(held).__name__)
        if event == "return":
            of.setdefault("", set()).add(type(value).__name__)
        return note

    for size in module.SMALL:
        given = program_files.arguments(module, size)
        sys.settrace(note)
        try:
            module.main(*given)
        except Exception:  # noqa: S110 - some inputs have an exception for an answer
            pass
        finally:
            sys.settrace(None)
    return {function: {variable: sorted(kinds) for variable, kinds in of.items()} for function, of in seen.items()}


if __name__ == "__main__":
    sys.setrecursionlimit(20_000)
    tool, name, folder = sys.argv[1:]
    if tool == "first":
        told = first_call(name)
    elif tool == "types":
        told = types(name)
    else:
        told = measure(tool, name, folder)
    print(json.dumps(told))
