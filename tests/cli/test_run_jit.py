"""`hasten run --jit` against plain Python: the same output, exit code and errors, whatever the program does to its functions.

HASTEN_JIT_UNSEEN=eager compiles each function at its first sample. When that comes is chance: where a test is about what became of
a function, the program goes on until Hasten has told of it.
"""

import json
import os
import re
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process
pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")

HOT = """
import os, sys, time
def busy(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total
def is_told(name):
    '''Whether Hasten has told what became of the function: it does so in files below TOLD. Without --jit nobody tells.'''
    for at, _, files in os.walk(os.environ.get("TOLD", "")):
        for file in files:
            if file.endswith(".jsonl"):
                with open(os.path.join(at, file)) as rows:
                    if f'"function": "{name}"' in rows.read():
                        return True
    return "TOLD" not in os.environ
def until(seconds, do, *names):
    '''Calls `do` until these functions were compiled or refused, and then for so much CPU time.'''
    while True:
        end = time.process_time() + seconds
        while time.process_time() < end:
            do()
        if not names:
            return
        names = [name for name in names if not is_told(name)]
"""


def eager(folder):
    """The environment of a run with --jit; what it tells of functions is in files of the folder as soon as it is so."""
    folder.mkdir(exist_ok=True)
    return {**os.environ, "HASTEN_JIT_UNSEEN": "eager", "TMPDIR": str(folder), "TOLD": str(folder)}


@pytest.fixture
def both(tmp_path):
    """Runs a program plain and with --jit; gives the report's `jit` once they were the same."""

    def run(text, *words, seconds=120, flags=(), **environment):
        program = tmp_path / "program.py"
        program.write_text(HOT + textwrap.dedent(text))
        options = {"capture_output": True, "text": True, "timeout": seconds, "cwd": tmp_path}
        plain = subprocess.run([sys.executable, *flags, "program.py", *words], **options)
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "hasten", "run", "--jit", "--rate", "200", "--json", report, "program.py", *words],
            env={**eager(tmp_path / "told"), **environment},
            **options,
        )
        assert done.stdout == plain.stdout, done.stderr
        assert done.returncode == plain.returncode
        theirs = re.split(r"^hasten  \d", done.stderr, maxsplit=1, flags=re.MULTILINE)[0]
        assert theirs == plain.stderr
        return json.loads(report.read_text())["jit"]

    return run


def names(rows):
    return {row["function"] for row in rows}


def test_a_hot_function_runs_natively(both):
    jit = both("""
        sums = set()
        until(0.3, lambda: sums.add(busy(2000)), "busy")
        print(sums, busy.__name__, busy.__code__.co_varnames, busy.__defaults__)
    """)
    (row,) = [row for row in jit["compiled"] if row["function"] == "busy"]
    assert row["calls"] > 100 and row["left"] == 0
    assert jit["compile_s"] > 0


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the background is for machines with two processors")
def test_what_is_hot_is_compiled_in_the_background(both):
    jit = both(
        """
        sums = set()
        until(1.0, lambda: sums.add(busy(2000)), "busy")
        print(sums)
        """,
        HASTEN_JIT_UNSEEN="",  # as users have it: with a budget
        HASTEN_JIT_BACKGROUND="1",
    )
    (row,) = [row for row in jit["compiled"] if row["function"] == "busy"]
    assert row["calls"] > 100 and row["left"] == 0
    assert row["python_calls"] > 0  # until the code was there
    assert jit["compile_s"] > 0


def test_exceptions_and_their_tracebacks(both):
    jit = both("""
        import traceback
        def fails(n, m):
            total = 0
            for i in range(n):
                total += 100 // (i - m)
            return total
        def work():
            try:
                fails(500, 400)
            except ZeroDivisionError:
                return traceback.format_exc()
        texts = set()
        until(0.2, lambda: texts.add(work()), "fails")
        print(*texts)
        fails(500, 450)
    """)
    assert "fails" in names(jit["compiled"])


def test_wrong_arguments_are_refused_as_by_the_function(both):
    jit = both("""
        def takes(a, b=2, *, c=3):
            total = 0
            for i in range(200):
                total += a * b + c + i
            return total
        until(0.2, lambda: takes(1, c=5), "takes")
        for call in (lambda: takes(), lambda: takes(1, 2, 3), lambda: takes(1, d=4), lambda: takes(1, a=1), lambda: takes(b=1)):
            try:
                call()
            except TypeError as error:
                print(error)
        print(takes(1), takes(1, 5, c=7), takes(*(1, 2), **{"c": 4}))
    """)
    assert "takes" in names(jit["compiled"])


def test_defaults_and_code_that_are_assigned_hold_at_once(both):
    jit = both("""
        def scaled(n, by=2):
            total = 0
            for i in range(n):
                total += i * by
            return total
        def other(n, by=2):
            return "other", n, by
        until(0.2, lambda: scaled(500), "scaled")
        print(scaled(10))
        scaled.__defaults__ = (5,)
        print(scaled(10))
        until(0.1, lambda: scaled(500))
        scaled.__code__ = other.__code__
        print(scaled(10), scaled.__code__ is other.__code__)
        until(0.1, lambda: scaled(500))
        print(scaled(11))
    """)
    assert jit["compiled"] or jit["refused"]


def test_a_function_that_is_replaced(both):
    both("""
        import types
        def inner(n):
            total = 0
            for i in range(n):
                total += i
            return total
        def outer(n):
            return [inner(n) for _ in range(3)]
        until(0.2, lambda: outer(300))
        print(outer(10))
        original = inner
        inner = lambda n: -n
        print(outer(10), original(10), type(original) is types.FunctionType)
        inner = original
        until(0.1, lambda: outer(300))
        print(outer(10), inner is original)
    """)


def test_methods_pickling_and_introspection(both):
    jit = both("""
        import inspect, pickle, copy
        class Sum:
            def __init__(self):
                self.k = 3
            def of(self, n, *rest, scale=2, **named):
                '''Adds.'''
                total = 0.0
                for i in range(n):
                    total += i * scale + self.k
                return total, rest, named
        s = Sum()
        until(0.2, lambda: s.of(300, 1, x=2), "Sum.of")
        print(s.of(10, 1, 2, scale=3, y=1), Sum.of(s, 3))
        print(inspect.signature(Sum.of), Sum.of.__doc__, inspect.getsource(Sum.of))
        print(pickle.loads(pickle.dumps(busy)) is busy, copy.copy(busy) is busy, Sum.of.__code__.co_consts)
        print(inspect.getclosurevars(busy).globals, busy.__closure__, busy.__kwdefaults__, Sum.of.__kwdefaults__)
    """)
    assert "Sum.of" in names(jit["compiled"]) | names(jit["refused"])


def test_recursion_is_as_deep(both):
    jit = both("""
        def down(n):
            total = n * 3 % 7 + n * n % 11 + n * 5 // 3 + (n & 12) * n
            return down(n - 1) + total if n else total
        until(0.3, lambda: down(30))
        def deepest():
            low = 100
            while True:
                try:
                    down(low)
                except RecursionError as error:
                    return low, str(error)
                low += 1
        print(deepest())
    """)
    assert jit["compiled"] or jit["refused"]


def test_recursion_far_beyond_the_usual_limit(both):
    both("""
        def down(n):
            total = n * 3 % 7 + n * n % 11 + n * 5 // 3 + (n & 12) * n
            return down(n - 1) + total if n else total
        def even(n):
            total = n * 3 % 7 + n * n % 11 + n * 5 // 3 + (n & 12) * n
            return odd(n - 1) + total if n else total
        def odd(n):
            total = n * 3 % 7 + n * n % 11 + n * 5 // 3 + (n & 12) * n
            return even(n - 1) - total if n else total
        until(0.2, lambda: down(30))
        until(0.2, lambda: even(30))
        sys.setrecursionlimit(100_000)
        print(down(50_000), even(50_000))
    """)


def test_generators_and_those_who_look_at_frames_stay_python(both):
    jit = both("""
        def numbers(n):
            for i in range(n):
                yield i * i
        def name_of_caller():
            return sys._getframe(1).f_code.co_name
        def looks(n):
            total = 0
            for i in range(n):
                total += i
            return name_of_caller(), total
        def hidden(n):
            total = 0
            for i in range(n):
                total += i
            return getattr(sys, "_get" + "frame")(0).f_code.co_name, total
        seen = set()
        def work():
            sum(numbers(200))
            seen.add(looks(200))
            seen.add(hidden(200))
        until(0.2, work, "looks", "hidden", "numbers")
        print(sorted(seen))
    """)
    assert not names(jit["compiled"]) & {"numbers", "looks", "hidden"}
    reasons = {row["function"]: row["reasons"] for row in jit["refused"]}
    assert reasons["looks"][0] in ("name_of_caller: _getframe looks at frames, or may", "something below it looked at frames")
    assert reasons["hidden"] == ["something below it looked at frames"]
    assert reasons["numbers"] == ["a generator or coroutine"]


def test_settrace_and_setprofile_see_every_call(both):
    jit = both("""
        def line_events():
            events = []
            def trace(frame, event, argument):
                if frame.f_code.co_filename == __file__:
                    events.append((event, frame.f_code.co_name, frame.f_lineno))
                return trace
            sys.settrace(trace)
            busy(3)
            sys.settrace(None)
            return events
        def calls():
            events = []
            def profile(frame, event, argument):
                events.append((event, frame.f_code.co_name))
            sys.setprofile(profile)
            busy(3)
            sys.setprofile(None)
            return events
        until(0.3, lambda: busy(500), "busy")
        print(line_events())
        print(calls())
        until(0.1, lambda: busy(500))
        print(line_events())
    """)
    assert jit["notes"] == ["the program is traced, profiled or monitored: from then on nothing ran natively"]


def test_cprofile_counts_as_ever(both):
    both("""
        import cProfile, pstats, io
        until(0.3, lambda: busy(500), "busy")
        profile = cProfile.Profile()
        profile.enable()
        for _ in range(7):
            busy(10)
        profile.disable()
        print([(key[2], value[0]) for key, value in pstats.Stats(profile).stats.items() if key[2] == "busy"])
    """)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring came with 3.12")
def test_monitoring_sees_every_call(both):
    both("""
        until(0.3, lambda: busy(500), "busy")
        monitoring, counts = sys.monitoring, [0]
        def on_start(code, offset):
            counts[0] += code.co_name == "busy"
        monitoring.use_tool_id(3, "mine")
        monitoring.register_callback(3, monitoring.events.PY_START, on_start)
        monitoring.set_events(3, monitoring.events.PY_START)
        for _ in range(9):
            busy(10)
        monitoring.set_events(3, 0)
        print(counts)
    """)


def test_threads(both):
    both("""
        import threading
        sums = []
        def work():
            for _ in range(200):
                sums.append(busy(700))
        until(0.2, lambda: busy(500), "busy")
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(sums), set(sums), threading.active_count())
    """)


def test_forked_children(both):
    jit = both("""
        import os, warnings
        warnings.simplefilter("always")
        until(0.2, lambda: busy(500), "busy")
        for k in range(3):
            pid = os.fork()
            if pid == 0:
                until(0.1, lambda: busy(500))
                print("child", k, busy(10), flush=True)
                os._exit(k)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    """)
    assert "busy" in names(jit["compiled"])


def test_what_the_program_sees_of_its_surroundings(both):
    both("""
        import os, subprocess, threading, signal, gc, atexit
        until(0.2, lambda: busy(500), "busy")
        names = [name for name in os.environ if name.startswith("HASTEN") and name != "HASTEN_JIT_UNSEEN"]
        print(names, os.environ.get("PYTHONPATH"), [path for path in sys.path if path.endswith("site")])
        print([name for name in sys.modules if name.partition(".")[0] == "hasten"], "sitecustomize" in sys.modules)
        print(threading.active_count(), len(sys._current_frames()), signal.getsignal(signal.SIGALRM), sys.gettrace())
        print(subprocess.run([sys.executable, "-c", "import sys; print(len(sys.path))"], capture_output=True, text=True).stdout)
    """)


@pytest.mark.parametrize("ending", ["sys.exit(3)", "raise SystemExit('bye')", "raise KeyError(1)", "import os; os._exit(5)", "1/0"])
def test_endings(both, ending):
    both(f"""
        until(0.15, lambda: busy(500), "busy")
        print(busy(5), flush=True)
        {ending}
    """)


def test_ctrl_c_in_native_code(both):
    both("""
        import signal
        def spin(n):
            total = 0
            for i in range(n):
                total += i % 3
            return total
        until(0.2, lambda: spin(500), "spin")
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        try:
            while True:
                spin(1_000_000)
        except KeyboardInterrupt:
            print("interrupted")
    """)


def test_functions_that_hot_ones_call_are_native_too(both):
    jit = both("""
        import traceback
        def step(x, by=3):
            if x == 123456:
                raise ValueError(by)
            return (x * by + 7) % 1000003
        def other(x, by=3):
            return x + by
        def chain(n, x=1):
            for i in range(n):
                x = step(x)
            return x
        results = set()
        until(0.3, lambda: results.add(chain(2000)), "chain")
        print(results)
        try:
            chain(10, 123456)
        except ValueError:
            traceback.print_exc()
        step.__defaults__ = (5,)
        print(chain(10))
        until(0.1, lambda: results.add(chain(2000)))
        step.__code__ = other.__code__
        print(chain(10))
        until(0.1, lambda: results.add(chain(2000)))
        def step(x):
            return x - 1
        print(chain(10), sorted(results))
    """)
    (row,) = [row for row in jit["compiled"] if row["function"] == "chain"]
    assert row["calls"] > 10  # it does little else: refused if the calls went through CPython


def test_a_function_that_rebinds_what_its_caller_calls(both):
    both("""
        def step(x):
            return x * 3 % 1000003
        def chain(n, at=None):
            global step
            x = 1
            for i in range(n):
                x = step(x)
                if i == at:
                    step.__code__ = (lambda x: -x).__code__
            return x
        results = set()
        until(0.3, lambda: results.add(chain(2000)), "chain")
        print(results, chain(2001, 1000), chain(3))
    """)


@pytest.mark.parametrize("change", ["leaf.__code__ = other.__code__", "leaf.__defaults__ = (50,)", "leaf.__kwdefaults__ = {'more': 9}"])
@pytest.mark.parametrize("where", ["poke(change)", "exec(change)"])
def test_what_is_assigned_to_a_callee_in_the_midst_of_a_call_holds(both, change, where):
    both(f"""
        def leaf(x, by=3, *, more=1):
            return (x & 7) * by + more
        def other(x, by=3, *, more=1):
            return 100
        def poke(change):
            exec(change)
        def loop(n, when, change):
            total = 0
            for i in range(n):
                if i == when:
                    {where}
                total += leaf(i) + leaf(total)
            return total
        before = leaf.__code__, leaf.__defaults__, leaf.__kwdefaults__
        seen = set()
        until(0.3, lambda: seen.add(loop(1500, -1, "")), "loop")
        print(seen, loop(60, 7, {change!r}), loop(60, -1, ""))
        leaf.__code__, leaf.__defaults__, leaf.__kwdefaults__ = before
        print(loop(60, -1, ""))
    """)


def test_recursion_of_functions_that_call_each_other(both):
    jit = both("""
        def even(n):
            return True if n == 0 else odd(n - 1)
        def odd(n):
            return False if n == 0 else even(n - 1)
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        results = set()
        until(0.2, lambda: results.add((even(50), fib(15))), "fib")
        print(results, sys.getrecursionlimit())
        try:
            even(100000)
        except RecursionError as error:
            print(type(error).__name__)
    """)
    assert "fib" in names(jit["compiled"])


def test_code_that_is_little_faster_is_python_again(both):
    jit = both("""
        class Grid:
            def __init__(self):
                self.width, self.height = 50, 40
            def index(self, x, y):
                if 0 <= x < self.width and 0 <= y < self.height:
                    return y * self.width + x
                raise IndexError
        grid = Grid()
        seen = set()
        until(0.3, lambda: seen.update(grid.index(x, 7) for x in range(50)), "Grid.index")
        print(sorted(seen))
    """)
    assert "Grid.index" not in names(jit["compiled"])


def test_a_loser_is_python_again(both):
    jit = both("""
        class Node: pass
        node = Node(); node.next = Node(); node.next.next = Node(); node.next.next.value = 3; node.seen = {}
        def loses(node, key):
            node.seen[key] = node.next.next.value
            other = node.next
            return other.next.value, node.seen[key], str(key)
        seen = set()
        until(0.2, lambda: seen.add(loses(node, 5)), "loses")
        print(seen)
    """)
    assert "loses" not in names(jit["compiled"])


def test_a_loser_that_leaves_native_code_in_most_calls_is_python_again(both):
    jit = both("""
        import math
        class Vector:
            def __init__(self, x, y, z):
                self.x, self.y, self.z = x, y, z
            def length(self):
                return math.sqrt(self.x ** 2 + self.y ** 2 + self.z ** 2)
        vectors = [Vector(1.6, 0.3, 0), Vector(0.25, 1.5, 0.0), Vector(2, 1.5, 0.5)] * 100
        seen = set()
        until(0.4, lambda: seen.update(v.length() for v in vectors), "Vector.length")
        print(sorted(seen))
    """)
    (row,) = [row for row in jit["compiled"] + jit["refused"] if row["function"] == "Vector.length"]
    assert row["left"] < 1000 or row["left"] < row["calls"] / 64, row


def test_the_verdict_names_what_was_compiled(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(HOT + "until(0.3, lambda: busy(2000), 'busy')\ndef gen():\n    yield\n")
    done = subprocess.run(
        [sys.executable, "-m", "hasten", "run", "--jit", "program.py"], cwd=tmp_path, capture_output=True, text=True,
        env=eager(tmp_path / "told"), timeout=120,
    )  # fmt: skip
    assert done.returncode == 0
    assert re.search(r"^jit     compiled \d+ functions? in [\d.]+ m?s(?: \(.*\))?; \d+ left to Python$", done.stderr, re.MULTILINE), done.stderr
    assert re.search(r"^        program.py:3 busy  \d+ native calls", done.stderr, re.MULTILINE), done.stderr


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the background is for machines with two processors")
def test_compiling_in_the_background_is_no_lines_work(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(HOT + "until(0.3, lambda: busy(2000), 'busy')\n")
    done = subprocess.run(
        [sys.executable, "-m", "hasten", "run", "--jit", "--rate", "2000", "--json", "report.json", "program.py"], cwd=tmp_path,
        capture_output=True, text=True, env={**eager(tmp_path / "told"), "HASTEN_JIT_BACKGROUND": "1"}, timeout=120,
    )  # fmt: skip
    assert re.search(r"^jit     compiled .* \([\d.]+ m?s on a thread of its own\);", done.stderr, re.MULTILINE), done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["outside_python"]["cpu_share"] > 0
    assert [row for row in report["lines"] if "native_threads" in row] == []


def test_without_site_nothing_is_compiled_and_that_is_said(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("print(1)")
    done = subprocess.run(
        [sys.executable, "-m", "hasten", "run", "--jit", "--python", sys.executable, "program.py"], cwd=tmp_path,
        capture_output=True, text=True, env={**os.environ, "PYTHONNOUSERSITE": "1"}, timeout=120,
    )  # fmt: skip
    assert done.stdout == "1\n"
    done = subprocess.run(
        [sys.executable, "-m", "hasten", "run", "--jit", "--counts", "f", "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
