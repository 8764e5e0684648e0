"""Searches that select where they go next: the answers stay Python's, and they do select."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")

PROGRAM = Path(__file__).with_name("searches.py")


def load(wrap=None):
    spec = importlib.util.spec_from_file_location("searches", PROGRAM)
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


@pytest.mark.parametrize("name, selects", [("position", True), ("counted", False)])
def test_only_searches_are_unpredictable(name, selects, tmp_path):
    """What is counted does not decide what is looked at next."""
    counted = "def counted(values, wanted):\n    n = 0\n    for value in values:\n        n = n + 2 if value < wanted else n ^ 1\n    return n\n"
    (tmp_path / "program.py").write_text(
        f"import hasten\n{PROGRAM.read_text()}\n{counted}\n"
        f"@hasten.jit\ndef main(n):\n    values = [k for k in range(n)]\n    return {name}(values, n // 3)\n"
        f"{name} = hasten.jit({name})\nassert main(3000) > 0\n"
    )
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_VERIFY": "1"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert ("!unpredictable" in done.stderr) == selects
    assert " select i1 " in done.stderr
