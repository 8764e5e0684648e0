"""Ordinary functions, compiled and plain: equal in every bit, and compiled never the slower one."""

import importlib.util
import sys
import time
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
NOT_SLOWER = (
    1.25  # the machine is shared: a compiled function that loses loses by far more than this
)


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


def best_s(function, text, turns=5):
    times = []
    for _ in range(turns):
        given = arguments(text)
        begun = time.process_time()
        function(*given)
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_not_slower(function, compiled):
    other = getattr(compiled, function.__name__)
    text = algorithms.CALLS[function][0]
    for _ in range(3):
        other(*arguments(text))
    plain_s, compiled_s = best_s(function, text), best_s(other, text)
    print(
        f"{function.__name__}: {plain_s * 1e3:.2f} ms -> {compiled_s * 1e3:.2f} ms, {plain_s / max(compiled_s, 1e-9):.1f}x"
    )
    assert compiled_s <= plain_s * NOT_SLOWER + 20e-6
