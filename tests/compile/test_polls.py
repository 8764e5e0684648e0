"""What compiled code owes the rest of the program, wherever it spends its time: signals are handled, other threads get their turn.

Each program would run for years if it were never asked, so that a limit of time says which it was.
"""

import subprocess
import sys
import textwrap

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
pytest.importorskip("hasten._compile")

LIMIT_S = 60

ENDLESS = {
    "recursion": """
        @hasten.jit
        def endless(n):
            return n if n < 2 else endless(n - 1) + endless(n - 2)
        endless(10)
        start = lambda: endless(90)
        """,
    "mutual recursion": """
        @hasten.jit
        def even(n):
            return 1 if n == 0 else odd(n - 1) + odd(n - 1)
        @hasten.jit
        def odd(n):
            return 0 if n == 0 else even(n - 1) + even(n - 1)
        even(4)
        start = lambda: even(90)
        """,
    "short loops": """
        @hasten.jit
        def short(n):
            total = 0
            for i in range(n):
                total += i
            return total % 3
        @hasten.jit
        def middle(n):
            total = 0
            for i in range(n):
                total += short(n)
            return total % 3
        @hasten.jit
        def outer(n, times):
            total = 0
            for i in range(times):
                total += middle(n)
            return total
        outer(3, 3)
        start = lambda: outer(3000, 10**12)
        """,
    "a recursion's loop that takes in another call": """
        @hasten.jit
        def rest(n):
            while n > 3:
                n -= 3
            return n
        @hasten.jit
        def endless(n):
            total = 0
            for k in range(2):
                total += rest(n) if n < 1 else endless(n - 1)
                total ^= rest(n & 7)
            return total
        endless(4)
        start = lambda: endless(90)
        """,
    "a loop that takes in a call": """
        @hasten.jit
        def rest(n):
            while n > 3:
                n -= 3
            return n
        @hasten.jit
        def outer(times):
            total = 0
            for k in range(times):
                total += rest(k & 7)
            return total
        outer(3)
        start = lambda: outer(10**15)
        """,
    "nested function": """
        @hasten.jit
        def outer(n):
            def count(k):
                return 1 if k < 1 else count(k - 1) + count(k - 1)
            return count(n)
        outer(4)
        start = lambda: outer(90)
        """,
    "calls from Python's own functions": """
        @hasten.jit
        def add(total, n):
            return total + n
        import functools, itertools
        add(1, 2)
        start = lambda: functools.reduce(add, itertools.repeat(0), 0)
        """,
}


@pytest.fixture
def run(tmp_path):
    def run(program, start):
        script = tmp_path / "program.py"
        script.write_text("import hasten\n" + textwrap.dedent(program) + textwrap.dedent(start) + textwrap.dedent("""
            for function in list(globals().values()):
                if isinstance(function, hasten.jit.Function):
                    report = function.report()  # where it is no faster than Python, Python may have it in the end
                    assert all("slower than Python" in reason for reason in report["reasons"]), report
            """))
        return subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=LIMIT_S)
    return run


@pytest.mark.parametrize("where", ENDLESS)
def test_a_signal_is_handled(run, where):
    done = run(ENDLESS[where], """
        import signal
        class Rang(Exception): pass
        def ring(*_): raise Rang
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            start()
        except Rang:
            print("rang")
        """)
    assert (done.stdout, done.returncode) == ("rang\n", 0), done.stderr


@pytest.mark.parametrize("where", ENDLESS)
def test_another_thread_gets_its_turn(run, where):
    done = run(ENDLESS[where], """
        import os, threading
        def other():
            print("my turn", flush=True)
            os._exit(0)
        threading.Timer(0.05, other).start()
        start()
        """)
    assert (done.stdout, done.returncode) == ("my turn\n", 0), done.stderr


@pytest.mark.parametrize("where", ENDLESS)
def test_an_exception_that_another_thread_sends_is_raised(run, where):
    done = run(ENDLESS[where], """
        import ctypes, threading, traceback
        def spin():
            running.set()
            try:
                start()
            except KeyError as error:
                names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
                print("got", repr(error), names[0], "<lambda>" in names[1:2], names[-1] != "<lambda>" or len(names) == 2)
        running = threading.Event()
        thread = threading.Thread(target=spin)
        thread.start()
        running.wait()
        assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(KeyError)) == 1
        thread.join()
        """)
    assert (done.stdout, done.returncode) == ("got KeyError() spin True True\n", 0), done.stderr


def test_a_handler_in_compiled_code_catches_it(run):
    done = run("""
        @hasten.jit
        def spin(n):
            count = 0
            try:
                while True:
                    for i in range(n):
                        count += i & 1
            except KeyError:
                return "caught"
        """, """
        import ctypes, threading, time
        results = []
        thread = threading.Thread(target=lambda: results.append(spin(10000)))
        thread.start()
        while spin.report()["tier"] != "native":
            time.sleep(0.001)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(KeyError))
        thread.join()
        print(results)
        """)
    assert (done.stdout, done.returncode) == ("['caught']\n", 0), done.stderr


@pytest.mark.parametrize("interval, least, most", [("1000", 0, 1), ("0.005", 2, 10**9)])
def test_the_switch_interval_is_the_programs(run, interval, least, most):
    done = run("""
        @hasten.jit
        def work(n):
            total = 0
            for i in range(n):
                total += i * i % 7
            return total
        """, f"""
        import sys, threading, time
        work(10)
        turns, over = [], False
        def other():
            while not over:
                turns.append(1)
                time.sleep(0.001)
        thread = threading.Thread(target=other)
        thread.start()
        while not turns:
            time.sleep(0.001)
        sys.setswitchinterval({interval})
        work(10**7)  # sees the new interval
        before = len(turns)
        work(3 * 10**8)
        seen = len(turns) - before
        over = True
        sys.setswitchinterval(0.005)
        thread.join()
        print(seen)
        """)
    assert done.returncode == 0, done.stderr
    assert least <= int(done.stdout) <= most


def numbers_in_every_register(rounds, step):
    """More ints than there are registers that a call of C keeps, and some floats, all changed by each round."""
    a, b, c, d, e, f, g, h = 1, 2, 3, 4, 5, 6, 7, 8
    x, y, z = 0.5, 1.5, 2.5
    i = 0
    while i < rounds:
        a = (a + b) & 0xFFFF
        b = (b ^ c) + 1 & 0xFFFF
        c = (c + d + step) & 0xFFFF
        d = (d ^ e) + 3 & 0xFFFF
        e = (e + f) & 0xFFFF
        f = (f ^ g) + step & 0xFFFF
        g = (g + h) & 0xFFFF
        h = (h ^ a) + 7 & 0xFFFF
        x, y, z = y * 0.5 + a, z * 0.25 + e, x * 0.125 + h
        i += 1
    return a, b, c, d, e, f, g, h, x, y, z


@pytest.mark.parametrize("rounds", [4095, 4096, 4097, 100_000])
def test_no_register_is_lost_where_a_loop_polls(rounds):
    import threading

    compiled = hasten.jit(numbers_in_every_register)
    compiled(10, 5)
    done = threading.Event()

    def other():  # takes the GIL at each poll that gives it away
        while not done.is_set():
            sum(range(50))

    thread = threading.Thread(target=other)
    thread.start()
    try:
        assert compiled(rounds, 5) == numbers_in_every_register(rounds, 5)
    finally:
        done.set()
        thread.join()
