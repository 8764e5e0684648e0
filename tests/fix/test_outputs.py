"""Outputs compared line by line."""

import pytest

from hasten.fix import outputs
from hasten.fix.outputs import Channel, Output
from hasten.fix.trial.nearness import Nearness


@pytest.fixture
def output(tmp_path):
    def make(text):
        path = tmp_path / "out"
        path.write_bytes(text)
        return Output.read(path)

    return make


def channel(reference, *unmodified, tolerance=0.0):
    made = Channel("stdout", "standard output", reference, Nearness(tolerance))
    for output in unmodified:
        made.see_unmodified(output)
    return made


def test_a_varying_line_is_named_and_the_others_are_compared(output):
    made = channel(output(b"a\ntook 0.51 s\nb\n"), output(b"a\ntook 0.49 s\nb\n"))
    assert made.not_compared() == ["line 2 of standard output ('took 0.51 s')"] and made.tells()
    assert made.difference(output(b"a\ntook 0.11 s\nb\n")) is None
    assert made.difference(output(b"a\ntook 0.11 s\nc\n")) == ("line 3 of standard output", "'b'", "'c'")
    assert made.difference(output(b"a\ntook 0.11 s\nb\nmore\n")) == ("line 4 of standard output", "''", "'more'")
    assert made.difference(output(b"a\n")) == ("the number of lines of standard output", "3", "1")


def test_other_numbers_of_lines_leave_nothing_to_compare(output):
    made = channel(output(b"a\nb\n"), output(b"a\n"))
    assert made.is_dropped and made.not_compared() == ["standard output"] and not made.tells()
    assert made.difference(output(b"z\n")) is None


def test_where_every_line_varies_nothing_is_left(output):
    made = channel(output(b"1\n"), output(b"2\n"))
    assert made.is_dropped and made.not_compared() == ["standard output"]


def test_what_varies_seldom_is_set_aside_when_it_is_seen(output):
    made = channel(output(b"a\nx\n"), output(b"a\nx\n"))
    assert made.difference(output(b"a\ny\n")) == ("line 2 of standard output", "'x'", "'y'")
    made.see_unmodified(output(b"a\nz\n"))
    assert made.difference(output(b"a\ny\n")) is None


def test_durations_are_told_from_other_numbers():
    assert outputs.only_durations("'3 passed in 0.12s'", "'3 passed in 0.4s'")
    assert outputs.only_durations("'took 12 ms'", "'took 9 ms'")
    assert not outputs.only_durations("'3 passed in 0.12s'", "'2 passed in 0.12s'")
    assert not outputs.only_durations("'sum 12'", "'sum 13'")


def test_an_empty_output_tells_nothing(output):
    assert not channel(output(b""), output(b"")).tells()
    assert channel(output(b"")).difference(output(b"x\n")) is not None


def test_many_varying_lines_are_counted(output):
    made = channel(output(b"same\n" + b"1\n" * 9), output(b"same\n" + b"2\n" * 9))
    assert len(made.not_compared()) == 4 and made.not_compared()[-1] == "6 more lines of standard output"


def test_what_is_too_long_is_compared_as_a_whole(output, monkeypatch):
    monkeypatch.setattr(outputs, "LINEWISE_BYTES_MAX", 4)
    made = channel(output(b"a\nb\nc\n"))
    assert made.difference(output(b"a\nb\nc\n")) is None and made.tells()
    assert made.difference(output(b"a\nb\nd\n")) == ("standard output", "", "")
    made.see_unmodified(output(b"a\nb\ne\n"))
    assert made.is_dropped


@pytest.mark.parametrize("old, new, agree", [
    (b"x = 1.0000", b"x = 1.00001", True), (b"x = 1.0", b"x = 1.01", False), (b"x = 1", b"x = 2", False),
    (b"n 1000000", b"n 1000001", False), (b"1.5 apples", b"1.5 pears", False), (b"[1e-9, 2.5]", b"[1.00001e-09, 2.50001]", True),
    (b"1.0", b"1.0 2.0", False), (b"-0.5", b"0.5", False), (b"v1.2.3", b"v1.2.4", False),
])
def test_floats_may_differ_by_the_share_that_is_allowed(output, old, new, agree):
    assert (channel(output(old), tolerance=1e-4).difference(output(new)) is None) is agree
    assert channel(output(old)).difference(output(new)) is not None
