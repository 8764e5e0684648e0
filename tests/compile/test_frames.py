"""What callees see of a compiled caller: its frame, as a Python function's."""

import collections
import gc
import inspect
import io
import logging
import os
import subprocess
import sys
import threading
import traceback
import tracemalloc
import warnings
import weakref

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")


def look(depth=1):
    """What is seen of the callers, up to the test."""
    seen = []
    frame = sys._getframe(depth)
    while frame is not None and frame.f_code.co_name != "see":
        seen.append((frame.f_code.co_name, frame.f_lineno, frame.f_globals is globals(), frame.f_builtins["len"] is len))
        frame = frame.f_back
    return seen


def see(function, *arguments):
    return function(*arguments)


# -- compiled functions ---------------------------------------------------------------------------------------------


def plain(n):
    a = look()
    b = look()
    return a, b, n


def in_a_loop(n):
    out = []
    for i in range(n):
        out.append(look())
        if i % 2:
            out.append(
                look(
                    1
                )
            )
    return out


def in_a_comprehension(n):
    first = [look() for _ in range(n)]
    second = {i: look() for i in range(n)}
    third = look()
    return first, second, third


def in_nested_comprehensions(n):
    return [[look() for _ in range(i)] for i in range(n)], look()


def around_comprehensions(n):
    """Into comprehensions and out of them, in a loop, by an exception, past one that is never entered."""
    log = [look()]
    for i in range(n):
        log.append(look())
        try:
            log += [(look(), 6 // (2 - k)) for k in range(i + 1)]
        except ZeroDivisionError:
            log.append(look())
        log.append(look())
        log += [look() for _ in range(0)]
        if any(look() and k == 1 for k in range(n)) and i == n - 2:
            break
        log.append([[look() for _ in range(2)] + look() for _ in range(2)])
        log.append(look())
    else:
        log.append(look())
    return log, sum(len(look()) for _ in range(2)), look()


def falls_inside(n):
    return [look() for _ in range(n)] + [[1 // (k - j) for j in range(n)] for k in range(n)]


def falls_and_goes_on(n):
    log = []
    for _ in range(n):
        try:
            log += falls_inside(2)
        except ZeroDivisionError:
            log.append(look())
    log.append(look())
    return log


def in_a_generator_expression(n):
    found = list(look() for _ in range(n))
    return found, any(not look() for _ in range(n)), look()


def in_a_handler(n):
    try:
        1 // n
    except ZeroDivisionError:
        return look()
    finally:
        n += 1
    return look(), n


class Watching:
    def __init__(self, log):
        self.log = log

    def __add__(self, other):
        self.log.append(look(2))
        return self

    def __getitem__(self, key):
        self.log.append(look(2))
        return key

    def __bool__(self):
        self.log.append(look(2))
        return True

    def __iter__(self):
        self.log.append(look(2))
        return iter((1, 2))

    @property
    def value(self):
        self.log.append(look(2))
        return 3

    def __eq__(self, other):
        self.log.append(look(2))
        return True

    def __call__(self, *args, **kwargs):
        self.log.append(look(2))
        return args

    def __del__(self):
        self.log.append(("del", look(2)[0][0]))


def by_operators(make):
    log = []
    x = make(log)
    y = x + 1
    z = y[3]
    if x:
        z += x.value
    for i in x:
        z += i
    a, b = x
    if x == 3:
        z += 1
    x(1, *(2, 3), k=4)
    f"{x.value}"
    x = None
    y = None
    return log, z, a, b


def by_items(make):
    log = []
    x = make(log)
    found = x in (7, 8), 4 in (5, x), (1, x) == (1, 2)
    x = None
    return log, found


def by_a_generator(n):
    out = []
    for x in watched(n):
        out.append(x)
    out.append(sum(x[0][1] for x in watched(n)))
    return out


def watched(n):
    for _ in range(n):
        yield look(1)


@hasten.jit
def leaf(n):
    return look(), n


@hasten.jit
def middle(n):
    if n > 0:
        return middle(n - 1)
    return leaf(n)


def calls_compiled(n):
    a = middle(n)
    return a, leaf(n)


def overflows(n):
    a = look()
    x = n * n
    b = look()
    return a, b, x


def enters_a_hot_loop(n, m):
    out = []
    x = n
    for i in range(m):
        x = x * 3
        if i % 500 == 0:
            out.append(look())
        if x > 10**30:
            x = n
    out.append(look())
    return out


def with_a_closure(n):
    def inner(k):
        return look(), k + n

    return inner(n), [inner(i) for i in range(3)]


CALLS = [
    (plain, (1,)),
    (in_a_loop, (5,)),
    (in_a_comprehension, (3,)),
    (in_nested_comprehensions, (4,)),
    (in_a_generator_expression, (3,)),
    (around_comprehensions, (4,)),
    (around_comprehensions, (0,)),
    (falls_and_goes_on, (3,)),
    (in_a_handler, (0,)),
    (in_a_handler, (1,)),
    (by_operators, (Watching,)),
    (by_items, (Watching,)),
    (by_a_generator, (3,)),
    (calls_compiled, (3,)),
    (overflows, (10**12,)),
    (enters_a_hot_loop, (7, 3000)),
    (with_a_closure, (2,)),
]


def plainly(monkeypatch, function, arguments):
    """With nothing compiled."""
    for name in ("leaf", "middle"):
        monkeypatch.setitem(globals(), name, globals()[name].__wrapped__)
    result = see(function, *arguments)
    monkeypatch.undo()
    return result


@pytest.mark.parametrize("function, arguments", CALLS, ids=lambda x: getattr(x, "__name__", ""))
def test_callees_see_the_same_frames(monkeypatch, function, arguments):
    expected = plainly(monkeypatch, function, arguments)
    compiled = hasten.jit(function)
    for _ in range(12):
        assert see(compiled, *arguments) == expected


def test_a_frame_that_is_kept():
    kept = []

    @hasten.jit
    def keeps(n):
        kept.append(sys._getframe())
        kept.append(grab())
        n += 1
        kept.append(grab())
        return n

    def grab():
        return sys._getframe(1)

    for n in (1, 2**70):
        kept.clear()
        assert keeps(n) == n + 1
        own, first, second = kept
        assert first is second
        assert first.f_code is keeps.__wrapped__.__code__ and first.f_lineno == keeps.__wrapped__.__code__.co_firstlineno + 5
        assert first.f_back.f_code is sys._getframe().f_code
        assert first.f_globals is globals()
        assert set(first.f_locals) <= {"n", "grab", "kept"} and first.f_locals["kept"] is kept
        gc.collect()
        first.clear()
        assert repr(first)
    alive = weakref.ref(grab)
    del keeps, own, first, second, grab
    kept.clear()
    gc.collect()
    assert alive() is None


def warns(n):
    warnings.warn("here", UserWarning, stacklevel=1)
    warn_caller()
    return [
        warn_caller(),
        n,
    ]


def warn_caller():
    warnings.warn("there", UserWarning, stacklevel=2)


def test_warnings_tell_the_line():
    def lines(function):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            function(1)
        return [(w.filename, w.lineno, str(w.message)) for w in caught]

    expected = lines(warns)
    compiled = hasten.jit(warns)
    assert [lines(compiled) for _ in range(3)] == [expected] * 3
    assert {name for name, _, _ in expected} == {__file__}


LOGGER = logging.getLogger("hasten.tests.frames")


def logs(n):
    LOGGER.warning("one %d", n)
    for i in range(2):
        LOGGER.error("two", stack_info=bool(i))
    return n


def test_log_records_tell_the_function_and_the_line():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(filename)s:%(lineno)d %(funcName)s %(message)s"))
    LOGGER.addHandler(handler)
    try:
        def text(function):
            stream.seek(0)
            stream.truncate()
            see(function, 3)
            return stream.getvalue().split("Stack (most")[0], stream.getvalue().rpartition("in see")[2]

        expected = text(logs)
        assert "logs one 3" in expected[0] and "in logs" in expected[1]
        compiled = hasten.jit(logs)
        assert [text(compiled) for _ in range(3)] == [expected] * 3
    finally:
        LOGGER.removeHandler(handler)


def names_its_module(n):
    point = collections.namedtuple("point", "x y")
    return point(n, 2), point.__module__


def stack_of_names(n):
    return [f.function for f in inspect.stack()[:2]], [f.name for f in traceback.extract_stack()[-1:]], n


def own_globals(n):
    f = globals
    return f() is GLOBALS, sys._getframe().f_lineno, sys._getframe(0).f_code.co_name, n


GLOBALS = globals()


@pytest.mark.parametrize("function", [names_its_module, stack_of_names, own_globals])
def test_who_asks_for_the_module_or_the_stack(function):
    expected = function(1)
    compiled = hasten.jit(function)
    for _ in range(3):
        got = compiled(1)
        assert got == expected
        assert repr(got) == repr(expected)


def allocates(n):
    out = []
    for _ in range(n):
        out.append(bytearray(1000))
    return out


def test_tracemalloc_names_the_line():
    compiled = hasten.jit(allocates)
    compiled(3)
    tracemalloc.start()
    try:
        made = compiled(50)
        traces = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)]).statistics("lineno")
    finally:
        tracemalloc.stop()
    assert len(made) == 50
    assert traces[0].traceback[0].lineno == allocates.__code__.co_firstlineno + 3


def test_another_thread_sees_it():
    inside, seen = threading.Event(), threading.Event()

    @hasten.jit
    def waits(n):
        inside.set()
        seen.wait(60)
        return n

    waits.__wrapped__
    thread = threading.Thread(target=waits, args=(1,))
    thread.start()
    inside.wait(60)
    frame = sys._current_frames()[thread.ident]
    names = [(f.f_code.co_name, f.f_lineno) for f, _ in traceback.walk_stack(frame)]
    seen.set()
    thread.join()
    line = waits.__wrapped__.__code__.co_firstlineno
    assert ("waits", line + 2) in names or ("waits", line + 3) in names


def raises_below(n):
    try:
        fails(n)
    except ValueError as error:
        return [(f.f_code.co_name, line) for f, line in traceback.walk_tb(error.__traceback__)]


def fails(n):
    if n:
        raise ValueError(look()[:2])
    return n


def test_tracebacks_have_each_function_once():
    expected = see(raises_below, 1)
    compiled = hasten.jit(raises_below)
    assert [see(compiled, 1) for _ in range(3)] == [expected] * 3


def test_frames_do_not_pile_up():
    @hasten.jit
    def recursive(n):
        if n == 0:
            return len(look())
        return recursive(n - 1) + 0

    def depth_of(n):
        return see(recursive, n)

    assert [depth_of(k) for k in (0, 5, 50)] == [1, 6, 51]
    before = sys._getframe()
    for _ in range(100):
        depth_of(20)
    assert sys._getframe() is before


def test_a_memory_error_leaves_the_stack_as_it_was():
    """Exceptions on all ways out of compiled code."""

    @hasten.jit
    def out_of_here(x, how):
        if how == 0:
            return x[5]
        if how == 1:
            raise KeyError(x)
        if how == 2:
            return x.nothing
        return look(10**6)

    mine = sys._getframe()
    for _ in range(5):
        for how, kind in enumerate((IndexError, KeyError, AttributeError, ValueError)):
            with pytest.raises(kind):
                out_of_here([1], how)
            assert sys._getframe() is mine and len(look(0)) > 2


@pytest.mark.skipif(os.environ.get("HASTEN_JIT_TIER") == "interpreter", reason="nothing is native")
def test_it_is_native_that_shows_them():
    compiled = hasten.jit(plain)
    compiled(1)
    assert hasten.jit.report(compiled)["tier"] == "native"


ASKS_NOBODY = """
import hasten

@hasten.jit
def days(month):
    if month in (4, 6, 9, 11):
        return 30
    return 28 if (month, 1) == (2, 1) else 31

@hasten.jit
def main(n):
    return sum([days(k % 12 + 1) for k in range(n)])

for _ in range(3):
    assert main(1200) == 36500
"""


def test_items_that_are_numbers_ask_nobody(tmp_path):
    """So nobody can look at the frames of functions that compare with them: they have none."""
    (tmp_path / "program.py").write_text(ASKS_NOBODY)
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_VERIFY": "1"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "define" in done.stderr and "hj_enter_frame" not in done.stderr
