"""Plausible edits that are wrong. None of them may ever be proven.

Every rewrite is faster or as fast as the original, so that speed never is the reason: each must be refused
because something differs, or because the judge says that it cannot tell.
"""

import pytest

from hasten.fix import calls

# name: (program, function, the wrong rewrite, words that the reason must hold)
CASES = {}


def plant(name, function, program, rewrite, reason):
    CASES[name] = (program, function, rewrite, reason)


def main_loop(call, count=300):
    """A main that uses the calls but prints nothing that depends on them: only the judge can see the difference."""
    return f"\n    for i in range({count}):\n        {call}\n    print('done')\n"


plant("float sum in another order", "mean", """
    def mean(xs):
        total = 0.0
        for x in xs:
            total += x
        return total / len(xs)
    """ + main_loop("mean([0.1 * (50 - j) + i for j in range(50)])"), """
    def mean(xs):
        return sum(sorted(xs)) / len(xs)
    """, "result")

plant("set loses duplicates", "clean", """
    def clean(words):
        out = []
        for w in words:
            out.append(w.strip())
        return out
    """ + main_loop("clean(['b ', 'a', 'b'] * 5)"), """
    def clean(words):
        return sorted({w.strip() for w in words})
    """, "result")

plant("set loses order", "unique", """
    def unique(numbers):
        out = []
        for n in numbers:
            if n not in out:
                out.append(n)
        return out
    """ + main_loop("unique([(j * 7919 + i) % 1009 for j in range(100)])"), """
    def unique(numbers):
        return list(set(numbers))
    """, "result")

plant("mutable default not kept", "seen_before", """
    def seen_before(key, seen=[]):
        found = key in seen
        seen.append(key)
        return found
    """ + main_loop("seen_before(i)"), """
    def seen_before(key, seen=[]):
        if key in seen:
            return True
        return False
    """, "defaults")

plant("side effects cut short", "check_all", """
    checked = []
    def check(x):
        checked.append(x)
        return x > 0
    def check_all(xs):
        return all([check(x) for x in xs])
    """ + main_loop("check_all([1, -1, 2, 3])"), """
    def check_all(xs):
        return all(check(x) for x in xs)
    """, "checked")

plant("last of equals", "newest", """
    def newest(records):
        return sorted(records, key=lambda r: r[0])[-1]
    """ + main_loop("newest([[1, 'a'], [2, 'b'], [2, 'c']])"), """
    def newest(records):
        return max(records, key=lambda r: r[0])
    """, "result")

plant("equal but of another type", "smallest", """
    def smallest(xs):
        return sorted(xs)[-1]
    """ + main_loop("smallest([0, 1, 1.0, True])"), """
    def smallest(xs):
        return max(xs)
    """, "result")

plant("int becomes float", "half", """
    def half(xs):
        return [x // 2 for x in xs]
    """ + main_loop("half(list(range(0, 40, 2)))"), """
    def half(xs):
        return [x / 2 for x in xs]
    """, "result")

plant("another exception", "first", """
    def first(xs):
        return sorted(xs)[0]
    def use(xs):
        try:
            return first(xs)
        except (IndexError, ValueError):
            return None
    """ + main_loop("use([3, 1, 2]); use([])"), """
    def first(xs):
        return min(xs)
    """, "exception")

plant("another message of the same exception", "get", """
    def get(table, key):
        if key not in table:
            raise KeyError('no ' + key)
        return table[key]
    def use(key):
        try:
            return get({'a': 1}, key)
        except KeyError:
            return 0
    """ + main_loop("use('a'); use('b')"), """
    def get(table, key):
        return table[key]
    """, "exception")

plant("argument sorted in place", "median", """
    def median(xs):
        return sorted(xs)[len(xs) // 2]
    """ + main_loop("median([5, 3, 9, 1, i])"), """
    def median(xs):
        xs.sort()
        return xs[len(xs) // 2]
    """, "argument")

plant("result is the argument itself", "positive", """
    def positive(xs):
        return [x for x in xs if x > 0]
    """ + main_loop("positive([1, 2, 3, i + 1])"), """
    def positive(xs):
        if min(xs) > 0:
            return xs
        return [x for x in xs if x > 0]
    """, "result")

plant("rows share one list", "zeros", """
    def zeros(n):
        return [[0] * n for _ in range(n)]
    """ + main_loop("zeros(10)"), """
    def zeros(n):
        return [[0] * n] * n
    """, "result")

plant("random numbers consumed otherwise", "pick", """
    import random
    random.seed(5)
    def pick(xs):
        random.random()
        return len(xs)
    """ + main_loop("pick([1])"), """
    def pick(xs):
        return len(xs)
    """, "random")

plant("output in another order", "show", """
    def show(xs):
        for x in sorted(xs):
            print(x, end=' ')
    for i in range(50):
        show([3, i, 2])
    """, """
    def show(xs):
        print(*xs, end=' ')
    """, "output")

plant("global counter forgotten", "work", """
    calls = 0
    def work(n):
        global calls
        calls += 1
        return n * 2
    """ + main_loop("work(i)"), """
    def work(n):
        return n * 2
    """, "calls")

plant("negative zero", "clip", """
    def clip(x):
        return x if x <= 0.0 else 0.0
    """ + main_loop("clip(-0.0)"), """
    def clip(x):
        return x if x < 0.0 else 0.0
    """, "result")

plant("NaN among the numbers", "largest", """
    def largest(xs):
        best = xs[0]
        for x in xs:
            if x > best:
                best = x
        return best
    nan = float('nan')
    """ + main_loop("largest([3.0, nan, 1.0])"), """
    def largest(xs):
        return sorted(xs)[-1]
    """, "result")

plant("bool becomes int", "is_even", """
    def is_even(n):
        return n % 2 == 0
    """ + main_loop("is_even(i)"), """
    def is_even(n):
        return 1 - n % 2
    """, "result")

plant("dict in another order", "count", """
    def count(words):
        out = {}
        for w in words:
            out[w] = out.get(w, 0) + 1
        return out
    """ + main_loop("count(['b', 'a', 'b', 'c'])"), """
    def count(words):
        return {w: words.count(w) for w in sorted(words)}
    """, "result")

plant("memo hands out one list", "build", """
    memo = {}
    def build(n):
        return list(range(n))
    def use(n):
        xs = build(n)
        xs.append(0)
        return xs
    """ + main_loop("use(5)"), """
    def build(n):
        if n not in memo:
            memo[n] = list(range(n))
        return memo[n]
    """, "differs")

plant("wrong on one rare late input", "grade", """
    def grade(points):
        if points >= 1000:
            return 'A'
        return 'B' if points >= 500 else 'C'
    """ + main_loop("grade(1000 if i == 17771 else i % 900)", 20000), """
    def grade(points):
        return 'A' if points > 1000 else 'B' if points >= 500 else 'C'
    """, "call 17772")

plant("wrong on one rare late list", "span", """
    def span(xs):
        return max(xs) - min(xs) if xs else 0
    """ + main_loop("span([] if i == 4567 else [i, 3, 2])", 6000), """
    def span(xs):
        xs = sorted(xs)
        return xs[-1] - xs[0]
    """, "call 4568")

plant("rounding halves up", "rounded", """
    def rounded(x):
        return round(x)
    """ + main_loop("rounded(i + 0.5)"), """
    def rounded(x):
        return int(x + 0.5)
    """, "result")

plant("exact integers through floats", "root", """
    import math
    def root(n):
        return math.isqrt(n)
    """ + main_loop("root(10**30 - 1 - i)"), """
    def root(n):
        return int(math.sqrt(n))
    """, "result")

plant("a tuple instead of a list", "pair", """
    def pair(a, b):
        return [a, b]
    """ + main_loop("pair(i, i)"), """
    def pair(a, b):
        return (a, b)
    """, "result")

plant("a generator instead of a list", "squares", """
    def squares(n):
        return [x * x for x in range(n)]
    """ + main_loop("squares(5)"), """
    def squares(n):
        return (x * x for x in range(n))
    """, "generator")

plant("a key is left behind", "lookup", """
    table = {}
    def lookup(key):
        return table.get(key, 0)
    """ + main_loop("lookup(i)"), """
    def lookup(key):
        return table.setdefault(key, 0)
    """, "table")

plant("object state not updated", "Tank.fill", """
    class Tank:
        def __init__(self):
            self.level = 0
            self.fills = 0
        def fill(self, n):
            self.fills += 1
            self.level += n
            return self.level
    tank = Tank()
    """ + main_loop("tank.fill(2)"), """
    def fill(self, n):
        self.level += n
        return self.level
    """, "differs")

plant("class attribute not updated", "Node.make", """
    class Node:
        made = 0
        @staticmethod
        def make(n):
            Node.made += 1
            return n + 1
    """ + main_loop("Node.make(i)"), """
    @staticmethod
    def make(n):
        return n + 1
    """, "Node")

plant("closure not updated", "counter.<locals>.step", """
    def counter():
        count = 0
        def step(n):
            nonlocal count
            count += n
            return n
        return step
    step = counter()
    """ + main_loop("step(1)"), """
    def step(n):
        count
        return n
    """, "count")

plant("environment changed", "home", """
    import os
    def home():
        return os.environ.get('HASTEN_TEST_HOME', '/')
    """ + main_loop("home()"), """
    def home():
        return os.environ.setdefault('HASTEN_TEST_HOME', '/')
    """, "environment")

plant("works on the clock", "pause", """
    import time
    def pause(n):
        return n + 1
    """ + main_loop("pause(i)"), """
    def pause(n):
        return n + 1 if time.time() > 0 else n
    """, "clock")

plant("writes a file besides", "log", """
    def log(n):
        return n
    """ + main_loop("log(i)"), """
    def log(n):
        open('planted.log', 'a').write('x')
        return n
    """, "file")

plant("starts a thread", "task", """
    import threading
    def task(n):
        return n
    """ + main_loop("task(i)"), """
    def task(n):
        threading.Thread(target=int).start()
        return n
    """, "thread")

plant("equality without hash", "known", """
    class Point:
        def __init__(self, x):
            self.x = x
        def __eq__(self, other):
            return self.x == other.x
        def __hash__(self):
            return id(self)
    points = [Point(j) for j in range(100)]
    def known(p):
        return p in points
    """ + main_loop("known(Point(i % 120))"), """
    def known(p):
        return p in set(points)
    """, "result")

plant("never ends", "collatz", """
    def collatz(n):
        steps = 0
        while n != 1:
            n = 3 * n + 1 if n % 2 else n // 2
            steps += 1
        return steps
    """ + main_loop("collatz(i + 1)", 20), """
    def collatz(n):
        steps = 0
        while n > 0:
            n = 3 * n + 1 if n % 2 else n // 2
            steps += 1
        return steps
    """, "still running")

plant("ends the process", "leave", """
    import os
    def leave(n):
        return n
    """ + main_loop("leave(i)"), """
    def leave(n):
        os._exit(0)
    """, "ended the process")


@pytest.mark.process
@pytest.mark.parametrize("name", CASES)
def test_no_planted_wrong_edit_is_proven(name, judge_rewrite, monkeypatch):
    monkeypatch.setattr(calls, "CALL_S_MIN", 1.0)  # there is nothing to compile here
    program, function, rewrite, reason = CASES[name]
    verdict, _ = judge_rewrite(program, function, rewrite)
    assert verdict.verdict != "proven"
    assert reason in verdict.reason, verdict.reason
    assert "faster" not in verdict.reason, "refused for speed, which says nothing about the judge"


def test_there_are_at_least_twenty():
    assert len(CASES) >= 20
