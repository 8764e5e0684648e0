"""Plausible edits that are wrong, given as patches of a program with two files. None of them may ever be called better.

Each is faster than the original, and the program prints nothing that depends on it unless the case says so.
"""

import difflib
import random

import pytest
from fix_programs import program_of

from hasten.fix import calls
from hasten.fix.judgement import DIFFERENT, JudgementSession
from hasten.fix.proposals import propose_change

pytestmark = pytest.mark.process

LIBRARY = """
    import math
    LIMIT = 500
    STEP = 3
    seen = []
    total = 0

    def waste():
        for _ in range(2000): pass

    def grade(points):
        waste()
        if points >= 1000:
            return 'A'
        return 'B' if points >= LIMIT else 'C'

    def note(xs, x):
        waste()
        xs.append(x)
        seen.append(x)
        return len(xs)

    def unique(xs):
        waste()
        out = []
        for x in xs:
            if x not in out:
                out.append(x)
        return out

    def add(n):
        global total
        waste()
        total += n
        return n

    def row(n, base=()):
        waste()
        return [*base, n]

    def mean(xs):
        waste()
        total = 0.0
        for x in xs:
            total += x
        return total / len(xs)

    def pieces(n):
        waste()
        for i in range(n % 7):
            yield i * i
        yield -1

    def root(n):
        waste()
        return math.isqrt(n)

    def parse(text):
        waste()
        return int(text)

    def largest(xs):
        waste()
        return sorted(xs, key=size)[-1]

    def size(x):
        return abs(x)

    class Tank:
        def __init__(self):
            self.level = self.fills = 0
        def fill(self, n):
            waste()
            self.fills += 1
            self.level += n
            return self.level
"""

MAIN = """
    from library import *
    def stepped(n):
        return n * STEP
    xs, tank = [], Tank()
    for i in range(60):
        grade(1000 if i == 41 else i * 9)
        note(xs, i)
        unique([str(i), 'b', 'a', str(i * 7 % 5)])
        stepped(i)
        add(i)
        list(pieces(i))
        row(i % 5).append(0)
        mean([0.1 * (9 - j) + i for j in range(9)])
        root(10**30 - 1 - i)
        try:
            parse('x' if i == 17 else str(i))
        except ValueError:
            pass
        largest([3, -3, i % 4])
        tank.fill(2)
    print('done')
"""

# name: [(text, its replacement) in library.py]; every edit leaves out the waste.
CASES = {
    "off by one on the rare branch": [("    waste()\n    if points >= 1000", "    if points > 1000")],
    "lost mutation": [("    waste()\n    xs.append(x)\n    seen.append(x)\n", "    xs.append(x)\n")],
    "changed order": [("    waste()\n    out = []\n    for x in xs:\n        if x not in out:\n            out.append(x)\n    return out",
                       "    return sorted(set(xs))")],
    "changed global": [("    global total\n    waste()\n    total += n\n", "")],
    "default argument aliasing": [("    waste()\n    return [*base, n]", "    if not base:\n        return KEPT\n    return [*base, n]"),
                                  ("def row(", "KEPT = [0]\n\ndef row(")],
    "float reassociation": [("    waste()\n    total = 0.0\n    for x in xs:\n        total += x\n    return total / len(xs)",
                             # Not sum(): since 3.12 it makes up for what rounding loses.
                             "    total = 0.0\n    for x in reversed(xs):\n        total += x\n    return total / len(xs)")],
    "integers through floats": [("    waste()\n    return math.isqrt(n)", "    return int(math.sqrt(n))")],
    "exception swallowed": [("    waste()\n    return int(text)", "    return int(text) if text.isdigit() else 0")],
    "a wrong helper in another changed function": [("    waste()\n    return sorted(xs, key=size)[-1]", "    return max(xs, key=size)"),
                                                   ("    return abs(x)", "    return x if x >= 0 else -x")],
    "one of two functions wrong": [("    waste()\n    return math.isqrt(n)", "    return math.isqrt(n)"),
                                   ("    waste()\n    return int(text)", "    return round(float(text))")],
    "object state not updated": [("        waste()\n        self.fills += 1\n", "")],
    "a constant that functions use": [("LIMIT = 500", "LIMIT = 480"), ("    for _ in range(2000): pass", "    pass")],
    "other parameters": [("    waste()\n    return math.isqrt(n)", "    return exact(math.sqrt(n))"),
                         ("def root(n):", "def root(n, exact=int):")],
    "a class attribute instead of one each": [("class Tank:\n", "class Tank:\n    level = fills = 0\n"),
                                              ("        self.level = self.fills = 0\n", "        pass\n"),
                                              ("        waste()\n        self.fills += 1\n", "        Tank.fills += 1\n")],
    "a generator that ends early": [("    waste()\n    for i in range(n % 7):\n        yield i * i\n",
                                     "    for i in range(n % 7):\n        yield i * i\n        if i == 5:\n            return\n")],
    "a memo that hands out one list": [("    waste()\n    return [*base, n]", "    if n % 5 not in MADE:\n        MADE[n % 5] = [*base, n % 5]\n    return MADE[n % 5]"),
                                       ("def row(", "MADE = {}\n\ndef row(")],
    "a constant that another file uses": [("STEP = 3", "STEP = 2"), ("    for _ in range(2000): pass", "    pass")],
    "a new helper that is wrong": [("    waste()\n    return math.isqrt(n)", "    return fast_root(n)"),
                                   ("def root(n):", "def fast_root(n):\n    return int(n ** 0.5)\n\ndef root(n):")],
}


def judge(write_program, replacements, budget_s=60, runs=8, main=MAIN, text=LIBRARY):
    """The judgement of a patch that makes these replacements in library.py."""
    script = write_program(main, "program.py")
    library = write_program(text, "library.py")
    before = library.read_text()
    after = before
    for old, new in replacements:
        assert old in after, old
        after = after.replace(old, new)
    patch = script.parent / "x.patch"
    patch.write_text("".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "a/library.py", "b/library.py")))
    program = program_of(script)
    change = propose_change(str(patch), program)
    return JudgementSession(change, program, budget_s=budget_s, runs=runs, seed=1).judge()


@pytest.mark.parametrize("name", CASES)
def test_no_planted_wrong_patch_is_better(name, write_program, monkeypatch):
    monkeypatch.setattr(calls, "CALL_S_MIN", 1.0)  # there is nothing to compile here
    judgement = judge(write_program, CASES[name])
    assert judgement.answer == DIFFERENT, judgement.reason
    assert judgement.exit_code == 1 and not judgement.better
    assert judgement.differences[0].call is not None, "the call is named"


def test_what_cannot_be_judged_in_copies_is_compared_by_its_results(write_program):
    judgement = judge(write_program, [("    waste()\n    for i in range(n % 7):", "    for i in range(n % 7):"), ("LIMIT = 500", "LIMIT = 499"),
                                      ("def parse(text):\n    waste()\n", "def parse(text, base=10):\n")])
    assert judgement.answer == "same", judgement.differences[:1]
    compared = {f.function.qualname: f.results_compared for f in judgement.functions}
    # Each is called 60 times, all of which are among the first 64; one of the calls of parse raises, the same in both.
    assert compared == {"pieces": 60, "grade": 60, "parse": 60}
    assert all(f.judged == 0 for f in judgement.functions)


def test_the_same_edits_done_right_are_better(write_program):
    # So much waste that most of the program is gone without it: 8 pairs tell that on a busy machine too.
    judgement = judge(write_program, [("    waste()\n", "    pass\n")], budget_s=120, text=LIBRARY.replace("range(2000)", "range(20_000)"))
    assert judgement.exit_code == 0, (judgement.answer, judgement.reason, judgement.differences[:2])
    assert {f.function.qualname for f in judgement.functions if f.identical >= 10} >= {"grade", "note", "mean", "Tank.fill"}


def test_the_same_code_twice_is_never_better(write_program):
    script = write_program("def f(n):\n    return sum(range(n))\n\n\ndef g(n):\n    return sum(range(n))\n\n\n"
                           "print([f(2000) for _ in range(200)][0])\n")
    program = program_of(script)
    dice = random.Random(5)
    answers = []
    for how in [{"runs": 8}] + [{"budget_s": 5}] * 9:
        change = propose_change(f"{script}:f=g", program)
        judgement = JudgementSession(change, program, seed=dice.random(), **how).judge()
        assert not judgement.better and judgement.exit_code in (1, 3), judgement.verdict
        answers.append(judgement.answer)
    # A machine that is too busy for 8 pairs in 5 s cannot tell.
    assert answers[0] == "same" and "different" not in answers
