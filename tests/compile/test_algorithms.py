"""Ordinary functions, compiled and plain: equal in every bit. benchmarks/compile/algorithms.py times the same ones."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "exact")]
import algorithms  # noqa: E402
from observe import difference, observe  # noqa: E402

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
FILE = algorithms.__file__
FUNCTIONS = list(algorithms.CALLS)


@pytest.fixture(scope="module")
def compiled():
    """The same module once more, with every function compiled (they call each other through its globals)."""
    spec = importlib.util.spec_from_file_location("algorithms_compiled", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for function in [f for f in vars(module).values() if callable(f) and hasattr(f, "__code__")]:
        setattr(module, function.__name__, hasten.jit(function))
    return module


def arguments(text):
    return eval(text, vars(algorithms))  # noqa: S307 - our own table


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_equal(function, compiled):
    other = getattr(compiled, function.__name__)
    texts = algorithms.CALLS[function]
    for text in [*texts, *reversed(texts), *texts]:
        plain = observe(function, arguments(text), {}, [], FILE)
        actual = observe(other, arguments(text), {}, [], FILE)
        assert difference(plain, actual) is None, f"{function.__name__}{text[:80]}"
