"""Which planted bugs do the generated programs show? All of them at once: see `hunt`.

python hunt.py --directory DIR --bugs 1,2,3 --calls 20000 [--start SEED] [--density N]
with HASTEN_PLANT_TABLE in the environment; prints a JSON line for each bug that is found, and one for each
difference that no bug accounts for.
"""

from __future__ import annotations

import argparse
import gc
import json
import linecache
import mmap
import os
import resource
import sys
import time
import warnings

import program
from forked import outcome
from run import expectations, first_difference, load, module_of

CPU_S = 10  # for the calls of one program; without the bug they take a second or two


def warm(wrap) -> None:
    """LLVM sets itself up once, here, and not in every copy."""
    names: dict = {}
    path = os.path.join(os.path.dirname(__file__), "warm_example.py")
    exec(compile(open(path).read(), path, "exec"), names)
    compiled = wrap(names["count"])
    for _ in range(3):
        compiled(10)


def hunt(seeds, bugs: list[int], table, directory: str, wrap, calls: int, density: int, say, seconds: float = 1e9) -> None:
    """Every program is made once and run once by CPython. Then a forked copy of this process compiles it without a bug and notes
    which bugs' places it reaches; for each of these that is still at large another copy runs it with the bug. What a bug
    is told to have taken is all calls up to its difference, those of programs that do not reach it included: so
    many it takes a run of the generator with that bug alone.
    """
    at_large, begun = set(bugs), time.monotonic()
    done = programs = functions = 0
    for seed in seeds:
        if not at_large or done >= calls or time.monotonic() - begun > seconds:
            break
        text = program.generate(seed, density)
        filename = os.path.join(directory, f"program_{seed}.py")
        with open(filename, "w") as file:
            file.write(text)
        tally: dict = {}
        module = module_of(text, filename)
        plain = load(module, lambda f: f)
        steps = expectations(plain, filename, tally)
        made = sum(expected is not None for _, expected in steps)
        programs, functions = programs + 1, functions + len(plain.functions)

        def compiled(bug: int) -> str | None:
            table[0] = bug
            return outcome(lambda: first_difference(load(module, wrap), steps, filename, {}), CPU_S)

        table[1:256] = bytes(255)
        found = compiled(0)
        reached = [bug for bug in sorted(at_large) if table[bug]]
        if found:
            say({"bug": 0, "seed": seed, "calls": done, "what": found})
            reached = []
        for bug in reached:
            found = compiled(bug)
            if found:
                at_large.discard(bug)
                number = int(found.split()[0][5:]) if found.startswith("call_") else len(steps)
                calls_before = done + sum(expected is not None for at, expected in steps if at <= number)
                say({"bug": bug, "seed": seed, "calls": calls_before, "programs": programs, "functions": functions, "what": found[:400]})
        os.unlink(filename)
        linecache.cache.pop(filename, None)
        done += made
        if programs % 50 == 0:
            say({"progress": done, "programs": programs, "at large": sorted(at_large), "cpu": round(time.process_time() + children(), 1)})
    say({"done": done, "programs": programs, "functions": functions, "cpu": round(time.process_time() + children(), 1)})


def children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", required=True)
    parser.add_argument("--bugs", required=True)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--density", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    import hasten

    with open(os.environ["HASTEN_PLANT_TABLE"], "r+b") as file:
        table = mmap.mmap(file.fileno(), 256)
    table[0] = 0
    warm(hasten.jit)
    gc.collect()
    gc.freeze()  # the copies share it all the longer
    bugs = [int(number) for number in options.bugs.split(",")]
    hunt(range(options.start, sys.maxsize), bugs, table, options.directory, hasten.jit, options.calls, options.density, lambda line: print(json.dumps(line), file=out), options.seconds)


if __name__ == "__main__":
    main()
