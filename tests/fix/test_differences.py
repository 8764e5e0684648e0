"""Where a difference is said to lie, and floats that may differ by a share."""

import pytest
from fix_programs import program_of

from hasten.fix.judgement import JudgementSession
from hasten.fix.proposals import propose_change
from hasten.fix.trial.difference import first_difference, leaves_of
from hasten.fix.trial.snapshot import Snapshot, preview


class Point:
    def __init__(self, x, tags=()):
        self.x, self.tags = x, tags


def where(old, new):
    return first_difference(leaves_of(old, preview), leaves_of(new, preview), lambda a, b: False)


@pytest.mark.parametrize("old, new, found", [
    ([1, 2, 3], [1, 5, 3], ("[1]", "2", "5")),
    ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ("['a'][1]['b']", "2", "3")),
    ((1, True), (1, 1), ("[1]", "True", "1")),
    ([[Point(1)]], [[Point(2)]], ("[0][0].x", "1", "2")),
    (Point(1, [7]), Point(1, [8]), (".tags[0]", "7", "8")),
    ([1, 2], [1, 2, 3], ("", "a list of 2", "a list of 3")),
    ([0, 1, 2], [1, 2], ("", "a list of 3 (0 at [0])", "a list of 2 (1 there)")),
    ([1], (1,), ("", "a list of 1", "a tuple of 1")),
    (3, 4, ("", "3", "4")),
    ([1, [2]], [1, [2]], None),
])
def test_the_first_place_that_differs(old, new, found):
    assert where(old, new) == found


def test_what_holds_itself_comes_to_an_end():
    loop = [1]
    loop.append(loop)
    assert len(leaves_of(loop, preview)) < 20


@pytest.fixture
def keeping():
    Snapshot.keeps_floats = True
    yield
    Snapshot.keeps_floats = False


def test_floats_are_kept_beside_the_digest(keeping):
    taken = []
    for value in ([1.5] * 9 + [{"a": 2j}], [1.25] * 9 + [{"a": 3j}], [1] * 9 + [{"a": 3j}]):
        snapshot = Snapshot()
        snapshot.add("x", value)
        taken.append((snapshot.sections[0][1], list(memoryview(snapshot.floats["x"]).cast("d"))))
    assert taken[0][0] == taken[1][0] != taken[2][0]
    assert taken[0][1] == [1.5] * 9 + [0.0, 2.0] and taken[2][1] == [0.0, 3.0]


MEAN = """
    def mean(xs):
        total = 0.0
        for _ in range(300):
            for x in xs:
                total += x
        return [total / len(xs), len(xs)]

    def other(xs):
        total = 0.0
        for _ in range(300):
            for x in reversed(xs):
                total += x
        return [total / len(xs), len(xs)]

    print(sum(mean([0.1 * j + i for j in range(20)])[0] for i in range(30)))
"""


@pytest.mark.process
@pytest.mark.parametrize("tolerance, answer", [(0.0, "different"), (1e-9, "same"), (1e-17, "different")])
def test_another_order_of_floats_is_the_same_within_a_tolerance(write_program, tolerance, answer):
    script = write_program(MEAN)
    program = program_of(script)
    judgement = JudgementSession(propose_change(f"{script}:mean=other", program), program, tolerance=tolerance, seed=2).judge()
    assert judgement.answer == answer, judgement.reason
    if answer == "different":
        assert judgement.differences[0].place == "the result, [0]"
        assert float(judgement.differences[0].old) != float(judgement.differences[0].new)
