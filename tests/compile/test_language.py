"""Corners of the language that the generator does not make: each function against itself, plain."""

import importlib.util
import os
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")



def load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


language, expressions = load("language"), load("language_expressions")
CASES = [(module, f) for module in (language, expressions) for f in module.CALLS]


@pytest.mark.parametrize("module, function", CASES, ids=lambda f: f.__name__)
def test_same_result(module, function):
    compiled = hasten.jit(strict=os.environ.get("HASTEN_JIT_TIER") == "interpreter")(function)
    for text in module.CALLS[function] * 2:
        plain, other = (eval(f"[{text}]", vars(module)) for _ in range(2))  # noqa: S307 - our own table
        expected = function(*plain)
        got = compiled(*other)
        assert repr(got) == repr(expected) and type(got) is type(expected)
        assert repr(other) == repr(plain) or "Box" in text


def test_a_program_that_replaces_a_builtin_is_not_fooled(monkeypatch):
    import builtins

    monkeypatch.setattr(builtins, "repr", lambda x: "replaced")
    assert hasten.jit(language.text_of_nested_spec)(42, 7) == "     4242tail"


def test_a_function_in_a_long_file(tmp_path):
    """Only the statement around a function is parsed; what looks like code inside a string must not mislead it."""
    filler = "\n".join(f"def filler_{i}(x):\n    return x + {i}\n" for i in range(60))
    source = f'''"""Docstring
import nothing
def f(x): pass
"""
{filler}
import math
from math import (sqrt,
    floor)
TEXT = """
def g(x):
    return 0
"""
@dict.fromkeys if False else (
    lambda f: f
)
# a comment
@(lambda f: f)
def f(x,
      y=TEXT,
):
    """
not indented
"""
    return math.floor(x) + sqrt(4)

class C:
    def g(self, x):
        if x:
            return x
        else:
            return 0
    class D:
        def g(self, __x):
            return __x
if True:
    def h(x):
        return x
else:
    def h(x):
        return -x
try:
    pass
except ImportError:
    pass
else:
    def i(x): return x * 2
{filler.replace("filler", "more")}
'''
    path = tmp_path / "long_file.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("long_file", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def compiled(function):
        return hasten.jit(function, strict=True)

    assert compiled(module.f)(2.5) == 4.0
    assert compiled(module.C.g)(None, 3) == 3
    assert compiled(module.C.D.g)(None, 4) == 4
    assert compiled(module.h)(5) == 5
    assert compiled(module.i)(5) == 10
    assert compiled(module.filler_30)(1) == 31
    assert compiled(module.more_59)(1) == 60
