"""Complex numbers at the ends of their range: quotients, and magnitudes that are compared before they are needed, as CPython has them."""

import itertools
import math
import os
import subprocess
import sys

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
pytest.importorskip("hasten._compile")

PARTS = [0.0, -0.0, 1.0, -3.5, 0.1, 5e-324, -1e-310, 1e-170, 3e160, -1.7e308, math.inf, -math.inf, math.nan]
NUMBERS = [complex(re, im) for re, im in itertools.product(PARTS, PARTS)]

PROGRAM = '''
def quotient(a, c):
    return a / c


def quotient_of_quotients(a, c, d):
    for _ in range(3):
        a = a / (c - d)
    return a


def over_real(a, x):
    return a / x


def largest(numbers, bound):
    for z in numbers:
        size = abs(z)
        if size > bound:
            bound = size
    return bound


def least(numbers, bound):
    for z in numbers:
        size = abs(z)
        if size < bound:
            bound = size
    return bound


def last_not_above(numbers, bound):
    found, above = -1.0, 0
    for z in numbers:
        size = abs(z)
        if size <= bound:
            found = size
        else:
            above += 1
    return found, above


def otherwise(numbers, bound):
    total = 0.0
    for z in numbers:
        size = abs(z)
        if size >= bound:
            total += 1.0
        else:
            total += size
    return total


def on_both_ways(numbers, bound):
    total = 0.0
    for z in numbers:
        size = abs(z)
        if size > bound:
            total += size
        else:
            total -= 2.0 * size
    return total


def leaves_where_it_is_needed(numbers, bound):
    power = 1
    for z in numbers:
        size = abs(z)
        if size > bound:
            power *= 3
            bound = bound + size / 1024.0
    return power, bound
'''


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    path = tmp_path_factory.mktemp("complex") / "program.py"
    path.write_text(PROGRAM)
    plain, native = {}, {}
    for space in (plain, native):
        exec(compile(PROGRAM, str(path), "exec"), space)
    for name, value in list(native.items()):
        if callable(value):
            native[name] = hasten.jit(value)
    return plain, native


def outcome(function, *args):
    try:
        return repr(function(*args))
    except (ZeroDivisionError, OverflowError) as error:
        return repr(error)


def test_quotients(both):
    plain, native = both
    for a, c in itertools.product(NUMBERS, NUMBERS):
        assert outcome(native["quotient"], a, c) == outcome(plain["quotient"], a, c), (a, c)
    assert native["quotient"].report()["tier"] == "native"


def test_quotients_of_quotients(both):
    plain, native = both
    for a, c, d in itertools.product(NUMBERS[::7], NUMBERS[::5], [0.25 - 0.5j, 0j, complex(-0.0, 1e-310)]):
        assert outcome(native["quotient_of_quotients"], a, c, d) == outcome(plain["quotient_of_quotients"], a, c, d), (a, c, d)


@pytest.mark.parametrize("loop, is_guessed", [("value = value / z", True), ("value = value + z / 3j", False), ("value = z / (value + 1)", True)])
def test_only_a_quotient_that_the_next_one_waits_for_is_guessed(loop, is_guessed, tmp_path):
    """A guess that is wrong costs more than the other way does, which gives both parts by one division."""
    text = f"""
import hasten
@hasten.jit
def main(numbers):
    value = 1j
    for z in numbers:
        {loop}
    return value
assert repr(main(numbers := [complex(k % 7 + 1, k % 3) for k in range(3000)])) == repr(main.__wrapped__(numbers))
"""
    (tmp_path / "program.py").write_text(text)
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off", "HASTEN_JIT_TIER": "optimized"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert ("fdiv <2 x double>" in done.stderr) != is_guessed


def test_quotients_by_reals(both):
    plain, native = both
    for a, x in itertools.product(NUMBERS, [*PARTS, 3, 0, -(2**53) - 1]):
        assert outcome(native["over_real"], a, x) == outcome(plain["over_real"], a, x), (a, x)


@pytest.mark.parametrize("name", ["largest", "least", "last_not_above", "otherwise", "on_both_ways"])
def test_magnitudes_that_are_compared_first(both, name):
    plain, native = both
    near = [complex(3.0 * (1.0 + k * 2.0**-52), 4.0) for k in range(-3, 4)]
    for bound in [*PARTS, 5.0, math.nextafter(5.0, 0.0), math.nextafter(5.0, 9.0)]:
        for numbers in ([3 + 4j, *near], near[::-1], *([z, 3 + 4j, z] for z in NUMBERS)):
            assert outcome(native[name], numbers, bound) == outcome(plain[name], numbers, bound), (numbers, bound)


def test_a_magnitude_where_native_code_ends(both):
    plain, native = both
    numbers = [complex(3 * k, 4 * k) for k in range(1, 90)]
    for _ in range(3):
        expected = plain["leaves_where_it_is_needed"](numbers, 1.0)
        assert native["leaves_where_it_is_needed"](numbers, 1.0) == expected
