"""Sums that rounds of a loop hand on, computed in another order than is written: all that can be seen of them stays Python's."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")

PROGRAM = Path(__file__).with_name("recurrences.py")


def load():
    spec = importlib.util.spec_from_file_location("recurrences", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLAIN = load()


@pytest.mark.parametrize("function", PLAIN.FUNCTIONS, ids=lambda function: function.__name__)
def test_sums_are_python_s(function):
    """Also where one order of them overflows and another does not: 2**62 + 2**62 - 2**62."""
    compiled = hasten.jit(getattr(load(), function.__name__))
    for given in PLAIN.inputs():
        assert compiled(*given) == function(*given), given[1:]
    assert compiled.report()["tier"] == "native"


@pytest.mark.parametrize(
    "compiled, call, is_made",
    [
        ("stretch", "stretch([1, 2, 3] * 1000, [], 3)", True),
        ("two_lists, kept_lists", "kept_lists(3000)", True),
        ("seen_between", "seen_between([1, 2, 3] * 1000, [], 3)", False),
    ],
    ids=["stretch", "two_lists", "seen_between"],
)
def test_the_order_is_another(compiled, call, is_made, tmp_path):
    """Else nothing is tested here."""
    jit = "".join(f"{name} = hasten.jit({name})\n" for name in compiled.split(", "))
    (tmp_path / "program.py").write_text(f"import hasten\n{PROGRAM.read_text()}\n{jit}{call}\n")
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_VERIFY": "1"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert ("\nearly_first" in done.stderr) == is_made
