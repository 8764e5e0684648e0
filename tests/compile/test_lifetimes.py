"""Objects die where CPython lets them die: natively, where native code leaves, in the interpreter, and in a loop entered half-way."""

import os
import subprocess
import sys
import time

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
pytest.importorskip("hasten._compile")

sys.path.insert(0, os.path.dirname(__file__))
import lifetimes  # noqa: E402

SMALL, LARGE = 3, 2**40
CALLS = (SMALL, LARGE, SMALL, LARGE, LARGE, 5, 2**50)


@pytest.mark.parametrize("function", lifetimes.FUNCTIONS, ids=lambda f: f.__name__)
def test_objects_die_where_they_die_in_python(function, monkeypatch):
    wanted = [function(n) for n in CALLS]
    monkeypatch.setattr(lifetimes, "helped", hasten.jit(lifetimes.helped))
    compiled = hasten.jit(function)
    assert [compiled(n) for n in CALLS] == wanted
    assert compiled.report()["tier"] == "native", compiled.report()["reasons"]


def test_likewise_in_the_interpreter_alone():
    text = ("import hasten, lifetimes\n"
            f"for f in lifetimes.FUNCTIONS:\n    a, b = f({LARGE}), hasten.jit(f)({LARGE})\n    assert a == b, (f.__name__, a, b)\n")
    environment = {**os.environ, "HASTEN_JIT_TIER": "interpreter", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_text_that_grows_is_not_copied_in_each_round():
    def grown(words, n):
        text = words.first
        for _ in range(n):
            text += words.more
        return text

    class Words:
        first, more = "a" * 1000, "b"

    compiled = hasten.jit(grown)
    assert compiled(Words, 1000) == grown(Words, 1000)
    start = time.thread_time()
    assert compiled(Words, 400_000) == "a" * 1000 + "b" * 400_000
    assert time.thread_time() - start < 5, "copying it in each round moves 80 GB"
