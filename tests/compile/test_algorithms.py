"""Ordinary functions, compiled and plain: equal in every bit. benchmarks/compile/algorithms.py times the same ones."""

import importlib.util
import sys
import types
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "exact")]
import algorithms  # noqa: E402
import text_and_containers  # noqa: E402
from observe import difference, observe  # noqa: E402

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
MODULES = {"algorithms": algorithms, "text_and_containers": text_and_containers}
FUNCTIONS = [(name, function) for name, module in MODULES.items() for function in module.CALLS]


@pytest.fixture(scope="module")
def compiled():
    """The same modules once more, with every function compiled (they call each other through its globals)."""
    made = {}
    for name, plain in MODULES.items():
        spec = importlib.util.spec_from_file_location(f"{name}_compiled", plain.__file__)
        module = made[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for function in [f for f in vars(module).values() if isinstance(f, types.FunctionType)]:
            setattr(module, function.__name__, hasten.jit(function))
    return made


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=lambda one: getattr(one, "__name__", one))
def test_equal(name, function, compiled):
    plain = MODULES[name]
    other = getattr(compiled[name], function.__name__)
    texts = plain.CALLS[function]
    for text in [*texts, *reversed(texts), *texts]:
        given = [eval(text, vars(plain)) for _ in range(2)]  # noqa: S307 - our own table
        expected = observe(function, given[0], {}, [], plain.__file__)
        actual = observe(other, given[1], {}, [], plain.__file__)
        assert difference(expected, actual) is None, f"{function.__name__}{text[:80]}"
