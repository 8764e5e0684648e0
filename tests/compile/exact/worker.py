"""Runs seeds from standard input; a JSON line before each (a crash has a name) and after each.

python worker.py --directory DIR [--wrap plain|jit|MODULE:FUNCTION]
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import sys
import warnings

import covered
import program
from run import run_program


def wrapper(spec: str):
    """`plain`, `jit`, or MODULE:FUNCTION (a stand-in compiler, to test this harness)."""
    if spec == "plain":
        return lambda f: f
    if spec == "jit":
        import hasten

        return hasten.jit
    module, name = spec.split(":")
    return getattr(__import__(module), name)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", required=True)
    parser.add_argument("--wrap", default="jit")
    parser.add_argument("--density", type=int, default=1)
    parser.add_argument("--cover", type=int, default=0, help="looks at what every N-th program uses")
    options = parser.parse_args()
    faulthandler.enable()
    warnings.simplefilter("ignore")
    if "asan" not in os.environ.get("LD_PRELOAD", ""):  # which reserves terabytes of addresses
        # A runaway list must not take the machine along.
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    wrap = wrapper(options.wrap)
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a program or a library prints must not mix with our lines
    for line in sys.stdin:
        seed = int(line)
        print(json.dumps({"begin": seed}), file=out)
        filename = os.path.join(options.directory, f"program_{seed}.py")
        tally: dict = {}
        text = program.generate(seed, options.density)
        with open(filename, "w") as file:
            file.write(text)
        found = run_program(text, filename, wrap, tally)
        if not found:
            os.unlink(filename)
        if options.cover and seed // 8 % options.cover == 0:  # of every sort
            for key in covered.used(text):
                tally["saw " + key] = 1
        print(json.dumps({"end": seed, "found": found, "tally": tally}), file=out)


if __name__ == "__main__":
    main()
