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
    assert made.not_compared() == ["the duration in line 2 of standard output ('took 0.51 s')"] and made.tells()
    assert made.difference(output(b"a\ntook 0.11 s\nb\n")) is None
    assert made.difference(output(b"a\ntook 0.11 s\nc\n")) == ("line 3 of standard output", "'b'", "'c'")
    assert made.difference(output(b"a\ntook 0.11 s\nb\nmore\n")) == ("line 4 of standard output", "''", "'more'")
    assert made.difference(output(b"a\ntook 0.2 s\n")) == ("line 3 of standard output", "'b'", "''")


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


def test_where_durations_vary_the_rest_of_the_line_is_compared(output):
    made = channel(output(b"n = 5 in 9.9 s\n"), output(b"n = 5 in 10.1 s\n"))
    assert made.difference(output(b"n = 5 in 0.3 s\n")) is None and made.tells()
    assert made.difference(output(b"n = 6 in 0.3 s\n")) == ("line 1 of standard output", "'n = 5 in 9.9 s'", "'n = 6 in 0.3 s'")
    assert not channel(output(b"took 1.5 s\n"), output(b"took 1.4 s\n")).tells(), "of this line nothing is left"


@pytest.mark.parametrize("old, new, other", [
    (b"====== 2 passed in 0.12s ======", b"===== 2 passed in 75.01s (0:01:15) =====", b"====== 1 passed in 0.12s ======"),
    (b"= 1 failed, 2 passed, 1 warning in 0.12s =", b"= 1 failed, 2 passed, 1 warning in 0.08s =", b"= 3 passed, 1 warning in 0.12s ="),
    (b"3 passed in 0.12s", b"3 passed in 0.08s", b"3 failed in 0.12s"),
    (b"Ran 3 tests in 0.002s", b"Ran 3 tests in 0.001s", b"Ran 2 tests in 0.002s")])
def test_outcomes_of_tests_are_compared_whatever_they_took(output, old, new, other):
    made = channel(output(old))
    assert made.difference(output(new)) is None and made.difference(output(other)) is not None
    assert made.tells() and made.not_compared()[0].startswith("the duration in line 1")


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
