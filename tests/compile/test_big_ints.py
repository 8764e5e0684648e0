"""Big integers divided by short ones in compiled code: quotient and rest are CPython's, for every length and sign."""

import random

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")


def both_plain(a, b):
    return a // b, a % b, divmod(a, b)


def in_place_plain(a, b):
    q = r = a
    q //= b
    r %= b
    return q, r


@hasten.jit
def both(a, b):
    return a // b, a % b, divmod(a, b)


@hasten.jit
def in_place(a, b):
    q = r = a
    q //= b
    r %= b
    return q, r


DIVISORS = [1, 2, 3, 7, 10, 255, 2**15, 10**9, 2**30 - 1, 2**30 - 2, 2**29, 2**30, 2**31, 10**18, 2**64, -1, -10]


@pytest.mark.parametrize("divisor", DIVISORS)
def test_quotient_and_rest_are_python_s(divisor):
    source = random.Random(divisor)
    for digits in [*range(1, 40), 64, 65, 127, 400]:
        top = 1 << (30 * digits)
        lengths = [top - 1, top // 2, top, top + 1, source.randrange(top), source.randrange(top) // divisor * divisor]
        for a in lengths:
            for signed in (a, -a):
                assert both(signed, divisor) == both_plain(signed, divisor), (signed, divisor)
                assert in_place(signed, divisor) == in_place_plain(signed, divisor), (signed, divisor)
                q, r = both(signed, divisor)[2]
                assert q * divisor + r == signed and type(q) is int


def test_random_divisors():
    source = random.Random(5)
    for _ in range(3_000):
        divisor = source.randrange(1, 1 << source.randrange(1, 31))
        a = source.randrange(1 << source.randrange(1, 2_000)) * source.choice((1, -1))
        assert both(a, divisor) == both_plain(a, divisor), (a, divisor)


def test_what_is_no_int_goes_its_own_way():
    class Odd:
        def __floordiv__(self, other):
            return "floor"

        def __rmod__(self, other):
            return "rest"

        def __divmod__(self, other):
            return "both"

        def __ifloordiv__(self, other):
            return "in place"

    assert both(2.5**60, 3) == both_plain(2.5**60, 3)
    assert both(2**200, True) == both_plain(2**200, True)
    with pytest.raises(ZeroDivisionError, match=r"integer division or modulo by zero|division by zero"):
        both(2**200, 0)

    @hasten.jit
    def odd(a, b):
        a_copy = a
        a_copy //= b
        return a // b, b % a, divmod(a, b), a_copy

    assert odd(Odd(), 2**200) == ("floor", "rest", "both", "in place")
