"""Which code a call runs in: what is asked of compiled functions holds in each tier, and one hands over to the next."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")
pytestmark = pytest.mark.process

HERE = Path(__file__).parent
# The MIR interpreter alone; and code made quickly, which is left at the first look at signals and replaced at the next call.
FILES = {
    "interpreter": ["test_dropin.py", "test_language.py", "test_tracebacks.py"],
    "changing": [
        *("test_dropin.py", "test_language.py", "test_tracebacks.py", "test_scopes.py", "test_handling.py"),
        *("test_polls.py", "test_native_lists.py", "test_recursion.py", "test_wide_ints.py"),
    ],
}


@pytest.mark.parametrize("tier", FILES)
def test_the_same_tests_pass(tier):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout"),
            *(HERE / name for name in FILES[tier]),
        ],
        # None of them needs another plugin, and loading all that are installed takes longer than the tests.
        env={**os.environ, "HASTEN_JIT_TIER": tier, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def told_by(program, folder, tier=None, **environment):
    """What a program prints, line by line, with the tier that everybody gets or another."""
    path = folder / "program.py"
    path.write_text("import hasten\n" + textwrap.dedent(program))
    env = {**os.environ, **environment}
    env.pop("HASTEN_JIT_TIER", None)
    if tier:
        env["HASTEN_JIT_TIER"] = tier
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=300, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# One name for what the report says of the code that calls run in now.
STATE = """
def state(function):
    versions = [v for v in function.hasten.report()["versions"] if v["kind"] == "call"]
    return ["quick" if v["quick"] else "optimized" for v in versions]
"""


TOTAL = """
@hasten.jit
def total(n):
    found = 0
    for k in range(n):
        found ^= k * k
    return found
"""


def test_little_work_begins_quickly_and_much_does_not(tmp_path):
    program = (
        STATE
        + """
@hasten.jit
def total(n, step):
    found = 0
    for k in range(0, n, step):
        found += k
    return found
@hasten.jit
def ones(items):
    return sum(items)
@hasten.jit
def none():
    return 3
print(total(100, 1), state(total))
print(ones([1] * 50), state(ones))
print(none(), state(none))
@hasten.jit
def again(n):
    found = 0
    for k in range(n):
        found += k
    return found
print(again(100_000), state(again))
"""
    )
    assert told_by(program, tmp_path) == [
        "4950 ['quick']",
        "50 ['quick']",
        "3 ['optimized']",  # of no arguments nothing is known
        "4999950000 ['optimized']",
    ]


def test_calls_that_add_up_get_optimized_code(tmp_path):
    program = (
        STATE
        + TOTAL
        + """
answers = {total(1000)}
print(state(total))
calls = 1
while state(total) != ["optimized"]:
    answers.add(total(1000))
    calls += 1
print(len(answers), calls > 50, state(total), total.hasten.report()["compiles"])
"""
    )
    # One compilation counts: the other is of the same code.
    assert told_by(program, tmp_path) == ["['quick']", "1 True ['optimized'] 1"]


LONG = {
    "loops": (
        """
        def work(n):
            found = 0
            for i in range(n):
                for j in range(n):
                    for k in range(n):
                        found = (found * 3 + (i ^ j) * k) % 1000003
            return found
        """,
        "300",
        1,
    ),
    "lists": (
        """
        def work(n):
            rows = [[i * j % 7 for j in range(n)] for i in range(n)]
            total = [0] * n
            for i in range(n):
                for j in range(n):
                    for k in range(n):
                        total[j] += rows[i][k] * rows[k][j]
            return total[n // 3], sum(total)
        """,
        "220",
        1,
    ),
    "a list given": (
        """
        def work(items):
            best = 0
            for i in range(len(items)):
                for j in range(i):
                    best = max(best, items[i] ^ items[j])
                items[i] = best
            return best, items[-1], sum(items)
        """,
        "[k * 7919 % 1999 for k in range(1990)]",
        1,
    ),
    "recursion": (
        """
        def work(n):
            return n if n < 2 else work(n - 1) + work(n - 2)
        """,
        "29",
        0,
    ),
    "handlers": (
        """
        def work(n):
            found = 0
            for i in range(n):
                try:
                    for j in range(n * n):
                        found += j // (j - n * n + 1)
                except ZeroDivisionError:
                    found += i
            return found
        """,
        "220",
        1,
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_call_changes_to_optimized_code_in_its_midst(tmp_path, name):
    text, argument, entries = LONG[name]
    program = (
        textwrap.dedent(text)
        + f"""
plain = work
compiled = hasten.jit(work)
work = compiled
first = compiled({argument})
facts = compiled.hasten.report()
print(facts["loop_entries"] >= {entries}, facts["python_calls"])
print(first == compiled({argument}))
work = plain
print(first == plain({argument}))
"""
    )
    assert told_by(program, tmp_path) == ["True 0", "True", "True"]


def test_what_was_decided_before_the_entry_is_not_taken_for_what_is_known_after(tmp_path):
    # `v < limit` was decided where limit was 1000000; in the loop that is entered it is 5.
    program = """
    def work(n):
        limit = 1000000
        hits = 0
        for v in range(n, 0, -100000):
            if v < limit:
                for k in range(5000):
                    if v > 5:
                        hits += 1
            limit = 5
        return hits
    compiled = hasten.jit(work)
    print(work(900001), compiled(900001), compiled(900001), compiled.hasten.report()["loop_entries"])
    """
    assert told_by(program, tmp_path, "changing") == ["5000 5000 5000 1"]


def test_the_cache_keeps_the_optimized_code_in_place_of_the_quick(tmp_path):
    program = (
        STATE
        + TOTAL
        + """
import sys
total(1000)
first = state(total)
times = TIMES
while times and state(total) != ["optimized"]:
    total(1000)
facts = total.hasten.report()
print(first, state(total), facts["cache_loaded"], facts["cache_stored"], "hasten._compile" in sys.modules)
"""
    )
    folder = {"HASTEN_JIT_CACHE": str(tmp_path / "cache")}
    run = lambda times: told_by(program.replace("TIMES", str(times)), tmp_path, **folder)  # noqa: E731
    assert run(0) == ["['quick'] ['quick'] 0 1 True"]
    assert run(0) == ["['quick'] ['quick'] 1 0 False"]
    assert run(1) == ["['quick'] ['optimized'] 1 1 True"]
    assert run(1) == ["['optimized'] ['optimized'] 1 0 False"]
    assert len(list((tmp_path / "cache").glob("*"))) == 1


PIVOTS = """
@hasten.jit
def pivoted(a):
    n = len(a)
    order = list(range(n))
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if a[i][k] > a[best][k]:
                best = i
        order[k], order[best] = order[best], order[k]
        a[k], a[best] = a[best], a[k]
        for i in range(k + 1, n):
            for j in range(k + 1, n):
                a[i][j] -= a[i][k] * a[k][j] / a[k][k]
    return n, order


@hasten.jit
def last_pivots(n):
    a = [[i * j % 17 / 4.0 + (3.0 if i == j else 0.5) for j in range(n)] for i in range(n)]
    count, order = pivoted(a)
    total = 0.0
    for i in range(count):
        total += a[i][i] * order[i]
    return total, order[-1]


print([last_pivots(n) for n in (2, 5, 12, 110, 110, 110)] == [last_pivots.__wrapped__(n) for n in (2, 5, 12, 110, 110, 110)])
print(state(last_pivots), last_pivots.hasten.report()["reasons"])
"""


def test_a_list_in_the_tuple_of_a_callee_that_left_its_quick_code_stays_native(tmp_path):
    """What was seen of the result there is the tuple that it is taken for, not any object."""
    assert told_by(STATE + PIVOTS, tmp_path) == ["True", "['optimized'] []"]


ACCESSORS = """
class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)
for name in ("__init__", "__add__"):
    setattr(Vector, name, hasten.jit(getattr(Vector, name)))

@hasten.jit
def first(vector):
    return vector.x

@hasten.jit
def norm(x, y):
    return (x * x + y * y) / (x + y) - (x - y) * (x * y)

def added(count):
    total = Vector(0, 0.5)
    for k in range(count):
        total = total + Vector(k, 0.25)
    return total

@hasten.jit
def firsts(vectors):
    found = 0
    for vector in vectors:
        found += first(vector) * 2
    return found

total = added(300)
print(total.x, total.y, firsts([total] * 3000), norm(3, 4))
first(total)
for function in (Vector.__init__, Vector.__add__, first, norm, firsts):
    print(function.hasten.report()["tier"], "an attribute stays" in str(function.hasten.report()["reasons"]))
print([version["kind"] for version in first.hasten.report()["versions"]])
Vector.__init__.__wrapped__.__code__ = (lambda self, x, y: setattr(self, "x", -x) or setattr(self, "y", y)).__code__
print(added(3).x)
"""


def test_what_only_reads_and_writes_attributes_is_left_to_python_unless_native_code_calls_it(tmp_path):
    assert told_by(ACCESSORS, tmp_path) == [
        *("44850 75.5 269100000 15.571428571428571", "python True", "python True", "python True", "native False"),
        *("native False", "['within']", "1"),
    ]
