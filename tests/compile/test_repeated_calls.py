"""What a loop computes anew in each round from the same numbers is computed once: answers and exceptions stay Python's."""

import importlib.util
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")

PROGRAM = Path(__file__).with_name("repeated_calls.py")
INPUTS = [
    (3.0, 2.0, 0.25, 40),
    (3.0, 2.0, 0.25, 1),
    (-3.0, 2.0, 0.25, 0),
    (-3.0, 2.0, 0.25, 5),
    (3.0, 0.0, 0.25, 5),
    (0.0, 2.0, 0.25, 5),
    (3.0, 2.0, -1000.0, 5),
    (3.0, 2.0, 1000.0, 5),
    (float("nan"), 2.0, 0.0, 5),
    (float("inf"), 2.0, float("inf"), 5),
    (3.0, 2.0, 0.25, 4000),
]


def load():
    spec = importlib.util.spec_from_file_location("repeated_calls", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outcome(function, *arguments):
    try:
        return ("returned", repr(function(*arguments)))
    except Exception as error:  # noqa: BLE001 - whatever it raises is compared
        lines = [(f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)[1:]]
        return ("raised", type(error).__name__, str(error), lines)


@pytest.mark.parametrize("first", [0, 3, 4, 6])
@pytest.mark.parametrize("name", ["bisected", "told", "ends_early", "changes"])
def test_what_comes_out_is_python_s(name, first):
    """Whatever the types and values are that it is compiled for."""
    plain, native = load(), load()
    for each in ("level", name):
        setattr(native, each, hasten.jit(getattr(native, each)))
    for numbers in [INPUTS[first], *INPUTS] * 2:
        notes = [], []
        more = [(0.7,), (0.7,)] if name == "bisected" else [(note,) if name == "told" else () for note in notes]
        got, expected = (
            outcome(getattr(module, name), *given, *numbers) for module, given in zip((native, plain), more, strict=True)
        )
        assert got == expected, numbers
        assert notes[0] == notes[1], numbers


def test_it_is_computed_before_the_loop(tmp_path):
    (tmp_path / "program.py").write_text(
        f"import hasten\n{PROGRAM.read_text()}\nlevel, bisected = hasten.jit(level), hasten.jit(bisected)\n"
        "bisected(0.7, 3.0, 2.0, 0.25, 4000)\n"
    )
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_VERIFY": "1"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    optimized = done.stderr.split("; ModuleID")[2]
    begins = optimized.split("@hasten_body_0(")[1].split("entry:")[1].split("\n\n")[0]
    assert "@hj_log(" in begins
    assert "@hj_exp(" in begins
