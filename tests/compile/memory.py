"""Whether memory stays flat over many compilations and many exceptions in compiled code.

    python tests/compile/memory.py [--compilations 10000] [--exceptions 1000000]

Functions are made from text, called until they run natively, and dropped: half of them are different functions, half are one
function with ever new types of its arguments. What the process holds after a fifth of them is compared with what it holds
at the end. Then exceptions are raised in compiled code, in every way, some handled there and some leaving it.
`test_memory.py` does a small part of it in the suite; `make memory` does all.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import linecache
import os
import sys
import tempfile
import time
from pathlib import Path

import hasten

PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
SHARE_FIRST = 5  # after one fifth all caches are full


def rss_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB


BODIES = [
    "    total = {k}\n    for i in range(n):\n        total = total * 3 % 1000003 + i\n    return total, a",
    "    out = []\n    for q in (a, {k}, n):\n        out.append((q, n))\n    return out",
    "    d = {{'x': {k}, n: a}}\n    d['y'] = n * 1000\n    return f'{{n:05d}}', d",
    "    def h(p):\n        return (p, n + {k})\n    return h(a), [q * 0.5 for q in range(n)]",
    "    try:\n        return {k} // (n - n)\n    except ZeroDivisionError as e:\n        return str(e), a",
]
KINDS = [1, 1.5, 1j, True, None, [1], (1,), "a", b"a", {1: 2}, {1}, [1.5], [None], ("a", 1), range(3), [[1]], ["a"], (1.5, 2)]


class Functions:
    """Distinct functions, each in a file of its own, as a program's are."""

    def __init__(self, directory: str):
        self.directory = directory
        self.number = 0

    def fresh(self):
        self.number += 1
        name = f"f{self.number}"
        text = f"def {name}(n, a):\n" + BODIES[self.number % len(BODIES)].format(k=self.number) + "\n"
        path = os.path.join(self.directory, "one.py")
        Path(path).write_text(text)
        names: dict = {}
        exec(compile(text, path, "exec"), names)
        return hasten.jit(names[name])

    def compile_one(self) -> int:
        function = self.fresh()
        function(3, self.number)
        linecache.clearcache()
        return function.report()["compiles"]


def signatures(functions: Functions):
    """The compilations of one function after the other for types that it has not had; each makes a few, then goes."""
    for pair in itertools.cycle(itertools.combinations(range(len(KINDS)), 3)):
        function = functions.fresh()
        made = 0
        for a in pair:
            function(3, KINDS[a])
            function(2, (KINDS[a], KINDS[pair[0]]))
            made = function.report()["compiles"]
        yield made


def compilations(count: int) -> tuple[int, int]:
    """KiB held after a fifth, and at the end."""
    with tempfile.TemporaryDirectory() as directory:
        functions = Functions(directory)
        of_types = signatures(functions)
        done, held = 0, []
        for limit in (count // SHARE_FIRST, count):
            while done < limit:
                done += functions.compile_one()
                done += next(of_types)
            gc.collect()
            held.append(rss_kb())
    return held[0], held[1]


def handled(values, n):
    caught = 0
    for k in range(n):
        try:
            try:
                caught += values[k % 7]
            except IndexError as error:
                raise KeyError(k, [k]) from error
            finally:
                caught += 1
        except (KeyError, ZeroDivisionError) as error:
            caught += len(error.args)
        except TypeError:
            caught -= 1
    return caught


def leaving(values, n):
    kept = [values, n * 1000.5]
    if n % 3 == 0:
        raise ValueError(kept, n)
    if n % 3 == 1:
        return values[n + 100]
    return 10**20 // (n - n) + kept[1]


def caller(values, n):
    try:
        return leaving(values, n)
    except ValueError:
        return n
    except LookupError:
        raise


def exceptions(count: int) -> tuple[int, int, int]:
    """KiB held after a fifth and at the end; by how much the owners of what they were given have changed."""
    inner, outer = hasten.jit(handled), hasten.jit(caller)
    globals()["leaving"] = hasten.jit(leaving.__wrapped__ if hasattr(leaving, "__wrapped__") else leaving)
    values = [[1], 2.5 * len(sys.argv), {}, 10**20 + len(sys.argv), str(sys.argv)]

    def round_() -> int:
        raised = 0
        for k in range(300):
            try:
                outer(values, k)
            except (IndexError, ZeroDivisionError):
                pass
            raised += 1
        inner([1, 2, None, 4], 400)
        return raised + 400

    round_()
    gc.collect()
    owners = [sys.getrefcount(value) for value in values] + [sys.getrefcount(values)]
    done, held = 0, []
    for limit in (count // SHARE_FIRST, count):
        while done < limit:
            done += round_()
        gc.collect()
        held.append(rss_kb())
    after = [sys.getrefcount(value) for value in values] + [sys.getrefcount(values)]
    return held[0], held[1], sum(abs(a - b) for a, b in zip(owners, after, strict=True) if a < 1 << 28)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compilations", type=int, default=10_000)
    parser.add_argument("--exceptions", type=int, default=1_000_000)
    parser.add_argument("--grown-max", type=float, default=0.05, help="share by which memory may have grown")
    options = parser.parse_args()
    bad = False
    begun = time.monotonic()
    if options.compilations:
        first, last = compilations(options.compilations)
        bad |= last > first * (1 + options.grown_max)
        print(f"{options.compilations} compilations: {first} KiB after a fifth, {last} KiB at the end, {time.monotonic() - begun:.0f} s", flush=True)
    begun = time.monotonic()
    if options.exceptions:
        first, last, owners = exceptions(options.exceptions)
        bad |= last > first * (1 + options.grown_max) or owners > 0
        print(f"{options.exceptions} exceptions: {first} KiB after a fifth, {last} KiB at the end, owners changed by {owners}, {time.monotonic() - begun:.0f} s")
    print("memory is flat" if not bad else "MEMORY GROWS")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
