"""Checked arithmetic whose branches became selections, products that are no multiplications, loops that never look at signals:
each is what Python makes of it, at the edges of a machine word and beyond."""

import importlib.util
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

PROGRAM = Path(__file__).with_name("checked.py")
TOP = 2**63 - 1
EDGES = sorted({e // d + k for e in (TOP, -TOP - 1, 2**62, 2**32) for d in (1, 3, 5, 9, 4, 8, 2**40, 7) for k in (-1, 0, 1, 2)} | {0, 1, -1, 27})
IN_WORD = [n for n in EDGES if -TOP - 1 <= n <= TOP]

CASES = {
    "chain": [(n, 40) for n in (1, 6, 27, 97, 703, -5, 2**61 + 1, 2**62 - 1, TOP, TOP - 1, TOP // 3, TOP // 3 + 1, -(2**63))],
    "absolute_difference": [(a, b) for a in (0, 5, TOP, -TOP - 1, 2**62) for b in (0, 7, TOP, -TOP - 1, -(2**62) - 1)],
    "bounded_sum": [([1, 5, 9, 3], 6), ([TOP, 1, 2], TOP), ([TOP - 1, 1, 1, 5], TOP), ([], 3), ([-TOP, -5, 7], 0)],
    "counted": [([1, 2, 3, 4],), ([TOP, TOP - 1],), ([TOP // 5, TOP // 8, TOP // 5 + 1],), ([-TOP, -TOP - 1],)],
    "multiples": [(n,) for n in EDGES],
    "three_more": [(n,) for n in EDGES],
    "digits": [(0,), (987654321,), (TOP,), (-5,), (10**18,), (2**64,)],
    "digits_of_natural": [(0,), (987654321,), (TOP,), (-5,), (-TOP - 1,), (2**64,)],
    "euclid": [(12, 18), (TOP, 2**62), (7540113804746346429, 4660046610375530309), (-12, 18), (12, -18), (5, 0), (2**70, 6)],
    "power": [(3, 10**6, 10**9 + 7), (2, 0, 5), (7, 12345, 2**31), (3, 1000, 2**62 + 1), (5, 3, -7), (2, 5, 0)],
    "bits": [(0,), (1,), (TOP,), (2**62,), (0x5555555555555555,), (2**64 - 1,), (2**100 + 1,)],
    "either_half": [(TOP, True), (TOP, False), (0, True), (-3, False), (2**65, True)],
    "quotient": [(a, b) for a in (0, 7, 2**31, 2**33, TOP, -7, -(2**62)) for b in (2, 3, 10**5, 2**31, 2**33, 2**62, -5)],
}


def loaded():
    spec = importlib.util.spec_from_file_location("checked", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


def outcome(function, args):
    try:
        return function(*args)
    except Exception as error:
        return type(error), str(error), error.__traceback__.tb_next.tb_lineno


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_python_s(name):
    plain, native = loaded()[name], hasten.jit(loaded()[name])
    for _ in range(2):  # the second time some operations are known to overflow
        for args in CASES[name]:
            expected, got = outcome(plain, args), outcome(native, args)
            assert (type(got), got) == (type(expected), expected), args
    assert native.report()["compiles"] >= 1
