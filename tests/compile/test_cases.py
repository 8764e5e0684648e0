"""Each case file, by CPython itself (is the expectation true?) and compiled (is it kept?)."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import cases  # noqa: E402

CASES = sorted(cases.DIRECTORY.glob("*.py"))


def check(path, wrap, repeats):
    printed, functions = cases.run(path, wrap, repeats)
    expected = cases.expectations(path)
    for (line, want), (said_line, said) in zip(expected, printed, strict=True):
        assert line == said_line
        assert cases.matches(want, said), f"{path}:{line}\n  expected {want}\n  printed  {said}"
    return functions


def test_there_are_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_expectation_is_what_cpython_does(path):
    check(path, lambda function: function, 1)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_compiled(path):
    hasten = pytest.importorskip("hasten")
    if not hasattr(hasten, "jit"):
        pytest.skip("hasten.jit is not built here")
    for function in check(path, hasten.jit, 3):
        reasons = function.report()["reasons"]
        assert not [reason for reason in reasons if "contradicts itself" in reason]
