"""Selections that are kept, and those that become branches: the answers stay Python's, and the code is what it should be."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")

PROGRAM = Path(__file__).with_name("selections.py")


def load(wrap=None):
    spec = importlib.util.spec_from_file_location("selections", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("position", "sift", *(function.__name__ for function in module.FUNCTIONS)):
        if wrap:
            setattr(module, name, wrap(getattr(module, name)))
    return module


PLAIN = load()


@pytest.mark.parametrize("name", [function.__name__ for function in PLAIN.FUNCTIONS])
def test_answers(name):
    compiled = load(hasten.jit)
    for given in PLAIN.inputs():
        assert getattr(compiled, name)(*given) == getattr(PLAIN, name)(*given)


COUNTED = """
def counted(values, wanted):
    n = 0
    for value in values:
        n = n + 2 if value < wanted else n ^ 1
    return n
"""


@pytest.mark.parametrize("name, mark", [("position", "!unpredictable"), ("counted", ""), ("bisected", "\nguessed")])
def test_the_code_is_as_it_should_be(name, mark, tmp_path):
    """What is counted does not decide what is looked at next."""
    wanted = "n // 3" if mark != "\nguessed" else "[k * 0.1 for k in range(n)]"
    (tmp_path / "program.py").write_text(
        f"import hasten\n{PROGRAM.read_text()}{COUNTED}{name} = hasten.jit({name})\n"
        f"@hasten.jit\ndef main(n):\n    values = [k for k in range(n)]\n    return {name}(values, {wanted})\nassert main(3000)\n"
    )
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_VERIFY": "1"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [one for one in ("!unpredictable", "\nguessed") if one in done.stderr] == ([mark] if mark else [])


def test_only_one_comparison_waits_for_the_last_selection(tmp_path):
    """What is not above the bound is no number for it."""
    (tmp_path / "program.py").write_text(
        f"import hasten\n{PROGRAM.read_text()}between = hasten.jit(between)\n"
        "assert between([3.0, float('nan'), -1.0, 2.0, 5.0] * 1000, 0.0) == (2.0, 3)\n"
    )
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_VERIFY": "1", "HASTEN_JIT_TIER": "optimized"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    code = done.stderr.split("; ModuleID")[-1]
    assert "double 0x7FF8000000000000" in code
    assert ", i1 false" not in code and " and i1 " not in code


@pytest.mark.parametrize("floats", [[0.0, -0.0], [-0.0, 0.0], [float("nan"), 1.0], [1.0, float("nan")], [1e300, 2e300], [float("inf")], [5e-324, -5e-324]])
@pytest.mark.parametrize("low", [0.0, -0.0, -1.0, float("nan"), float("-inf")])
def test_ends_of_the_floats(floats, low):
    compiled = load(hasten.jit).between
    compiled([1.0] * 3000, 0.0)
    for _ in range(3):
        assert repr(compiled(floats, low)) == repr(PLAIN.between(floats, low))
