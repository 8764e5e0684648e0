"""Floats that may differ by units in the last place: how far apart two are, and where it counts."""

import argparse
import math
import struct

import pytest

from hasten.cli.asking import ulp_count
from hasten.fix.outputs import Channel, Output
from hasten.fix.trial.nearness import Nearness, ulps_between
from hasten.fix.words import ulp_text
from fix_judging import judge
from fix_programs import program_of

NAN_WITH_PAYLOAD = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000123))[0]


@pytest.mark.parametrize("start", [1.0, -1.0, 0.0, 1e300, 2.0**-1074, -2.0**-1074, 1 - 2.0**-53])
def test_steps_are_those_of_nextafter(start):
    value = start
    for count in range(1, 6):
        value = math.nextafter(value, math.inf)
        assert ulps_between(start, value) == ulps_between(value, start) == count


def test_what_is_near():
    near = Nearness(ulp=2)
    assert near.agree(1.0, math.nextafter(1.0, 2)) and near.largest_ulp == 1
    assert near.agree(1.0, 1.0 + 2 * 2.0**-52) and not near.agree(1.0, 1.0 + 3 * 2.0**-52) and near.largest_ulp == 2
    assert near.agree(0.0, -0.0) and near.agree(math.nan, NAN_WITH_PAYLOAD) and near.agree(math.inf, math.inf)
    assert not near.agree(math.inf, 1.7976931348623157e308) and not near.agree(math.inf, -math.inf)
    assert not near.agree(math.nan, 1.0) and not near.agree(1.0, math.nan)
    assert not Nearness().agree(1.0, math.nextafter(1.0, 2)) and Nearness().is_exact


def test_printed_floats_are_compared_as_numbers_and_integers_are_not(tmp_path):
    def output(text):
        (tmp_path / "out").write_bytes(text)
        return Output.read(tmp_path / "out")

    old = output(b"total 0.30000000000000004 of 3\n")
    channel = Channel("stdout", "standard output", old, Nearness(ulp=1))
    assert channel.difference(output(b"total 0.3 of 3\n")) is None
    assert channel.difference(output(b"total 0.3 of 4\n")) is not None
    assert channel.difference(output(b"total 0.2999999999999999 of 3\n")) is not None
    assert Channel("stdout", "standard output", old).difference(output(b"total 0.3 of 3\n")) is not None


PROGRAM = """
    def add(xs):
        total = 0.0
        for x in xs:
            total = total + x
        return total
    add([0.1, 0.2, 0.3])
"""
BACKWARDS = """
    def add(xs):
        total = 0.0
        for x in xs[::-1]:
            total = total + x
        return total
"""


@pytest.mark.parametrize("ulp, same", [(0, 0), (1, 1), (4, 1)])
def test_another_order_of_a_sum(write_program, ulp, same):
    assert ulps_between(0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1) == 1
    script = write_program(PROGRAM)
    found = judge(script, program_of(script), "add", BACKWARDS, ulp=ulp)
    assert len(found.same) == same, found.why
    assert [e["ulp"] for e in found.same] == [1] * same
    if not same:
        assert "0.6 instead of 0.6000000000000001" in found.why


@pytest.mark.parametrize("change", ["int(total)", "[total, 1]", "str(total)", "total * 1.001"])
def test_only_floats_may_differ(write_program, change):
    script = write_program(PROGRAM)
    assert not judge(script, program_of(script), "add", BACKWARDS.replace("return total", f"return {change}"), ulp=4).same


def test_an_argument_and_a_global_may_differ_too(write_program):
    script = write_program("""
        seen = {'last': 0.0}
        def note(xs, out):
            out.append(xs[0] + xs[1] + xs[2])
            seen['last'] = xs[0] + xs[1] + xs[2]
        note([0.1, 0.2, 0.3], [])
        """)
    new_text = """
        def note(xs, out):
            out.append(xs[2] + xs[1] + xs[0])
            seen['last'] = xs[2] + xs[1] + xs[0]
        """
    assert len(judge(script, program_of(script), "note", new_text, ulp=1).same) == 1
    assert not judge(script, program_of(script), "note", new_text).same


def test_words_and_wrong_words():
    assert ulp_text({"allow_ulp": 4, "largest_ulp": 1}) == \
        "floats were allowed to differ by 4 units in the last place (--allow-ulp); the largest difference seen is 1"
    assert ulp_text({"allow_ulp": 1, "largest_ulp": 0}).endswith("1 unit in the last place (--allow-ulp); none differed")
    assert ulp_count("4") == 4
    for text in ("-1", "1.5", "many", "2000000"):
        with pytest.raises(argparse.ArgumentTypeError):
            ulp_count(text)
