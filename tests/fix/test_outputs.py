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


@pytest.mark.parametrize("old, again, faster, other", [
    (b"file 1: 23994 s of audio in 0.0412 s", b"file 1: 23994 s of audio in 0.0398 s", b"file 1: 23994 s of audio in 980 us",
     b"file 1: 23989 s of audio in 0.0412 s"),
    (b"rendered 240 ms in 1m 2.3s", b"rendered 240 ms in 1m 1.9s", b"rendered 240 ms in 58.1s", b"rendered 250 ms in 1m 1.9s"),
    (b"2026-01-31 23:59:59,1 total 12", b"2026-01-31 23:59:59,2 total 12", b"2026-02-01 00:00:00,4 total 12", b"2026-01-31 23:59:59,2 total 13"),
    (b"<Foo at 0x7f01> 3", b"<Foo at 0x7f02> 3", b"<Foo at 0x7e-1> 3".replace(b"-", b""), b"<Foo at 0x7f02> 4"),
    (b"1700000000.25 x=-0.5 n=[1,2]", b"1700000001.5 x=-0.5 n=[1,2]", b"1700000009.75 x=-0.5 n=[1,2]", b"1700000001.5 x=0.5 n=[1,2]"),
    (b"5,0.123,7", b"5,0.2,7", b"5,1e-05,7", b"5,0.2,8"),
    (b"| load |  10.1 MB/s | 12 rows |", b"| load |  10.2 MB/s | 12 rows |", b"| load | 1.2 GB/s    | 12 rows |", b"| load |  10.2 MB/s | 13 rows |")])
def test_of_a_line_that_varies_only_the_words_that_varied_are_not_compared(output, old, again, faster, other):
    made = channel(output(old), output(again))
    assert made.tells() and made.difference(output(faster)) is None
    place, was, is_ = made.difference(output(other))
    assert was == repr(old.decode()) and is_ == repr(other.decode()) and made.varies_at(place)


def test_a_word_that_varies_seldom_is_set_aside_when_it_is_seen(output):
    made = channel(output(b"load 0.1 s, all 2.3 s, 5 s of audio"), output(b"load 0.1 s, all 2.4 s, 5 s of audio"))
    assert made.difference(output(b"load 0.0 s, all 1.1 s, 5 s of audio")) is not None
    made.see_unmodified(output(b"load 0.2 s, all 2.3 s, 5 s of audio"))
    assert made.difference(output(b"load 0.0 s, all 1.1 s, 5 s of audio")) is None
    assert made.difference(output(b"load 0.0 s, all 1.1 s, 4 s of audio")) is not None
    assert made.not_compared() == ["the duration in line 1 of standard output ('load 0.1 s, all 2.3 s, 5 s of audio')"]


def test_a_line_with_other_numbers_of_words_is_not_compared(output):
    made = channel(output(b"n 5\ndone a, b 3"), output(b"n 5\ndone a 3"))
    assert made.difference(output(b"n 5\ndone c 4")) is None
    assert made.not_compared() == ["line 2 of standard output ('done a, b 3')"]
    made = channel(output(b"pid 17 of 3 took 2 s"), output(b"pid 18 of 3 took 3 s"))
    assert made.not_compared() == ["2 words of line 1 of standard output ('pid 17 of 3 took 2 s')"]
    assert made.difference(output(b"pid 18 of 3 took 3 s and more")) is not None, "what the program never wrote so is seen"


def test_floats_in_a_line_that_varies_may_differ_as_others_may(output):
    made = channel(output(b"x = 1.0000 at 17:02"), output(b"x = 1.0000 at 17:03"), tolerance=1e-4)
    assert made.difference(output(b"x = 1.00001 at 17:09")) is None and made.difference(output(b"x = 1.01 at 17:02")) is not None


@pytest.mark.parametrize("old, new, other", [
    (b"====== 2 passed in 0.12s ======", b"===== 2 passed in 75.01s (0:01:15) =====", b"====== 1 passed in 0.12s ======"),
    (b"= 1 failed, 2 passed, 1 warning in 0.12s =", b"= 1 failed, 2 passed, 1 warning in 0.08s =", b"= 3 passed, 1 warning in 0.12s ="),
    (b"3 passed in 0.12s", b"3 passed in 0.08s", b"3 failed in 0.12s"),
    (b"Ran 3 tests in 0.002s", b"Ran 3 tests in 0.001s", b"Ran 2 tests in 0.002s")])
def test_outcomes_of_tests_are_compared_whatever_they_took(output, old, new, other):
    made = channel(output(old))
    assert made.difference(output(new)) is None and made.difference(output(other)) is not None
    assert made.tells() and made.not_compared()[0].startswith("the duration in line 1")


def test_a_word_beside_what_varies_shows_a_difference_though_its_being_there_proves_nothing(output):
    made = channel(output(b"good in 1.5 s\n"), output(b"good in 1.4 s\n"))
    assert not made.tells() and made.is_dropped
    assert made.difference(output(b"good in 0.1 s\n")) is None
    assert made.difference(output(b"bad in 0.1 s\n")) == ("line 1 of standard output", "'good in 1.5 s'", "'bad in 0.1 s'")
    assert made.difference(output(b"good in 0.1 s\nmore\n")) is None


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
