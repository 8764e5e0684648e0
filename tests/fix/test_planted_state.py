"""More plausible edits that are wrong: they differ in what lies around a call, not in what it returns.

State behind classes, other objects and caches; state of libraries that Python code sets; aliases; exceptions.
As in test_planted_wrong.py, speed must never be the reason of the refusal.
"""

import pytest

# name: (program, function, the wrong rewrite, words that the reason must hold)
CASES = {}


def plant(name, function, program, rewrite, reason):
    CASES[name] = (program, function, rewrite, reason)


def main_loop(call, count=300):
    """A main that uses the calls but prints nothing that depends on them: only the judge can see the difference."""
    return f"\n    for i in range({count}):\n        {call}\n    print('done')\n"


plant("rows shared", "copy_rows", """
    def copy_rows(rows):
        return [row[:] for row in rows]
    """ + main_loop("copy_rows([[i, 1], [2, 3]])"), """
    def copy_rows(rows):
        return list(rows)
    """, "result")

plant("iterator in a class read ahead", "take", """
    class Source:
        numbers = iter(range(10**9))
    def take(n):
        return len([next(Source.numbers) for _ in range(n)])
    """ + main_loop("take(5)"), """
    def take(n):
        return len([next(Source.numbers) for _ in range(n + 1)]) - 1
    """, "`numbers` of class Source differs")

plant("attribute of the thread's own", "feed", """
    import threading
    class State(threading.local):
        seen = 0
    state = State()
    def feed(n):
        state.seen += n
        return n
    """ + main_loop("feed(5)"), """
    def feed(n):
        state.seen = state.seen + n + 1
        return n
    """, "`state`")

plant("counter behind an object", "step", """
    import itertools
    ids = itertools.count()
    class World:
        def tick(self):
            return next(ids) * 0
    world = World()
    def step(n):
        return sum([world.tick() for _ in range(n)])
    """ + main_loop("step(5)"), """
    def step(n):
        return sum([world.tick() for _ in range(n + 1)])
    """, "global `ids` differs")

plant("list inside a cache", "size", """
    import functools
    @functools.lru_cache(None)
    def table():
        return [3, 1, 2]
    def size(n):
        return len(table()) + n
    """ + main_loop("table(); size(5)"), """
    def size(n):
        t = table()
        t.sort()
        return len(t) + n
    """, "`table` differs")

plant("list inside a bounded cache", "size", """
    import functools
    @functools.lru_cache(8)
    def table():
        return [3, 1, 2]
    def size(n):
        return len(table()) + n
    """ + main_loop("table(); size(5)"), """
    def size(n):
        t = table()
        t.reverse()
        return len(t) + n
    """, "`table` differs")

plant("__del__ at another time", "use", """
    log = []
    class Temp:
        def __del__(self):
            log.append('gone')
    def use(n):
        t = Temp()
        del t
        log.append('used')
        return n
    """ + main_loop("use(i); log.clear()"), """
    def use(n):
        t = Temp()
        log.append('used')
        return n
    """, "log")

plant("weak reference dies", "keep", """
    import weakref
    class Thing:
        pass
    seen = weakref.WeakValueDictionary()
    held = []
    def keep(n):
        t = Thing()
        seen[n] = t
        held.append(t)
        return len(seen)
    """ + main_loop("keep(i); held.clear()"), """
    def keep(n):
        t = Thing()
        seen[n] = t
        return len(seen)
    """, "KeyedRef")

plant("locale not set", "fmt", """
    import locale
    def fmt(x):
        locale.setlocale(locale.LC_NUMERIC, 'C.UTF-8')
        return '%.2f' % x
    """ + main_loop("locale.setlocale(locale.LC_NUMERIC, 'C'); fmt(i * 0.5)"), """
    def fmt(x):
        return '%.2f' % x
    """, "locale")

plant("warning filters not set", "calm", """
    import warnings
    def calm(x):
        warnings.simplefilter('ignore', UserWarning)
        return x
    """ + main_loop("warnings.resetwarnings(); calm(i)"), """
    def calm(x):
        return x
    """, "warning filters")

plant("signal handler not set", "arm", """
    import signal
    def arm(x):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        return x
    """ + main_loop("signal.signal(signal.SIGUSR1, signal.SIG_DFL); arm(i)"), """
    def arm(x):
        return x
    """, "signal handlers")

plant("umask not set", "private", """
    import os
    def private(x):
        os.umask(0o077)
        return x
    """ + main_loop("os.umask(0o022); private(i)"), """
    def private(x):
        return x
    """, "umask")

plant("a built-in replaced", "patch", """
    import builtins
    def patch(x):
        builtins.answer = x
        return x
    """ + main_loop("patch(i)"), """
    def patch(x):
        return x
    """, "built-in names")

plant("another file name in the error", "probe", """
    def probe(name):
        return open('/nonexistent/' + name)
    def use(name):
        try:
            probe(name)
        except OSError as error:
            return error.filename
    """ + main_loop("use('a')"), """
    def probe(name):
        return open('/nonexistent/b/' + name)
    """, "exception")

plant("directory changed", "enter", """
    import os
    def enter(x):
        os.chdir('/')
        return x
    """ + main_loop("os.chdir('/tmp'); enter(i)"), """
    def enter(x):
        return x
    """, "directory")

plant("tenth by multiplication", "tenth", """
    def tenth(xs):
        return [x / 10 for x in xs]
    """ + main_loop("tenth([1.0, 3.0, 7.0, float(i)])"), """
    def tenth(xs):
        return [x * 0.1 for x in xs]
    """, "result")

plant("numpy view for a copy", "head", """
    import numpy as np
    def head(a):
        return a[:3].copy()
    """ + main_loop("head(np.arange(10.0) + i)"), """
    def head(a):
        return a[:3]
    """, "result")

plant("numpy generator state", "draw", """
    import numpy as np
    class Dice:
        rng = np.random.default_rng(1)
    def draw(n):
        return len(Dice.rng.random(n))
    """ + main_loop("draw(5)"), """
    def draw(n):
        return n
    """, "")

plant("numpy dtype", "total", """
    import numpy as np
    def total(n):
        return np.sum(np.ones(n, dtype=np.float32))
    """ + main_loop("total(100)"), """
    def total(n):
        return np.sum(np.ones(n))
    """, "result")

plant("alias on a rare late call", "clean", """
    def clean(xs):
        if xs[0] == 1777:
            return xs
        return list(xs)
    """ + main_loop("clean([i, 2])", 3000), """
    def clean(xs):
        return list(xs)
    """, "in what it shares with the arguments")

plant("dict moved to end", "touch", """
    recent = {}
    def touch(k):
        if k in recent:
            del recent[k]
        recent[k] = 1
        return k
    """ + main_loop("touch(i * 7 % 13)"), """
    def touch(k):
        recent[k] = 1
        return k
    """, "recent")

plant("stderr instead of stdout", "say", """
    import sys
    def say(n):
        print(n)
        return n
    """ + main_loop("say(i)"), """
    def say(n):
        print(n, file=sys.stderr)
        return n
    """, "standard")

plant("memo not filled", "fib", """
    memo = {}
    def fib(n):
        if n < 2:
            return n
        if n not in memo:
            memo[n] = fib(n - 1) + fib(n - 2)
        return memo[n]
    """ + main_loop("fib(i % 20); memo.clear()"), """
    def fib(n):
        a, b = 0, 1
        for _ in range(n):
            a, b = b, a + b
        return a
    """, "memo")

plant("exception leaves half the work", "fill", """
    def fill(out, xs):
        for x in xs:
            out.append(10 // x)
    def use():
        out = []
        try:
            fill(out, [5, 2, 0, 1])
        except ZeroDivisionError:
            pass
        return out
    """ + main_loop("use()"), """
    def fill(out, xs):
        out.extend([10 // x for x in xs])
    """, "argument")

plant("OrderedDict for dict", "index", """
    from collections import OrderedDict
    def index(xs):
        return {x: 1 for x in xs}
    """ + main_loop("index([1, 2, i])"), """
    def index(xs):
        return OrderedDict.fromkeys(xs, 1)
    """, "result")

plant("context variable", "enter", """
    import contextvars
    class State:
        depth = contextvars.ContextVar('depth', default=0)
    def enter(n):
        State.depth.set(n)
        return n
    """ + main_loop("enter(i)"), """
    def enter(n):
        return n
    """, "context variables")

plant("logging level", "quiet", """
    import logging
    def quiet(n):
        logging.getLogger('x').setLevel(n % 50)
        return n
    """ + main_loop("quiet(i)"), """
    def quiet(n):
        return n
    """, "logging")

plant("instance list shared by class", "add", """
    class Bag:
        items = []
        def __init__(self):
            self.n = 0
    def add(bag, x):
        bag.items = bag.items + [x]
        return x
    """ + main_loop("add(Bag(), i)"), """
    def add(bag, x):
        bag.items.append(x)
        return x
    """, "Bag")

plant("slot object", "move", """
    class P:
        __slots__ = ('x', 'y')
    def move(p):
        p.x += 1
        p.y = p.x
        return p.x
    def go(i):
        p = P(); p.x = i; p.y = 0
        return move(p)
    """ + main_loop("go(i)"), """
    def move(p):
        p.x += 1
        return p.x
    """, "argument")

plant("StringIO position", "head", """
    import io
    def head(f):
        f.seek(0)
        line = f.readline()
        f.seek(0)
        return line
    buffer = io.StringIO('a\\nb\\n')
    """ + main_loop("head(buffer)"), """
    def head(f):
        f.seek(0)
        return f.readline()
    """, "argument `f` differs")

plant("cached property", "area", """
    class Shape:
        def __init__(self): self.r = 2
    def area(s):
        if not hasattr(s, '_area'):
            s._area = s.r * s.r
        return s._area
    """ + main_loop("area(Shape())"), """
    def area(s):
        return s.r * s.r
    """, "argument")

plant("round half", "cut", """
    def cut(xs):
        return [int(x) for x in xs]
    """ + main_loop("cut([1.5, -1.5, i - 3.5])"), """
    def cut(xs):
        return [int(x // 1) for x in xs]
    """, "result")


@pytest.mark.process
@pytest.mark.parametrize("name", CASES)
def test_no_edit_that_changes_state_is_proven(name, judge_rewrite):
    program, function, rewrite, reason = CASES[name]
    if "numpy" in program:
        pytest.importorskip("numpy")
    verdict, _ = judge_rewrite(program, function, rewrite)
    assert verdict.verdict != "proven"
    assert reason in verdict.reason, verdict.reason
    assert "faster" not in verdict.reason, "refused for speed, which says nothing about the judge"
