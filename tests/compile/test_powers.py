"""Powers of floats by small constants: what pow() gives, to the last digit, though products or a square root are computed for it."""

import math
import random
import struct

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")


def powers(numbers):
    told = []
    for x in numbers:
        told += [x**2, x**3, x**4, x**2.0, abs(x) ** 0.5]
    return told


def each(x):
    return x**2, x**3, x**4, x**0.5


def roots(x):
    return x**0.5, x**3.0


def others(x, y):
    """Exponents that have no products: pow() is called."""
    told = []
    for exponent in (1.5, -1.0, y):
        told.append(abs(x) ** exponent)
    return told + [abs(x) ** 1.5, abs(x) ** y, x**5, x**-3, x**-2, x**5.0, x**1000]


def exactly(numbers):
    return [(x, math.copysign(1, x)) for x in numbers]


draw = random.Random(20)
SAMPLES = {
    "one binade": [draw.uniform(1, 2) for _ in range(60_000)],
    "many": [draw.uniform(-1, 1) * 2.0 ** draw.randint(-60, 60) for _ in range(60_000)],
    "decimals": [draw.randint(-(10**6), 10**6) / 10 ** draw.randint(0, 4) for _ in range(60_000)],
    "beside powers of two": [2.0 ** draw.randint(-30, 30) * (1 + draw.randint(-20, 20) * 2.0**-52) for _ in range(20_000)],
    "whose powers are short": [
        ((1 + draw.getrandbits(20) / 2**20) * 2.0 ** draw.randint(-20, 20)) ** (1 / draw.choice([2, 3, 4]))
        for _ in range(20_000)
    ],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_powers_are_those_of_pow(name):
    assert exactly(hasten.jit(powers)(SAMPLES[name])) == exactly(powers(SAMPLES[name]))


def test_the_samples_hold_numbers_whose_products_are_rounded_otherwise():
    numbers = SAMPLES["one binade"]
    if all(x * x == x**2 for x in numbers):
        pytest.skip("this pow() rounds rightly")
    assert any(x * x * x != x**3 for x in numbers) and any(math.sqrt(x) != x**0.5 for x in numbers)


@pytest.mark.parametrize("bits", [0x7FF0000000000001, 0xFFF0000000000123, 0x7FF8000000000005])
def test_a_nan_comes_out_as_it_is(bits):
    def root(x):
        return x**0.5

    (x,) = struct.unpack("<d", struct.pack("<Q", bits))
    compiled = hasten.jit(root)
    for one in (2.0, x, x):
        assert struct.pack("<d", compiled(one)) == struct.pack("<d", root(one))


EDGES = [0.0, 1.0, 2.0**-50, 2.0**50, 1e-30, 1e30, 1e-80, 1e77, 1e-170, 1e154, 1.5e154, 1e200, 5e-324, math.inf, math.nan]


@pytest.mark.parametrize("x", [sign * x for x in EDGES for sign in (1, -1)])
@pytest.mark.parametrize("function", [each, roots])
def test_ends_of_the_range_are_left_to_pow(function, x):
    def outcome(run):
        try:
            return repr(run(x))
        except OverflowError as error:
            return repr(error)

    compiled = hasten.jit(function)
    assert [outcome(compiled) for _ in range(3)] == [outcome(function)] * 3


@pytest.mark.parametrize("y", [0.0, 1.0, -1.0, 0.3, -2.7, 1e300, -math.inf, math.inf, math.nan])
def test_other_exponents(y):
    def outcome(run, x):
        try:
            return repr(run(x, y))
        except (OverflowError, ZeroDivisionError) as error:
            return repr(error)

    compiled = hasten.jit(others)
    numbers = [sign * x for x in EDGES for sign in (1, -1)] + SAMPLES["decimals"][:300] + SAMPLES["many"][:300]
    for x in [1.25, 0.75, *numbers]:
        assert outcome(compiled, x) == outcome(others, x), x


@pytest.mark.parametrize("function", [lambda x: x**2, lambda x: x**3, lambda x: x**4, lambda x: x**0.5])
def test_zeros_have_the_sign_that_pow_gives_them(function):
    compiled = hasten.jit(function)
    for x in (1.1, 0.0, -0.0, 0.0, -0.0):
        assert repr(compiled(x)) == repr(function(x))
