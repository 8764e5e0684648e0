"""What hasten.jit returns can stand wherever the function stood."""

import asyncio
import copy
import gc
import inspect
import os
import pickle
import subprocess
import sys
import textwrap
import weakref

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
from hasten.errors import CompileError  # noqa: E402


@hasten.jit
def scale(x, by=2, *, plus=0):
    """Scales x."""
    return x * by + plus


@hasten.jit
def positional(a, /, b):
    return a - b


class Point:
    __limit = 10

    def __init__(self, x):
        self.x = x

    @hasten.jit
    def moved(self, by=1):
        return self.x + by

    @hasten.jit
    def limited(self):
        return min(self.x, self.__limit)

    @hasten.jit
    @staticmethod
    def twice(n):
        return n + n

    @classmethod
    @hasten.jit
    def named(cls, n):
        return (cls.__name__, n)

    @property
    @hasten.jit
    def far(self):
        return self.x > 100


def run(code, **environment):
    """A program of its own; returns its standard output."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_file(tmp_path, code, *options, **environment):
    """Likewise, from a file: functions without source are not compiled."""
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, *options, path],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- identity and attributes ------------------------------------------------------------------------------------------


def test_name_documentation_and_signature():
    assert scale.__name__ == scale.__qualname__ == "scale"
    assert scale.__module__ == __name__
    assert scale.__doc__ == "Scales x."
    assert str(inspect.signature(scale)) == "(x, by=2, *, plus=0)"
    assert inspect.unwrap(scale) is scale.__wrapped__
    assert scale.__wrapped__.__code__ is scale.__code__
    assert "scale" in repr(scale)
    assert inspect.isroutine(scale)
    assert "return x * by" in inspect.getsource(scale)


def test_attributes_can_be_set_and_seen():
    def plain(x):
        return x

    plain.mark = "from below"
    compiled = hasten.jit(plain)
    assert compiled.mark == "from below"
    compiled.note = [1]
    assert compiled.note == [1] and not hasattr(plain, "note")
    assert vars(compiled) == {"mark": "from below", "note": [1]}
    del compiled.note
    with pytest.raises(AttributeError):
        compiled.note  # noqa: B018


def test_defaults_are_live():
    @hasten.jit
    def f(a, b=1, *, c=2):
        return a, b, c

    assert f(0) == (0, 1, 2)
    f.__defaults__ = (10,)
    f.__kwdefaults__ = {"c": 20}
    assert f(0) == (0, 10, 20)
    f.__defaults__ = None
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'b'"):
        f(0)


def test_code_can_be_replaced():
    @hasten.jit
    def f(a):
        return a + 1

    assert f(1) == 2
    f.__code__ = (lambda a: a + 100).__code__
    assert f(1) == 101


def test_hash_equality_weak_reference_and_subclass():
    assert scale == scale and scale != positional
    assert {scale: 1}[scale] == 1
    assert weakref.ref(scale)() is scale
    with pytest.raises(TypeError):
        type("Sub", (hasten.jit.Function,), {})


def test_pickles_and_copies_by_name():
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(scale, protocol)) is scale
        assert pickle.loads(pickle.dumps(Point.moved, max(protocol, 2))) is Point.moved
    assert copy.copy(scale) is scale and copy.deepcopy(scale) is scale


# --- binding ----------------------------------------------------------------------------------------------------------


def test_methods():
    point = Point(3)
    assert point.moved() == 4
    assert point.moved(by=5) == Point.moved(point, 5) == 8
    assert point.limited() == 3 and Point(50).limited() == 10
    assert point.moved.__self__ is point
    assert Point.twice(4) == point.twice(4) == 8
    assert Point.named(1) == ("Point", 1)
    assert not point.far


@pytest.mark.parametrize(
    "args, kwargs",
    [
        ((1,), {}),
        ((1, 3), {}),
        ((1,), {"by": 3}),
        ((), {"x": 1, "by": 3}),
        ((1,), {"plus": 3}),
        ((1,), {"plus": 3, "by": 9}),
        ((), {}),
        ((1, 2, 3), {}),
        ((1,), {"x": 1}),
        ((1,), {"nonsense": 1}),
        ((), {"by": 1}),
    ],
)
def test_arguments_bind_as_in_python(args, kwargs):
    def outcome(function):
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            return str(error)

    assert outcome(scale) == outcome(scale.__wrapped__)


def test_positional_only():
    assert positional(5, 3) == positional(5, b=3) == 2
    with pytest.raises(TypeError, match="positional-only"):
        positional(a=5, b=3)


# --- ways to apply it -------------------------------------------------------------------------------------------------


def test_with_and_without_arguments():
    def f(x):
        return x

    assert isinstance(hasten.jit(f), hasten.jit.Function)
    assert isinstance(hasten.jit()(f), hasten.jit.Function)
    assert isinstance(hasten.jit(strict=False)(f), hasten.jit.Function)
    once = hasten.jit(f)
    assert hasten.jit(once) is once


@pytest.mark.parametrize(
    "access",
    [
        "import hasten; jit = hasten.jit",
        "from hasten import jit",
        "import hasten.jit; jit = hasten.jit",
        "import hasten.jit as jit",
        "import hasten, hasten.jit; jit = hasten.jit",
        "import hasten; hasten.jit; import hasten.jit; jit = hasten.jit",
        "import hasten.jit; from hasten import jit; import hasten; assert jit is hasten.jit",
    ],
)
def test_every_access_gives_the_decorator(access):
    assert run(f"{access}\nprint(jit(lambda x: x + 1)(1))") == "2\n"


def test_switched_off():
    assert (
        run("import hasten\ndef f(): pass\nprint(hasten.jit(f) is f)", HASTEN_JIT="0") == "True\n"
    )


def test_what_is_not_a_function_is_left_alone():
    assert hasten.jit(len) is len
    with pytest.raises(TypeError, match="expects a function"):
        hasten.jit(3)
    with pytest.raises(CompileError):
        hasten.jit(len, strict=True)


# --- what cannot be compiled ------------------------------------------------------------------------------------------


def with_except_group(x):
    try:
        return x
    except* ValueError:
        pass


def with_yield(x):
    yield x


async def with_await(x):
    return x


def with_locals(x):
    return locals()


def with_class(x):
    class Inner:
        value = x

    return Inner.value


REFUSED = {
    with_except_group: 1,
    with_yield: 0,
    with_locals: 1,
    with_class: 1,
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_it_runs_as_python_and_says_why(function):
    compiled = hasten.jit(function)
    compiled([1, 2])
    (reason,) = compiled.report()["reasons"]
    line = function.__code__.co_firstlineno + REFUSED[function]
    assert reason.startswith(f"{__file__}:{line}:")
    assert compiled.report()["python_calls"] == 1
    assert reason in hasten.jit.explain(compiled)


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_strict_raises_instead(function):
    with pytest.raises(CompileError) as caught:
        hasten.jit(strict=True)(function)
    assert caught.value.line == function.__code__.co_firstlineno + REFUSED[function]
    assert caught.value.code.startswith("C1")
    assert (caught.value.column > 0) == (REFUSED[function] > 0)


def test_async_functions_stay_what_they_are():
    compiled = hasten.jit(with_await)
    assert asyncio.run(compiled(3)) == 3


def test_without_source():
    names = {}
    exec("def f(x):\n    return x + 1", names)
    compiled = hasten.jit(names["f"])
    assert compiled(1) == 2
    assert "C100" in compiled.report()["reasons"][0]


def test_changed_source(tmp_path):
    assert (
        run_file(
            tmp_path,
            """
            import hasten
            @hasten.jit
            def f(x):
                return x + 1
            text = open(__file__).read()
            open(__file__, "w").write(text.replace("x + 1", "x + 2"))
            print(f(1), "C101" in f.report()["reasons"][0])
            """,
        )
        == "2 True\n"
    )


def test_source_from_linecache_as_in_a_notebook():
    import linecache

    text = "def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\n"
    name = "<notebook cell 7>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names = {}
    exec(compile(text, name, "exec"), names)
    assert hasten.jit(names["f"], strict=True)(10) == 45


def test_no_assert_under_O(tmp_path):
    program = """
        import hasten
        @hasten.jit
        def f(x):
            assert x < 0
            return x if __debug__ else -x
        try:
            print(f(1), f.report()["reasons"])
        except AssertionError:
            print("assert")
        """
    assert run_file(tmp_path, program) == "assert\n"
    assert run_file(tmp_path, program, "-O").startswith("-1")


def test_no_warning_is_repeated(tmp_path):
    program = """
        import hasten
        @hasten.jit
        def f(x):
            return x is 5, "\\d"
        f(1)
        """
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(program))
    done = subprocess.run([sys.executable, "-W", "always", path], capture_output=True, text=True)
    assert done.returncode == 0
    plain = textwrap.dedent(program).replace("@hasten.jit\n", "")
    path.write_text(plain)
    expected = subprocess.run(
        [sys.executable, "-W", "always", path], capture_output=True, text=True
    )
    assert done.stderr.count("Warning") == expected.stderr.count("Warning")


# --- the rest of the program ------------------------------------------------------------------------------------------


@hasten.jit
def depth(n):
    if n == 0:
        return 0
    return depth(n - 1) + 1


@hasten.jit
def endless(n):
    return endless(n + 1)


def test_recursion_has_pythons_limit():
    assert depth(500) == 500
    with pytest.raises(RecursionError, match="maximum recursion depth exceeded"):
        endless(0)
    assert depth(500) == 500  # the limit is as before
    with pytest.raises(RecursionError):
        depth(sys.getrecursionlimit() + 10)


def test_a_huge_limit_does_not_crash_the_stack(tmp_path):
    out = run_file(
        tmp_path,
        """
        import sys, threading, hasten
        sys.setrecursionlimit(10**9)
        @hasten.jit
        def endless(n):
            return endless(n + 1) + 1
        @hasten.jit
        def refused(*n):
            return refused(*n) + 1
        def go():
            for f in endless, refused:
                try:
                    f(0)
                except RecursionError as error:
                    print(error)
        go()
        threading.stack_size(1 << 20)
        thread = threading.Thread(target=go)
        thread.start()
        thread.join()
        """,
    )
    assert out.count("maximum recursion depth exceeded") == 4


def test_ctrl_c_ends_a_loop(tmp_path):
    out = run_file(
        tmp_path,
        """
        import signal, hasten
        @hasten.jit
        def spin(n):
            total = 0.0
            while n > 0:
                total += 0.5
            return total
        spin(0)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            spin(1)
        except KeyboardInterrupt as error:
            print("interrupted", error.__traceback__.tb_next.tb_frame.f_code.co_name)
        """,
    )
    assert out == "interrupted spin\n"


def test_other_threads_run_during_a_loop(tmp_path):
    out = run_file(
        tmp_path,
        """
        import threading, hasten
        @hasten.jit
        def spin(stop):
            n = 0
            while not stop:
                n += 1
            return n > 0
        stop = []
        threading.Timer(0.1, stop.append, (1,)).start()
        print(spin(stop))
        """,
    )
    assert out == "True\n"


def test_it_works_after_fork(tmp_path):
    out = run_file(
        tmp_path,
        """
        import os, hasten
        @hasten.jit
        def total(values):
            t = 0
            for v in values:
                t += v
            return t
        assert total([1, 2, 3]) == 6
        pid = os.fork()
        if pid == 0:
            os._exit(0 if total([1, 2, 3]) == 6 and total([0.5, 1.5]) == 2.0 else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """,
    )
    assert out == "0\n"


def test_many_threads_call_one_function():
    import threading

    results = []

    def work():
        results.append([scale(i, plus=0.5) for i in range(200)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[i * 2 + 0.5 for i in range(200)]] * 8


def test_the_collector_takes_cycles_apart():
    def make():
        def f(n):
            if n == 0:
                return 0
            return f(n - 1)

        f = hasten.jit(f)
        assert f(3) == 0
        return weakref.ref(f)

    gone = make()
    gc.collect()
    assert gone() is None


def test_closures_are_live():
    def make(by):
        def set_by(value):
            nonlocal by
            by = value

        def add(x):
            return x + by

        return hasten.jit(add), set_by

    add, set_by = make(1)
    assert add(1) == 2
    set_by(10)
    assert add(1) == 11


def test_globals_are_live(monkeypatch):
    @hasten.jit
    def f(x):
        return helper(x)  # noqa: F821

    monkeypatch.setitem(globals(), "helper", lambda x: x + 1)
    assert f(1) == 2
    monkeypatch.setitem(globals(), "helper", lambda x: x + 2)
    assert f(1) == 3
    monkeypatch.delitem(globals(), "helper")
    with pytest.raises(NameError):
        f(1)


class Ending:
    """Its end binds a global name anew."""

    ends = 0

    def __del__(self):
        global ENDED
        ENDED = Ending.ends = Ending.ends + 1


ENDED = 0


@hasten.jit
def holds_the_last(xs):
    y = xs.pop()
    return 0 if y is None else 1


def ends_in_a_temporary(xs):
    xs.pop()
    return ENDED


def ends_in_a_callee(xs):
    return holds_the_last(xs) + ENDED


def ends_in_a_loop_of_calls(xs):
    total = []
    while xs:
        total.append(holds_the_last(xs) + ENDED)
    return total


@pytest.mark.parametrize("function", [ends_in_a_temporary, ends_in_a_callee, ends_in_a_loop_of_calls])
def test_a_global_that_is_bound_at_the_end_of_an_object(function):
    global ENDED
    results = []
    for f in (function, hasten.jit(function)):
        Ending.ends = ENDED = 0
        results.append([f([Ending() for _ in range(4)]) for _ in range(5)])
    assert results[0] == results[1]


def test_a_name_that_comes_to_keep_its_generator():
    """Functions like sum() take everything out at once; what the program puts in their place need not."""
    kept = []

    def two_values(xs):
        t = 1
        result = sum(x + t for x in xs)
        t = 10
        return result

    compiled = hasten.jit(two_values)
    assert compiled([1, 2]) == 5
    globals()["sum"] = lambda generator: kept.append(generator) or 0
    try:
        assert compiled([1, 2]) == 0 and list(kept.pop()) == [11, 12]
    finally:
        del globals()["sum"]
    assert compiled([1, 2]) == 5
