"""Code that is generated in the background: calls run as Python until it is there, and nothing waits for it by accident."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")

import hasten
from hasten.errors import CompileError

HERE = Path(__file__).parent


def ready(function, *args):
    """The function with native code for these arguments: after a call that asks, and what calls have asked for."""
    function(*args)
    function.wait()
    assert function.report()["tier"] == "native"
    return function


def test_calls_run_as_python_until_the_code_is_there():
    @hasten.jit(background=True)
    def total(n):
        found = 0
        for k in range(n):
            found += k * k
        return found

    facts = total.report()
    assert facts["background"] and facts["under_way"] == 0
    assert total(10) == 285
    facts = total.report()
    assert facts["python_calls"] == 1
    # What was made meanwhile is taken in by the report, and none of it has been called.
    assert all(version["calls"] == 0 for version in facts["versions"])
    total.wait()
    assert total(11) == 385
    facts = total.report()
    assert facts["tier"] == "native" and facts["under_way"] == 0 and facts["python_calls"] == 1
    assert [version["calls"] for version in facts["versions"]] == [1]
    assert total.hasten.report()["versions"][0]["quick"] is False


def test_a_call_does_not_wait_while_code_is_generated(tmp_path):
    # A hundred loops take LLVM a hundred milliseconds or more; the call that asks for them takes a part of that.
    lines = ["def many(n):", "    t = 0"]
    for k in range(100):
        lines += ["    for i in range(n):", f"        t = (t * {k + 3} + i) % 1000003"]
    lines.append("    return t")
    path = tmp_path / "many_loops.py"
    path.write_text("\n".join(lines) + "\n")
    space = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    plain = space["many"]
    many = hasten.jit(background=True)(plain)
    assert many(2) == plain(2)
    deadline = time.monotonic() + 60
    calls_meanwhile = 0
    while many.report()["tier"] != "native" and time.monotonic() < deadline:
        assert many(3) == plain(3)
        calls_meanwhile += 1
    assert many(4) == plain(4)
    facts = many.report()
    assert facts["tier"] == "native" and facts["python_calls"] >= calls_meanwhile > 5


def test_other_types_get_versions_of_their_own():
    @hasten.jit(background=True)
    def twice(x):
        return x + x

    ready(twice, 3)
    assert twice(1.5) == 3.0 and twice("ab") == "abab"
    twice.wait()
    assert (twice(3), twice(1.5), twice("ab"), twice(2**62)) == (6, 3.0, "abab", 2**63)
    assert len(twice.report()["versions"]) == 3


def test_code_that_leaves_often_is_widened_in_the_background():
    @hasten.jit(background=True)
    def power(base, n):
        result = 1
        for _ in range(n):
            result *= base
        return result

    ready(power, 3, 5)
    for _ in range(300):
        assert power(7, 60) == 7**60
        power.wait()
    facts = power.report()
    assert facts["retired"] >= 1 and facts["compiles"] >= 2
    left = facts["versions"][0]["landings"]
    for _ in range(20):
        assert power(7, 60) == 7**60
    assert power.report()["versions"][0]["landings"] == left  # it left at every call before


def test_a_refusal_is_told_as_ever():
    @hasten.jit(background=True)
    def odd(n):
        return eval("n + 1")

    assert odd(1) == 2
    odd.wait()
    assert odd(2) == 3
    facts = odd.report()
    assert facts["tier"] == "python" and facts["reasons"] and facts["under_way"] == 0
    with pytest.raises(CompileError):
        hasten.jit(odd.__wrapped__, strict=True, background=True)


@hasten.jit(background=True)
def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def test_deep_recursion_is_not_left_to_the_c_stack():
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(200_000)
    answers = []
    threading.stack_size(64 << 20)
    try:
        thread = threading.Thread(target=lambda: answers.append(depth(30_000)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(0)
        sys.setrecursionlimit(before)
    assert answers == [30_000]


def test_the_code_object_may_be_replaced_meanwhile():
    @hasten.jit(background=True)
    def f(n):
        return n + 1

    def other(n):
        return n - 1

    f(1)
    f.wait()
    f(1)
    f.__code__ = other.__code__
    f.wait()
    assert f(5) == 4


def test_a_function_may_go_while_its_code_is_generated():
    for k in range(20):
        space = {"hasten": hasten}
        text = f"def g(n):\n    t = {k}\n    for i in range(n):\n        t += i * {k}\n    return t\n"
        path = HERE / f"gone_{k}_of_test_background.py"
        path.write_text(text)
        try:
            exec(compile(text, str(path), "exec"), space)
            g = hasten.jit(background=True)(space["g"])
            g.wait()
            assert g(4) == k + 6 * k
            del g
            space.clear()
        finally:
            path.unlink()


def test_threads_that_ask_at_the_same_time():
    @hasten.jit(background=True)
    def mixed(a, b):
        t = a - a
        for k in range(50):
            t = t + a * b - k
        return t

    expected = {(a, b): mixed.__wrapped__(a, b) for a in (1, 2.5, 3 + 1j, True) for b in (2, 0.5, 1j)}
    wrong = []

    def ask():
        for _ in range(200):
            for (a, b), answer in expected.items():
                got = mixed(a, b)
                if got != answer or type(got) is not type(answer):
                    wrong.append((a, b, got))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mixed.wait()
    assert not wrong
    assert mixed.report()["tier"] == "native" and mixed.report()["under_way"] == 0


PROGRAM = """
import os, sys, hasten

def loops(k):
    return "\\n".join(f"    for i in range(n):\\n        t = (t * {j + k + 3} + i) % 1000003" for j in range(60))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "made.py")
with open(path, "w") as file:
    for k in range(4):
        file.write(f"def many{k}(n):\\n    t = 0\\n{loops(k)}\\n    return t\\n")
sys.path.insert(0, os.path.dirname(path))
import made

plain = [getattr(made, f"many{k}") for k in range(4)]
compiled = [hasten.jit(background=True)(one) for one in plain]
compiled[0].wait()  # for the compiler
for one, same in zip(compiled, plain):
    assert one(5) == same(5)
"""


def run(program, folder, *arguments, **environment):
    path = folder / "program.py"
    path.write_text(PROGRAM + textwrap.dedent(program))
    env = {**os.environ, "HASTEN_JIT_CACHE": "off", **environment}
    return subprocess.run(
        [sys.executable, *arguments, path], capture_output=True, text=True, timeout=120, env=env, check=False
    )


@pytest.mark.process
@pytest.mark.parametrize("end", ["", "sys.exit(0)", "os._exit(0)", "import ctypes; ctypes.CDLL(None).exit(0)"])
def test_a_process_ends_while_code_is_generated(tmp_path, end):
    done = run(f"print(sum(one.report()['under_way'] for one in compiled) > 0, flush=True)\n{end}\n", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.process
def test_a_forked_child_goes_on(tmp_path):
    done = run(
        """
        import warnings
        warnings.simplefilter("ignore")  # CPython 3.12 warns of forks where there are threads
        child = os.fork()
        for one, same in zip(compiled, plain):
            for k in range(3):
                one.wait()
                assert one(k + 6) == same(k + 6)
            facts = one.report()
            assert facts["tier"] == "native" and facts["under_way"] == 0, facts
        if child:
            status = os.waitpid(child, 0)[1]
            print("both", status)
        """,
        tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "both 0\n", "")


@pytest.mark.process
def test_no_thread_stays(tmp_path):
    done = run(
        """
        for one in compiled:
            one.wait()
        if child := os.fork():  # CPython 3.12 would warn of threads
            print(os.waitpid(child, 0)[1])
        """,
        tmp_path,
        *("-W", "error"),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


@pytest.mark.process
def test_the_environment_asks_for_all_and_the_cache_answers_at_once(tmp_path):
    path = tmp_path / "cached.py"
    path.write_text(
        textwrap.dedent("""
        import sys, hasten

        @hasten.jit
        def total(n):
            found = 0
            for k in range(n):
                found ^= k * k
            return found

        total(9)
        first = total.report()
        total.wait(), total(9), total.wait(), total(9)
        last = total.report()
        print(first["tier"], last["tier"], last["cache_loaded"], last["cache_stored"], last["python_calls"] > 0,
              "hasten._compile" in sys.modules)
        """)
    )
    env = {**os.environ, "HASTEN_JIT_CACHE": str(tmp_path / "cache"), "HASTEN_JIT_BACKGROUND": "1"}
    said = [
        subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=120, env=env, check=True).stdout
        for _ in range(2)
    ]
    assert said[0].split() == ["python", "native", "0", "1", "True", "True"]
    assert said[1].split() == ["native", "native", "1", "0", "False", "False"]


@pytest.mark.process
def test_ctrl_c_reaches_the_program_while_code_is_generated(tmp_path):
    done = run(
        """
        import signal
        try:  # the thread in the background blocks all signals: they are the program's
            os.kill(os.getpid(), signal.SIGINT)
            while True:
                pass
        except KeyboardInterrupt:
            print("interrupted")
        """,
        tmp_path,
    )
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr


@pytest.mark.process
def test_what_is_asked_of_compiled_functions_holds(tmp_path):
    files = ["test_dropin.py", "test_language.py", "test_tracebacks.py", "test_scopes.py", "test_handling.py", "test_leaks.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout", *(HERE / n for n in files)],
        env={**os.environ, "HASTEN_JIT_BACKGROUND": "wait", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
