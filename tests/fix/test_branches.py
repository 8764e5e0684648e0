"""Which branches judged calls take, held against what is plain from the source, and against coverage.py."""

import sys
import textwrap

import pytest

from hasten.fix.trial.branches import Branches, Enough, told
from hasten.fix.words import branch_texts, never_texts
from fix_judging import judge
from fix_programs import program_of


def function_of(text, name="f"):
    namespace = {}
    exec(compile(textwrap.dedent(text), "x.py", "exec"), namespace)
    return namespace[name]


def taken(function, *calls):
    branches = Branches(function.__code__)
    for args in calls:
        end = branches.watch()
        try:
            function(*args)
        except (Exception, Enough):
            pass
        end()
    return told(branches.possible, branches.taken)


@pytest.mark.parametrize("text, calls, total, never", [
    ("def f(a):\n    if a:\n        return 1\n    return 2", [(1,)], 2, [(2, "false")]),
    ("def f(a):\n    if a:\n        return 1\n    return 2", [(1,), (0,)], 2, []),
    ("def f(a):\n    for x in a:\n        if x: break", [([1],)], 4, [(2, "its end"), (3, "false")]),
    ("def f(a):\n    while a:\n        a -= 1", [(2,)], 2, []),
    ("def f(a):\n    while a:\n        a -= 1", [(0,)], 2, [(2, "true")]),
    ("def f(a):\n    while True:\n        a += 1\n        if a > 3: return", [(1,)], 2, []),
    ("def f(a, b):\n    return a and b or 3", [(1, 1)], 4, [(2, "false"), (2, "false")]),
    ("def f(a):\n    return 1 if a is None else 2", [(None,)], 2, [(2, "not None")]),
    ("def f(a):\n    if a is not None:\n        return 1", [(None,)], 2, [(2, "not None")]),
    ("def f(a):\n    return [x for x in a if x]", [([1],)], 4, [(2, "false")]),
    ("def f(a):\n    try:\n        return a[0]\n    except IndexError:\n        return 0", [([1],)], 1, [(4, "entered")]),
    ("def f(a):\n    try:\n        return a[0]\n    except (KeyError, IndexError):\n        return 0", [([],)], 1, []),
    ("def f(a):\n    try:\n        a += 1\n    finally:\n        if a > 2:\n            a = 0", [(1,)], 2, [(5, "true")]),
    ("def f(a):\n    assert a\n    with open('/dev/null') as g:\n        pass", [(1,)], 0, []),
    ("def f(a):\n    return sorted(a, key=lambda x: x if x else 1)", [([2, 1],)], 2, [(2, "false")]),
])
def test_branches_are_those_of_the_source(text, calls, total, never):
    count, found_total, found_never = taken(function_of(text), *calls)
    assert found_total == total and found_never == never and count == total - len(never)


def test_a_call_ends_as_soon_as_nothing_is_left_to_see():
    seen = []
    function = function_of("def f(a, seen):\n    while True:\n        a += 1\n        seen.append(a)\n        if a > 3:\n            a = 0")
    assert taken(function, (0, seen)) == (2, 2, [])
    assert seen == [1, 2, 3, 4]


def test_a_jump_too_far_for_one_byte():
    body = "".join(f"        a = a + {i} * 3 - a // 7\n" for i in range(300))
    function = function_of(f"def f(a):\n    if a > 1:\n{body}    for i in range(a > 1):\n{body}    return a")
    assert taken(function, (1,)) == (2, 4, [(2, "true"), (303, "an item")])
    assert taken(function, (1,), (2,)) == (4, 4, [])


PROGRAM = """
def f(n, items):
    total = 0
    for item in items:
        if item > n:
            total += item
        elif item == n:
            total -= 1
    while total > 100:
        total //= 2
    if not items:
        return -1
    return total
"""


@pytest.mark.parametrize("calls", [[(1, [1, 2, 3])], [(5, [1])], [(0, [])], [(1, [1, 0, 300])], [(1, [1, 0, 300]), (0, [])]])
def test_as_many_as_coverage_finds(calls, tmp_path):
    coverage = pytest.importorskip("coverage", reason="coverage.py is not installed")
    path = tmp_path / "measured.py"
    path.write_text(PROGRAM)
    namespace = {}
    exec(compile(PROGRAM, str(path), "exec"), namespace)
    measured = coverage.Coverage(branch=True, data_file=None, include=[str(path)], config_file=False)
    before = sys.gettrace()
    measured.start()
    try:
        exec(compile(PROGRAM, str(path), "exec"), namespace)
        for args in calls:
            namespace["f"](*args)
    finally:
        measured.stop()
        sys.settrace(before)
    numbers = measured._analyze(str(path)).numbers
    count, total, _ = taken(function_of(PROGRAM), *calls)
    assert (total, total - count) == (numbers.n_branches, numbers.n_missing_branches)


def test_the_judge_says_what_its_calls_left_out(write_program):
    script = write_program("""
        def find(items, wanted):
            for i, item in enumerate(items):
                if item == wanted:
                    return i
            return -1
        for n in range(3):
            find([1, 2, 3], n + 1)
        """)
    found = judge(script, program_of(script), "find", calls=(1, 2, 3))
    last = {e["variant"]: e for e in found.events if e["event"] == "branches"}
    assert len(found.same) == 3, found.why
    assert {v: (e["taken"], e["total"], e["never"]) for v, e in last.items()} == {
        None: (3, 4, [[2, "its end"]]), "v": (3, 4, [[2, "its end"]])}


def test_a_long_call_is_broken_off_and_counts_as_far_as_it_came(write_program):
    script = write_program("""
        def slow(n):
            i = 0
            while i < n:
                if i == n + 1:
                    return 0
                i += 1
            return i
        slow(6_000_000)
        """)
    found = judge(script, program_of(script), "slow")
    last = [e for e in found.events if e["event"] == "branches" and e["variant"] is None][-1]
    assert last["total"] == 4 and [4, "true"] in last["never"] and last["taken"] >= 2


def test_words():
    old = {"taken": 9, "total": 11, "never": [{"line": 12, "outcome": "true"}, {"line": 15, "outcome": "its end"}]}
    assert branch_texts({"branches": old}) == ["9 of 11 branches"]
    assert never_texts({"branches": old}) == ["never taken: line 12 true, line 15 its end"]
    assert branch_texts({"branches": old, "branches_new": old}) == ["9 of 11 branches"]
    new = {"taken": 4, "total": 5, "never": [{"line": 2, "outcome": "None"}]}
    assert branch_texts({"branches": old, "branches_new": new}) == ["9 of 11 branches", "4 of 5 branches of the new version"]
    assert never_texts({"branches": old, "branches_new": new})[1] == "in the new version never taken: line 2 None"
    assert branch_texts({"branches": {"taken": 0, "total": 0, "never": []}}) == [] and never_texts({}) == []
