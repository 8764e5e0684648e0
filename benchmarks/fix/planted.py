#!/usr/bin/env python3
"""Two hundred plausible edits that are wrong: how many of them does `hasten prove` call the same?

    .venv/bin/python benchmarks/fix/planted.py [--only WORD ...] [--draw 20] [--json FILE]

Each program in planted/ holds a function `f` and wrong variants of it, `f_w1`, `f_w2`, ..., each under a comment that names its error.
An oracle that shares nothing with the judge (planted_oracle.py) first runs the program with each variant in the place of `f`
and finds the calls that differ: a variant that no call of this program can tell from `f` is no error here, and ends the benchmark. Then
the judge gets `FILE.py:f=f_w1`, every tenth one as a patch. Neither side needs to be faster: what is called the same would be
proven if it were, so that is what counts.

Exit code 1 if one is called the same. The bar is 0 of 200.
"""

from __future__ import annotations

import argparse
import collections
import difflib
import json
import random
import re
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import planted_oracle

PROGRAMS = Path(__file__).resolve().parent / "planted"
_VARIANT = re.compile(r"(?P<old>\w+)_w\d+")
RARE_MOST = 1 / 1000  # share of the calls, from which on a difference is called rare
PATCH_EVERY = 10      # so many variants later one is given as a patch
SEED = 1
SAME = "same"


@dataclass
class Planted:
    """One wrong variant. old, new: qualified names in the file; error: what the comment above it says."""

    path: Path
    old: str
    new: str
    error: str

    @property
    def name(self) -> str:
        return f"{self.path.stem}:{self.new}"


@dataclass
class Found:
    """What the oracle and the judge say of one variant."""

    name: str
    error: str
    calls: int         # of the function in one run
    calls_differ: int  # of these, by the oracle
    first: int         # the first that differs
    oracle: list       # what differs in it: result, exception, arguments, state, output
    answer: str
    where: str         # the judge's channel of the smallest difference, or why it cannot tell
    text: str
    seconds: float
    as_patch: bool

    @property
    def is_rare(self) -> bool:
        return self.calls_differ <= RARE_MOST * self.calls

    def line(self) -> str:
        rare = ", rare" if self.is_rare else ""
        missed = "MISSED " if self.answer == SAME else ""
        return (f"{self.name:34} {missed}{self.answer}: {self.where or self.text[:80]}   ({self.error}; {self.calls_differ} of {self.calls} "
                f"calls from {self.first} on{rare}; {'/'.join(self.oracle)}; {self.seconds:.1f} s)")


def planted_in(path: Path) -> list[Planted]:
    """The wrong variants that a program holds. Raises ValueError where one has no comment above it."""
    import ast

    lines = path.read_text().splitlines()
    found = []
    for qualname, node in planted_oracle.functions_of(ast.parse("\n".join(lines))):
        match = _VARIANT.fullmatch(node.name)
        if match is None:
            continue
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        comment = lines[first - 2].strip()
        if not comment.startswith("# "):
            raise ValueError(f"{path.name}: {qualname} has no comment above it that names its error")
        old = qualname.removesuffix(node.name) + match["old"]
        found.append(Planted(path, old, qualname, comment[2:]))
    return found


def judge(planted: Planted, folder: Path, as_patch: bool):
    """The judgement of one variant, by a session as `hasten prove` makes it, with two pairs of whole-program runs."""
    from hasten.fix.evidence import Program
    from hasten.fix.judgement import JudgementSession
    from hasten.fix.proposals import propose_change

    script = folder / planted.path.name
    program = Program.from_command([sys.executable, str(script)], str(folder))
    words = f"{script}:{planted.old}={planted.new}"
    change = propose_change(words, program)
    if as_patch:
        (file,) = change.files
        sides = (text.decode().splitlines(True) for text in (file.before, file.after))
        patch = folder / "change.patch"
        patch.write_text("".join(difflib.unified_diff(*sides, f"a/{script.name}", f"b/{script.name}")))
        change = propose_change(str(patch), program)
    return JudgementSession(change, program, budget_s=120, runs=2, seed=SEED).judge()


def channel(judgement) -> str:
    """In a few words where the judge saw the smallest difference."""
    if not judgement.differences:
        return judgement.reason
    place = judgement.differences[0].place
    place = re.sub(r"[`'][^`']*[`']", "_", place)
    place = re.sub(r"\d+", "N", place.partition(",")[0])
    known = next((word for word in ("result", "exception", "argument", "global", "output", "exit code") if word in place), None)
    return known or place or "whole program"


def judge_all(chosen: list[tuple[int, Planted]], say=print) -> list[Found]:
    """Oracle first, then the judge, a program after the other. Raises ValueError for a variant that is not wrong."""
    found = []
    for path in dict.fromkeys(p.path for _, p in chosen):
        here = [(number, p) for number, p in chosen if p.path == path]
        truths = planted_oracle.truths(path, [(p.old, p.new) for _, p in here])
        for (number, planted), truth in zip(here, truths):
            if not truth["differ"]:
                raise ValueError(f"{planted.name}: no call of this program tells it from {planted.old}")
            as_patch = number % PATCH_EVERY == 0
            start = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="hasten_planted_") as folder:
                shutil.copy(path, folder)
                judgement = judge(planted, Path(folder), as_patch)
            found.append(Found(planted.name, planted.error, truth["calls"], truth["differ"], truth["first"], truth["channels"],
                               judgement.answer, channel(judgement), judgement.reason, time.monotonic() - start, as_patch))
            say(found[-1].line())
    return found


def all_planted(words=()) -> list[tuple[int, Planted]]:
    """(number, variant) of all, or of those whose name or error holds one of the words."""
    everything = [p for path in sorted(PROGRAMS.glob("*.py")) for p in planted_in(path)]
    return [(number, p) for number, p in enumerate(everything, 1)
            if not words or any(word in p.name or word in p.error for word in words)]


def drawn(count: int) -> list[tuple[int, Planted]]:
    """A short lane: so many of them, the same each time."""
    return sorted(random.Random(SEED).sample(all_planted(), count), key=lambda numbered: numbered[0])


def summary(found: list[Found]) -> list[str]:
    by_answer = collections.Counter(f.answer for f in found)
    lines = [f"{len(found)} wrong edits of {len({f.name.partition(':')[0] for f in found})} programs, "
             f"{sum(f.is_rare for f in found)} of them rare (at most one call in a thousand), {sum(f.as_patch for f in found)} as patches: "
             + ", ".join(f"{answer} {count}" for answer, count in by_answer.most_common())]
    for answer in by_answer:
        if answer == SAME:
            continue
        places = collections.Counter(f.where for f in found if f.answer == answer)
        lines.append(f"  {answer}: " + ", ".join(f"{place} {count}" for place, count in places.most_common()))
    missed = [f for f in found if f.answer == SAME]
    lines.append(f"  {'MISS' if missed else 'ok  '} called the same: {len(missed)} of {len(found)} (0)"
                 + "".join(f"\n         {f.name}: {f.error}" for f in missed))
    return lines


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="WORD", default=[], help="variants whose name or error contains a WORD")
    parser.add_argument("--draw", type=int, metavar="N", help="N of them, the same each time")
    parser.add_argument("--json", metavar="FILE", help="write every answer there")
    options = parser.parse_args(argv)
    chosen = drawn(options.draw) if options.draw else all_planted(options.only)
    if not chosen:
        parser.error(f"no variant in {PROGRAMS} is called so")
    from hasten.fix import calls

    calls.CALL_S_MIN = 1.0  # nothing here compiles or imports in a call
    found = judge_all(chosen, lambda text: print(text, flush=True))
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(f) for f in found], indent=1) + "\n")
    print("\n".join(summary(found)))
    return int(any(f.answer == SAME for f in found))


if __name__ == "__main__":
    sys.exit(main())
