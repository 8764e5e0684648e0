"""Loops over ints that are rearranged: the last digit without a division, few sums without checks, little branches as selections. Their
answers stay Python's, also where numbers leave 64 bits."""

import importlib.util
import math
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")

PROGRAM = Path(__file__).with_name("number_loops.py")


def load():
    spec = importlib.util.spec_from_file_location("number_loops", PROGRAM)
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
@pytest.mark.parametrize("each", ["one version", "versions of their own"])
def test_what_comes_out_is_python_s(name, each):
    """One function learns from what it has met; in one of its own each input meets the code that was made for the usual one."""
    inputs = [arguments for one, arguments in PLAIN.CASES if one.__name__ == name]
    compiled = hasten.jit(getattr(load(), name))
    usual = inputs[0]
    for arguments in inputs:
        if each != "one version":
            compiled = hasten.jit(getattr(load(), name))
            compiled(*usual)
        assert outcome(compiled, arguments) == outcome(getattr(PLAIN, name), arguments), arguments


def optimized(name, arguments, tmp_path):
    (tmp_path / "program.py").write_text(f"import hasten\n{PROGRAM.read_text()}\n{name} = hasten.jit({name})\n{name}{arguments}\n")
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_VERIFY": "1", "HASTEN_JIT_TIER": "optimized"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    module = done.stderr.split("; ModuleID")[-1]
    return module[module.index("define hidden") :].split("\n}")[0]


def test_the_last_digit_is_not_divided(tmp_path):
    """It is known before the division whether there is one: the division stands behind the comparison."""
    code = optimized("digit_sum", (4821,), tmp_path)
    division = code.index("udiv")
    assert "icmp ult" in code[:division]
    assert code.count("urem") == 1


def test_sums_of_few_rounds_are_not_checked(tmp_path):
    assert "with.overflow" not in optimized("happy", (4821,), tmp_path)
    assert "with.overflow" in optimized("doubly_weighed", (4821,), tmp_path)


def test_a_little_branch_compares_once(tmp_path):
    code = optimized("collatz", (27, 3000), tmp_path)
    assert f"icmp ugt i64 %{code.split('icmp ugt i64 %')[1].split(',')[0]}, {PLAIN.EDGE}" in code
    assert "select" in code


ROOTS = """
import math
from math import sqrt

def asked(x):
    if x < 0.0:
        return -1.0
    return 1.0 - sqrt(x)

def rooted(x):
    return sqrt(x)

def all_of(numbers):
    total = 0.0
    for x in numbers:
        total += math.copysign(1.0, sqrt(x)) + sqrt(x * x)
    return total
"""
NUMBERS = [0.0, -0.0, 2.0, -2.0, 5e-324, -5e-324, 1.7e308, math.inf, -math.inf, math.nan, -math.nan, 4, -4, 2**62, True]


@pytest.mark.parametrize("name", ["asked", "rooted", "all_of"])
def test_roots(name):
    """Of less than zero there is none; of what is no number it is what it was."""
    plain = {}
    exec(ROOTS, plain)
    function = hasten.jit(plain[name])

    def outcome(of, x):
        try:
            result = of(x)
        except ValueError as error:
            return str(error), error.__traceback__.tb_next.tb_lineno
        return repr(result), math.copysign(1.0, result)

    for x in NUMBERS * 3:
        given = [1.0] * 3000 + [x] if name == "all_of" else x
        assert outcome(function, given) == outcome(plain[name], given), x


def test_divisions_of_what_has_no_sign(tmp_path):
    """By multiplications that are right for 63 bits: around all multiples that could tell, and at the end of the range."""
    divisors = [3, 7, 10, 14, 19, 21, 28, 31, 100, 641, 1009, 100003, 1000003, 1000006, 10**9 + 7, 2**31 - 1, 2**32 + 1, 3 * 2**40, 2**62 + 1, 2**63 - 1]
    (tmp_path / "program.py").write_text(f"""
import hasten
TEXT = '''
def divided(numbers):
    found = []
    for n in numbers:
        if n >= 0:
            found.append((n // DIVISOR, n % DIVISOR))
    return found

def carried(numbers):
    total = 0
    for n in numbers:
        if n >= 0:
            total = (total + n // 2) % DIVISOR
    return total
'''
for divisor in {divisors}:
    numbers = [0, 1, 2**63 - 1, 2**63 - 2, 2**62, 2**62 - 1]
    for power in range(1, 64):
        near = 2**power // divisor * divisor
        numbers += [n for n in range(near - 2, near + divisor % 5 + 2) if -1 <= n < 2**63] + [(2**63 - 1) // divisor * divisor]
    scope, path = {{}}, f"divided_{{divisor}}.py"
    with open(path, "w") as file:
        file.write(TEXT.replace("DIVISOR", str(divisor)))
    exec(compile(open(path).read(), path, "exec"), scope)
    for function in (scope["divided"], scope["carried"]):
        assert hasten.jit(function)(numbers) == function(numbers), (function.__name__, divisor)
""")
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_VERIFY": "1", "HASTEN_JIT_TIER": "optimized"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "mul nuw i128" in done.stderr
    assert "urem i64" in done.stderr  # by 10, for which 64 bits do
