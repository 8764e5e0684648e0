"""What a function knows of its callers' ints is no more than what all of them have."""

import importlib.util
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")

PROGRAM = Path(__file__).with_name("signs.py")


def load(wrap=None):
    spec = importlib.util.spec_from_file_location("signs", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in list(vars(module).items()):
        if wrap and callable(value) and not name.startswith("_"):
            setattr(module, name, wrap(value))
    return module


PLAIN = load()


@pytest.mark.parametrize("name", [function.__name__ for function in PLAIN.FUNCTIONS])
def test_answers(name):
    compiled = load(hasten.jit)
    for n in (3000, 0, 1, 2, 7, 50):
        assert getattr(compiled, name)(n) == getattr(PLAIN, name)(n), n
    assert getattr(compiled, name).report()["tier"] == "native"


def test_a_function_called_from_outside_too():
    """With what its caller never gives it."""
    compiled = load(hasten.jit)
    assert compiled.from_zero(3000) == PLAIN.from_zero(3000)
    for n in (-1, -3000, 2**62, -(2**63), 2**70, -(2**70)):
        for by in (3, -3, 2**40):
            assert compiled.halves(n, by) == PLAIN.halves(n, by)
    assert compiled.from_zero(3000) == PLAIN.from_zero(3000)
