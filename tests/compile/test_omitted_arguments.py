"""Compiled code calls a compiled function natively also where the call leaves out arguments that have defaults, or names them.

What a default is, is what the function has at the time of the call. Each case is compared with CPython's own run of it.
"""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

PROGRAM = Path(__file__).with_name("omitted.py")
SOURCE = PROGRAM.read_text().replace("def jit(function):\n    return function\n", "\n\n")
CODE = compile(SOURCE, str(PROGRAM), "exec")


def loaded(jit):
    space = {"jit": jit, "__name__": "omitted"}
    exec(CODE, space)
    return space


def both():
    return loaded(lambda function: function), loaded(hasten.jit)


def outcome(function, *args):
    try:
        return repr(function(*args))
    except Exception as error:
        lines, trace = [], error.__traceback__
        while trace:
            lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
            trace = trace.tb_next
        return type(error), str(error), lines[1:]


CASES = [
    ("product_down", [(20,), (5,), (21,), (25, 3)]),
    ("strides", [(15,), (15, 2), (20,)]),
    ("is_even", [(50,), (51,), (50, 2)]),
    ("sum_of_scaled", [(20,), (50,)]),
    ("sum_or_three", [(20,), (50,)]),
    ("collects", [(3,), (4,), (50,)]),
    ("rows", [(3,), (30,)]),
    ("sum_applied", [(30,)]),
    ("of_positional", [(30,)]),
    ("in_order", [(10,)]),
    ("sum_made_up", [(30,)]),
    ("nested", [(30,)]),
    ("of_rest", [(30,)]),
    ("of_required", [(30, False), (30, True)]),
    ("of_raises", [(30,)]),
    ("of_overflows", [(1,), (5,), (300,)]),
]


@pytest.mark.parametrize("name, inputs", CASES, ids=[name for name, _ in CASES])
def test_the_answer_is_python_s(name, inputs):
    plain, native = both()
    for _ in range(4):
        for args in inputs:
            assert outcome(native[name], *args) == outcome(plain[name], *args)
    assert native["LOG"] == plain["LOG"]


NATIVE = [
    ("sum_of_scaled", "scaled"),
    ("sum_or_three", "or_three"),
    ("collects", "collect"),
    ("rows", "row"),
    ("of_positional", "positional"),
    ("in_order", "positional"),
    ("of_required", "required"),
]


@pytest.mark.parametrize("name, callee", NATIVE)
def test_the_calls_are_native(name, callee):
    _, native = both()
    for _ in range(10):
        native[name](*((40,) if name != "of_required" else (40, False)))
    report = native[callee].report()
    assert report["python_calls"] == report["interpreter_calls"] == 0
    assert report["versions"] == []  # nobody enters it from outside


@pytest.mark.parametrize("name", ["product_down", "strides"])
def test_a_recursion_that_leaves_out_arguments_has_a_twin(name, tmp_path):
    (tmp_path / "program.py").write_text(f"from hasten import jit\n{SOURCE.split('from __future__ import annotations')[1]}\n{name}(9)\n")
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ".twin" in done.stderr + done.stdout


@pytest.mark.parametrize("flag", range(7))
def test_wrong_calls_say_what_python_says(flag):
    plain, native = both()
    for _ in range(3):
        assert outcome(native["wrong"], flag, 20) == outcome(plain["wrong"], flag, 20)


def test_a_function_that_is_handed_in():
    plain, native = both()
    for name in ("or_three", "or_three", "overflows_as"):
        for space in (plain, native):
            space.setdefault("overflows_as", space["jit"](lambda n, k=7: n * k))
        assert native["handed"](native[name], 40) == plain["handed"](plain[name], 40)


CHANGES = {
    "other defaults": lambda f: setattr(f, "__defaults__", (7.5,)),
    "another type": lambda f: setattr(f, "__defaults__", (3,)),
    "more defaults": lambda f: setattr(f, "__defaults__", (1, 4.5)),
    "no defaults": lambda f: setattr(f, "__defaults__", None),
    "empty defaults": lambda f: setattr(f, "__defaults__", ()),
    "defaults deleted": lambda f: delattr(f, "__defaults__"),
    "equal defaults": lambda f: setattr(f, "__defaults__", (float("2.5"),)),
    "other keyword defaults": lambda f: setattr(f, "__kwdefaults__", {"shift": 9}),
    "the dict in place": lambda f: f.__kwdefaults__.update(shift=11),
    "the dict in place, a float": lambda f: f.__kwdefaults__.update(shift=0.5),
    "the dict cleared": lambda f: f.__kwdefaults__.clear(),
    "no keyword defaults": lambda f: setattr(f, "__kwdefaults__", None),
    "the code": lambda f: setattr(f, "__code__", (lambda x, factor=0, *, shift=0: x - factor - shift).__code__),
    "a code that takes less": lambda f: setattr(f, "__code__", (lambda x: -x).__code__),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_between_calls_is_seen(what):
    seen = []
    for space in both():
        lines = [outcome(space["sum_of_scaled"], 20) for _ in range(3)]
        CHANGES[what](space["scaled"])
        lines += [outcome(space["sum_of_scaled"], 20) for _ in range(3)]
        lines += [outcome(space["with_change"], 20, -1, None) for _ in range(3)]
        seen.append(lines)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_in_the_middle_is_seen(what):
    seen = []
    for space in both():
        lines = [outcome(space["with_change"], 20, 5, lambda: None) for _ in range(3)]
        lines.append(outcome(space["with_change"], 20, 5, lambda space=space: CHANGES[what](space["scaled"])))
        lines += [outcome(space["with_change"], 20, 5, lambda: None) for _ in range(3)]
        seen.append(lines)
    assert seen[0] == seen[1]


def test_a_list_that_replaces_the_list():
    seen = []
    for space in both():
        run, collect = space["with_change_of_list"], space["collect"]
        lines = [repr(run(5, -1, None))]
        first = collect.__defaults__[0]

        def change(collect=collect):
            collect.__defaults__ = (["new"],)
            gc.collect()

        last = run(9, 4, change)
        lines += [repr(last), repr(first), last is collect.__defaults__[0]]
        seen.append(lines)
    assert seen[0] == seen[1]


def test_defaults_that_change_often_are_not_compiled_for_anew_each_time():
    plain, native = both()
    for k in range(200):
        plain["scaled"].__defaults__ = native["scaled"].__defaults__ = (k / 4,)
        assert native["sum_of_scaled"](30) == plain["sum_of_scaled"](30)
    assert native["sum_of_scaled"].report()["compiles"] <= 5


def test_the_default_is_kept_as_long_as_a_call_uses_it():
    @hasten.jit
    def length_after(change, values=[1, 2, 3]):  # noqa: B006
        change()
        return len(values)

    @hasten.jit
    def run(n, change):
        total = 0
        for _ in range(n):
            total += length_after(change)
        return total

    def change():
        length_after.__defaults__ = ([1],)
        gc.collect()

    assert run(10, gc.get_count) == 30
    assert run(2, change) == 4
    assert run(2, gc.get_count) == 2


def test_out_of_the_cache(tmp_path):
    program = tmp_path / "program.py"
    body = SOURCE.split("from __future__ import annotations")[1]
    calls = "print([sum_of_scaled(40), sum_or_three(40), collects(3), of_positional(9), strides(12), rows(2)])\n"
    report = "print(sum(f.report()['cache_loaded'] for f in (sum_of_scaled, sum_or_three, of_positional, strides)))\n"
    environment = {**os.environ, "HASTEN_JIT_CACHE": str(tmp_path / "cache"), "PYTHONHASHSEED": "1"}

    def run(text):
        program.write_text(f"from hasten import jit\n{text}\n{calls}{report}")
        done = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True, check=True)
        out, loaded_count = done.stdout.splitlines()
        program.write_text(f"jit = lambda function: function\n{text}\n{calls}")
        plain = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True, check=True)
        assert out == plain.stdout.strip()
        return int(loaded_count)

    assert run(body) == 0
    assert run(body) == 4
    for old, new in (("factor=2.5", "factor=4.5"), ("shift=1", "shift=True"), ("k=None", "k=1"), ("step=1", "step=2")):
        run(body.replace(old, new, 1))
        run(body.replace(old, new, 1))
