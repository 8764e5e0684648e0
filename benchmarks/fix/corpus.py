#!/usr/bin/env python3
"""Forty programs with a known cause and cure, and fifteen to be refused: what `hasten fix` makes of them.

    .venv/bin/python benchmarks/fix/corpus.py [--only WORD ...] [--budget 60] [--json FILE]

The head of each program in corpus/ says what it is slow by (`cause:`, a kind of `hasten fix`), on which line, how it is cured
and about how much that gains; or `refused:` and `because:`, words of the reason (alternatives with |), of which one must stand
in what fix says. Each is recorded and fixed in a copy of its own. Where something is proven, the patch is written and a clock
outside (outside.py: hyperfine, both sides by turns) must find a gain that the proven interval allows.

Exit code 1 if a bar is missed: causes named among the first three >= 90 %, whole program proven >= 1.5x for >= 60 % and at
least half of these without a new dependency, all refused ones refused with the right reason, all proven gains found again.
"""

from __future__ import annotations

import argparse
import ast
import json
import math
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import outside
from outside import RunFailed

CORPUS = Path(__file__).resolve().parent / "corpus"
NAMED_MIN, PROVEN_MIN, GAIN_MIN = 0.90, 0.60, 1.5
PLACES = 3  # among the first so many of what fix lists must the cause stand


@dataclass
class Known:
    """What the head of a program says about it."""

    path: Path
    causes: list[tuple[str, int]] = field(default_factory=list)  # (kind, line); line counts from 1
    because: str = ""

    @property
    def refused(self) -> bool:
        return bool(self.because)

    @classmethod
    def read(cls, path: Path) -> Known:
        """Raises ValueError if a line that the head names does not stand in the code exactly once."""
        text = path.read_text()
        head = ast.get_docstring(ast.parse(text), clean=True) or ""
        body_from = text.index('"""', 3)
        known, kinds = cls(path), []
        for key, value in re.findall(r"^(cause|line|because): (.*)$", head, re.MULTILINE):
            if key == "cause":
                kinds.append(value)
            elif key == "because":
                known.because = value
            else:
                at = [i for i, line in enumerate(text.splitlines(), 1)
                      if line.strip() == value.replace("\n", "\\n") and i > text[:body_from].count("\n") + 1]
                if len(at) != 1:
                    raise ValueError(f"{path.name}: the line {value!r} stands {len(at)} times in its code")
                known.causes.append((kinds[-1], at[0]))
        if len(kinds) != len(known.causes) or bool(kinds) == known.refused:
            raise ValueError(f"{path.name}: its head needs a line for each cause, or `because:`")
        return known


@dataclass
class Found:
    """What came out for one program."""

    name: str
    refused: bool
    causes: list[str] = field(default_factory=list)
    named: bool = False
    proven: list[str] = field(default_factory=list)
    gain: float | None = None            # of the whole program, all that is proven together
    interval: tuple[float, float] | None = None
    needs: list[str] = field(default_factory=list)
    outside: tuple[float, float, float] | None = None  # ratio, low, high
    reproduced: bool | None = None
    reason: str = ""
    right: bool = False                  # a program to be refused: nothing proven, with the right reason
    failed: str = ""

    def text(self) -> str:
        if self.failed:
            return f"{self.name:18} FAILED     {self.failed}"
        if self.refused:
            return f"{self.name:18} {'refused' if self.right else 'WRONG':10} {self.reason[:150]}"
        named = "named" if self.named else "NOT NAMED"
        if self.gain is None:
            return f"{self.name:18} {named:10} nothing proven: {self.reason[:150]}"
        again = "" if self.outside is None else (
            f"   outside {self.outside[0]:.2f}x [{self.outside[1]:.2f}-{self.outside[2]:.2f}]"
            f"{'' if self.reproduced else ' NOT WITHIN'}")
        low, high = self.interval
        return (f"{self.name:18} {named:10} {self.gain:.2f}x [{low:.2f}-{high:.2f}]{again}   {', '.join(self.proven)}"
                f"{' needs ' + ', '.join(self.needs) if self.needs else ''}")


def hasten(arguments, folder, limit_s):
    """One command of hasten; raises RunFailed with its last words."""
    try:
        done = subprocess.run([sys.executable, "-m", "hasten", *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise RunFailed(f"hasten {arguments[0]} did not end within {limit_s:.0f} s") from None
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise RunFailed(f"hasten {arguments[0]}: exit code {done.returncode}: {last[-1] if last else ''}")
    return done.stdout


def function_at(text, line):
    """The innermost function that holds the line, by its bare name; '' outside any."""
    inside = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)
              and node.lineno <= line <= node.end_lineno]
    return max(inside, key=lambda node: node.lineno).name if inside else ""


def is_named(kind, function, document):
    """Does fix list the cause, for the right function, among its first three places?"""
    return any(f["kind"] == kind and f["function"].rpartition(".")[2] == function for f in document["fixes"][:PLACES])


def judge(known: Known, budget_s: float, rounds: int) -> Found:
    """Records, fixes, writes and times one program in a folder of its own."""
    found = Found(known.path.stem, known.refused, [kind for kind, _ in known.causes])
    with tempfile.TemporaryDirectory(prefix="hasten_corpus_") as folder:
        old, new = Path(folder, "before.py"), Path(folder, known.path.name)
        shutil.copy(known.path, new)
        shutil.copy(known.path, old)
        try:
            hasten(["run", "--out", "one.hasten", new.name], folder, 300)
            document = json.loads(hasten(["fix", "one.hasten", "--yes", "--budget", f"{budget_s:g}", "--json", "-"], folder,
                                         4 * budget_s + 120))
            _read(known, document, found)
            if found.gain is not None and not known.refused and rounds:
                hasten(["fix", "one.hasten", "--write"], folder, 60)
                found.outside = outside.clock([sys.executable, str(old)], [sys.executable, str(new)], folder, rounds)
                found.reproduced = agrees(found.interval, found.outside)
        except (RunFailed, ValueError) as failure:
            found.failed = str(failure)
    return found


def _read(known, document, found):
    fixes = document["fixes"]
    proven = [f for f in fixes if f["verdict"] == "proven"]
    together = document.get("together")
    whole = together if together and together["verdict"] == "proven" else max(
        proven, key=lambda f: f["interval"][0], default=None)
    if whole is not None:
        found.proven = [f["kind"] for f in proven]
        found.gain, found.interval = whole["program_speedup"], tuple(whole["interval"])
        found.needs = sorted({n for f in proven for n in f["needs"]})
    reasons = [document["stopped"] or ""] + [f"{f['kind']}: {f['reason']}" for f in fixes if f["reason"]]
    if not fixes:
        reasons.append("no function of the program's own code holds enough of its time to be worth a change")
    found.reason = " / ".join(r for r in reasons if r)
    found.right = known.refused and not proven and bool(re.search(known.because, found.reason))
    found.named = bool(known.causes) and all(
        is_named(kind, function_at(known.path.read_text(), line), document) for kind, line in known.causes)


def agrees(interval, seen):
    """The proven interval, widened by the outside clock's own uncertainty, holds what that clock found."""
    ratio, low, high = seen
    below, above = math.log(ratio / low), math.log(high / ratio)
    return math.log(interval[0]) - above <= math.log(ratio) <= math.log(interval[1]) + below


def totals(found: list[Found]) -> tuple[list[str], bool]:
    """A line each bar, and whether all of them hold for what was run."""
    cured = [f for f in found if not f.refused]
    kept = [f for f in found if f.refused]
    lines, good = [], True
    if cured:
        named = sum(f.named for f in cured)
        fast = [f for f in cured if f.gain is not None and f.gain >= GAIN_MIN]
        plain = [f for f in fast if not f.needs]
        again = [f for f in cured if f.reproduced is not None]
        bars = [(named >= NAMED_MIN * len(cured), f"cause named among the first {PLACES}: {named} of {len(cured)} (90 %)"),
                (len(fast) >= PROVEN_MIN * len(cured), f"proven {GAIN_MIN}x and more: {len(fast)} of {len(cured)} (60 %)"),
                (2 * len(plain) >= len(fast), f"of these without a new dependency: {len(plain)} (half)"),
                (all(f.reproduced for f in again),
                 f"found again by {outside.name()}: {sum(bool(f.reproduced) for f in again)} of {len(again)} (all)")]
        if fast:
            lines.append(f"  median of the proven gains: {statistics.median(f.gain for f in fast):.2f}x")
    else:
        bars = []
    if kept:
        bars.append((all(f.right for f in kept), f"refused with the right reason: {sum(f.right for f in kept)} of {len(kept)} (all)"))
    bars.append((not any(f.failed for f in found), f"failed: {sum(bool(f.failed) for f in found)} (none)"))
    for holds, text in bars:
        good = good and holds
        lines.append(f"  {'ok  ' if holds else 'MISS'} {text}")
    return lines, good


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="WORD", default=[], help="programs whose name or head contains a WORD")
    parser.add_argument("--budget", type=float, default=60.0, metavar="SECONDS", help="of each fix (60)")
    parser.add_argument("--rounds", type=int, default=10, help="runs a side of the outside clock (10; 0: leave it out)")
    parser.add_argument("--json", metavar="FILE", help="write every figure there")
    options = parser.parse_args(argv)
    programs = [Known.read(path) for path in sorted(CORPUS.glob("*.py"))]
    chosen = [k for k in programs if not options.only or any(w in k.path.stem or w in k.path.read_text().split('"""')[1]
                                                             for w in options.only)]
    if not chosen:
        parser.error(f"no program of {CORPUS} is called so")
    found = []
    for known in chosen:
        found.append(judge(known, options.budget, options.rounds))
        print(found[-1].text(), flush=True)
        if options.json:
            Path(options.json).write_text(json.dumps([asdict(f) for f in found], indent=1) + "\n")
    lines, good = totals(found)
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
