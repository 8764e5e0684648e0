"""Functions that only compute and call themselves run as twins, which give up where anything is rare: nobody may see it."""

import importlib.util
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

PROGRAM = Path(__file__).with_name("recursive.py")

CASES = [
    ("fibonacci", [(0,), (1,), (2,), (17,), (23,), (-5,)]),
    ("ackermann", [(0, 5), (1, 0), (2, 30), (2, 200), (3, 3)]),
    ("takeuchi", [(3, 2, 1), (12, 8, 4), (1, 2, 3)]),
    ("factorial", [(0,), (20,), (21,), (30,), (3,), (60,)]),
    ("power_of_three", [(0,), (39,), (40,), (41,), (90,)]),
    ("growing", [(3, 1), (12, 1), (12, 2**61), (2, 2**63 - 1), (5, -(2**62)), (14, 3)]),
    ("ends_at_zero", [(1,), (9,), (2,)]),
    ("binomial", [(10, 3), (16, 8), (5, 5)]),
    ("queens", [(0b1111, 0, 0, 0), (0b11111111, 0, 0, 0), (1, 0, 0, 0)]),
    ("divides", [(6, 1), (6, 0), (7, -3), (5, 2)]),
    ("mean", [(8, 1.0), (3, 1e308), (6, float("inf"))]),
    ("greatest_common_divisor", [(12, 18), (2**62, 3), (7, 0), (-4, 6), (10**30, 10**12)]),
    ("steps", [(0,), (30,), (500,)]),
    ("either", [(0,), (40,), (41,), (200,)]),
    ("nested", [(99,), (87,), (101,)]),
    ("pairs", [(0,), (10,), (90,), (91,), (92,), (93,), (200,)]),
    ("first_way_down", [(0,), (200,)]),
    ("added_after", [(50,), (3,), (100,)]),
    ("halved", [(50,), (1000,), (7,)]),
    ("with_another", [(50, 1), (1000, 2), (7, 0)]),
    ("is_even", [(0,), (7,), (100,)]),
    ("cut_early", [(10**6, 9), (30, 40), (-(2**63), 3), (2**63 - 1, 8), (900, 40), (2, 1)]),
    ("two_ways_down", [(2,), (150,), (200,)]),
    ("by_sevens", [(0, 3), (60, 2**63 - 3), (-100, 1), (-(2**63), 0)]),
    ("sum_of_three", [(0,), (15,), (-3,), (1,)]),
    ("ways_to_cut", [(9, 9), (14, 5), (0, 1), (-5, 3)]),
    ("up_and_down", [(3, 5), (4, 2**60), (3, 2**62), (1, 2**63 - 1), (2, -(2**63) + 1), (1, -(2**63))]),
    ("up_before_down", [(3, 5), (4, 2**60), (3, 2**62), (1, 2**63 - 1), (2, -(2**63) + 1), (1, -(2**63))]),
    ("asked_on_the_way", [(0,), (14,), (9,)]),
    ("doubled", [(12,), (17,), (1,), (-1,)]),
    ("larger", [(7, 8), (8, 6), (3, 0)]),
    ("thrice", [(12, 8, 4), (3, 2, 1), (1, 2, 3)]),
    ("hyper", [(0, 5, 7), (1, 5, 7), (2, 7, 8), (3, 2, 8), (2, 3, 60)]),
    ("nested_down", [(0,), (60,), (200,)]),
    ("nested_or_not", [(14, 10**6), (9, 2**63 - 3), (9, -(2**63))]),
    ("nested_or_added", [(0, 5), (1, 30), (2, 20), (0, 2**63 - 1)]),
    ("nested_up", [(5, 9), (4, 2**63 - 30), (6, 2**63 - 1), (3, -(2**63) + 2), (4, -(2**63) + 20), (5, -(2**63) - 1)]),
    ("far_down", [(0, 9), *((-(2**63) + near, left) for near in reversed(range(14)) for left in (3, 6, 9, 12))]),
    ("far_up", [(0, 8), *((end, left) for near in range(40, 0, -3) for end in (2**63 - near, near - 2**63) for left in (3, 6, 8))]),
    ("bounded_in_one_way", [(30,), (3,), (-4,), (-(2**63) + 4,)]),
]


def loaded():
    spec = importlib.util.spec_from_file_location("recursive", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


def compiled(name):
    plain, native = loaded(), loaded()
    native[name] = hasten.jit(native[name])
    return plain, native


def outcome(function, args):
    try:
        return function(*args)
    except Exception as error:
        lines, trace = [], error.__traceback__
        while trace:
            lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
            trace = trace.tb_next
        return type(error), str(error), lines[1:]


def little_inputs(arity):
    """Where nothing overflows: what a twin gives, not what the function does once its twin has given up."""
    return list(itertools.product(range(-2, 16 if arity == 1 else 5 if arity == 2 else 3), repeat=arity))


@pytest.mark.parametrize("name, inputs", CASES, ids=[name for name, _ in CASES])
def test_the_answer_is_python_s(name, inputs):
    plain, native = compiled(name)
    little = [] if name in ("ackermann", "binomial", "queens", "nested_or_added") else little_inputs(len(inputs[0]))
    for _ in range(2):
        for args in [*little, *inputs]:
            expected, got = outcome(plain[name], args), outcome(native[name], args)
            assert (type(got), got) == (type(expected), expected), args
    assert native[name].report()["compiles"] >= 1


@pytest.mark.parametrize("name", [name for name, _ in CASES if name not in ("divides", "mean", "pairs")])
def test_a_twin_is_made(name, tmp_path):
    """Else nothing is tested here. What is compiled is printed, with the twin's own functions."""
    assert "@hasten_body_0.twin(" in printed(name, tmp_path)


@pytest.mark.parametrize("name", ["fibonacci", "cut_early", "two_ways_down", "by_sevens"])
def test_depth_is_not_counted_where_an_argument_bounds_it(name, tmp_path):
    """By two of them it is not: what bounds one call may not bound the other."""
    assert "@hasten_body_0.twin(i64 poison," in printed(name, tmp_path)
    assert "@hasten_body_0.twin(i64 poison," not in printed("ackermann", tmp_path)


@pytest.mark.parametrize("name, parameters", [
    ("queens", 7), ("sum_of_three", 4), ("ways_to_cut", 5), ("up_before_down", 5),  # limits, its own, and the sum so far
    ("asked_on_the_way", 3), ("larger", 4), ("thrice", 5), ("mean", 4),  # none: more is done with it, or it is no sum of ints
])
def test_sums_are_carried_from_level_to_level(name, parameters, tmp_path):
    made = re.search(r"^define .*@hasten_body_0\.twin\((.*?)\)", printed(name, tmp_path), re.MULTILINE)
    assert made[1].count("i64 ") + made[1].count("double ") == parameters


@pytest.mark.parametrize("name, checks", [("ackermann", 4), ("hyper", 4), ("binomial", 8)])
def test_steps_of_many_levels_are_checked_at_once(name, checks, tmp_path):
    """Of the first level that makes them, and of what calls give."""
    twin = re.search(r"^define [^\n]*@hasten_body_0\.twin\(.*?^}", printed(name, tmp_path), re.MULTILINE | re.DOTALL)[0]
    assert len(re.findall(r"@llvm\.sadd\.with\.overflow\.i64\(i64 %\d+, i64 -\d+\)", twin)) <= checks


@pytest.mark.parametrize("name", ["ackermann", "hyper", "nested_down"])
def test_levels_within_others_have_no_rounds_that_await_calls(name, tmp_path):
    """They call the twin for them: behind each call of which a round takes the result there is one more."""
    twin = re.search(r"^define [^\n]*@hasten_body_0\.twin\(.*?^}", printed(name, tmp_path), re.MULTILINE | re.DOTALL)[0]
    assert len(re.findall(r"= call [^\n]*@hasten_body_0\.twin\(", twin)) > 3


def printed(name, tmp_path):
    args = dict(CASES)[name][0]
    (tmp_path / "program.py").write_text(f"import hasten\n{PROGRAM.read_text()}\n{name} = hasten.jit({name})\n{name}{args}\n")
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stderr


@pytest.mark.parametrize("name", ["first_way_down", "steps", "power_of_three", "two_ways_down", "bounded_in_one_way", "nested_down"])
def test_the_recursion_limit_is_python_s(name):
    """How deep a call comes, from each of many levels near the limit, and that it comes through one level higher."""
    plain = loaded()

    def comes(function, levels):
        try:
            function(levels)
        except RecursionError:
            return False
        return True

    def comes_just(function, levels):
        return comes(function, levels) and not comes(function, levels + 1)

    def deepest(function):
        reached, most = 0, 1_000
        while reached < most:
            middle = (reached + most + 1) // 2
            if comes(function, middle):
                reached = middle
            else:
                most = middle - 1
        return reached

    before = sys.getrecursionlimit()
    frame, depth = sys._getframe(), 0
    while frame:
        frame, depth = frame.f_back, depth + 1
    for more in (*range(60, 76), 90, 150):
        native = compiled(name)[1]  # a twin that has given up eight times is tried no more
        native[name](5)
        try:
            sys.setrecursionlimit(depth + more)
            expected = deepest(plain[name])
            assert comes_just(native[name], expected), more
            assert deepest(native[name]) == expected, more
        finally:
            sys.setrecursionlimit(before)


def test_the_lines_of_a_recursion_error():
    """To find the line of an instruction Python code is run, which the limit allows no more."""
    plain, native = compiled("with_a_default")
    native["with_a_default"](50)
    before = sys.getrecursionlimit()
    frame, depth = sys._getframe(), 0
    while frame:
        frame, depth = frame.f_back, depth + 1
    try:
        sys.setrecursionlimit(depth + 120)
        got = outcome(native["with_a_default"], (2_000,))
    finally:
        sys.setrecursionlimit(before)
    assert got[0] is RecursionError  # where CPython 3.13.0 forgets to count calls that leave arguments out
    first = plain["with_a_default"].__code__.co_firstlineno
    assert len(got[2]) > 100
    assert set(got[2]) == {("with_a_default", first + 3)}


def test_a_signal_s_exception_passes_through():
    plain, native = compiled("fibonacci")
    assert native["fibonacci"](10) == 55

    class Alarm(Exception):
        pass

    def ring(number, frame):
        raise Alarm

    before = signal.signal(signal.SIGVTALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.05)
        with pytest.raises(Alarm):
            native["fibonacci"](70)  # for hours
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert native["fibonacci"](20) == 6765


def test_signals_that_are_handled_do_not_start_it_anew():
    plain, native = compiled("fibonacci")
    assert native["fibonacci"](27) == 196418
    rings = []
    before = signal.signal(signal.SIGVTALRM, lambda number, frame: rings.append(number))
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.005, 0.005)
        while len(rings) < 20:
            assert native["fibonacci"](27) == 196418
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_another_thread_rebinds_it():
    """From then on calls go to what the name is bound to; the first to ask is at the next look at other threads."""
    plain, native = compiled("fibonacci")
    assert native["fibonacci"](10) == 55
    started, done = threading.Event(), []

    def run():
        function = native["fibonacci"]
        started.set()
        done.append(function(75))

    thread = threading.Thread(target=run)
    thread.start()
    started.wait()
    native["fibonacci"] = lambda n: 0
    thread.join(60)
    assert not thread.is_alive()
    assert done and done[0] < 2111485077978050
