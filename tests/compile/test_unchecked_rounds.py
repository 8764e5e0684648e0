"""Rounds of loops that run without their comparisons: answers, exceptions and where they rise stay Python's, and signals are looked at."""

import importlib.util
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")

PROGRAM = Path(__file__).with_name("unchecked_rounds.py")


def load():
    spec = importlib.util.spec_from_file_location("unchecked_rounds", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLAIN = load()
NAMES = list(dict.fromkeys(function.__name__ for function, _ in PLAIN.CASES))


def outcome(function, arguments):
    try:
        return ("returned", repr(function(*arguments)))
    except Exception as error:  # noqa: BLE001 - whatever it raises is compared
        lines = [(f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)[1:]]
        return ("raised", type(error).__name__, str(error), lines)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lists", ["objects", "native"])
def test_what_comes_out_is_python_s(name, lists):
    """The longest input first: a short one would be compiled quickly. Lists that compiled functions keep to themselves hold no objects."""
    inputs = [arguments for one, arguments in PLAIN.CASES if one.__name__ == name]
    native = load()
    if lists == "native":
        native.table = hasten.jit(native.table)
    compiled = hasten.jit(getattr(native, name))
    for arguments in sorted(inputs, key=lambda all_of_one: -max(all_of_one)) * 2:
        assert outcome(compiled, arguments) == outcome(getattr(PLAIN, name), arguments), arguments
    assert compiled.report()["tier"] == "native"


@pytest.mark.parametrize("name", ["down", "both_ways", "passes_over"])
def test_such_rounds_are_made(name, tmp_path):
    """Else nothing is tested here: the copy of the loop has none of the comparisons with the lists' lengths."""
    arguments = next(a for f, a in PLAIN.CASES if f.__name__ == name and a[0] == 9000)
    (tmp_path / "program.py").write_text(
        f"import hasten\n{PROGRAM.read_text()}\n{name}, table = hasten.jit({name}), hasten.jit(table)\n{name}{arguments}\n"
    )
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_VERIFY": "1"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    copies = [text.split("\nround")[0] for text in done.stderr.split("\nchecked")[1:] if "\nround" in text]
    bodies = ["\n".join(copy.split("\n\n")[2:]) for copy in copies]
    assert any("load" in body and "icmp ult" not in body and "icmp ugt" not in body for body in bodies)


def many(values, n):
    i = 0
    total = 0
    length = len(values)
    while i < n:
        total = (total + values[i % length]) & 1023
        i += 1
    return total


def walks(n):
    table = [0] * 1000
    total = 0
    for k in range(n):
        for i in range(1000):
            table[i] = total + k & 255
            total += table[999 - i] & 3
    return total


@pytest.mark.parametrize("function,arguments", [(many, ([1, 2, 3], 10**12)), (walks, (10**9,))], ids=["many", "walks"])
def test_a_signal_comes_through(function, arguments):
    class Enough(Exception):
        pass

    def ring(_number, _frame):
        raise Enough

    compiled = hasten.jit(function)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Enough):
            compiled(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
