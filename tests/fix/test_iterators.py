"""Iterators among what a call touches: their state is compared without asking them for anything."""

import itertools
import sys
import warnings

import pytest

from hasten.fix.trial.snapshot import LiveHandle, Snapshot
from fix_judging import judge
from fix_programs import program_of

MADE = ["iter([1, 2, 3])", "reversed([1, 2, 3])", "iter((1, 2, 3))", "iter('abc')", "iter('\u20ac\u20ac')", "iter(b'abc')", "iter(bytearray(b'abc'))",
        "iter(range(5))", "iter(range(2**70))", "enumerate([4, 5, 6])", "zip([1, 2], 'ab')", "map(str, [1, 2])",
        "filter(None, [1, 2, 3])", "iter({1: 2, 3: 4})", "iter({1: 2, 3: 4}.items())", "iter({1, 2, 3})", "iter([1].pop, 0)",
        "(x * 2 for x in [1, 2, 3])", "numbers([1, 2, 3])", "reversed({1: 2, 3: 4})"]
if sys.version_info < (3, 14):
    MADE += ["itertools.count(3)", "itertools.cycle([1, 2])", "itertools.repeat(1, 5)", "itertools.chain([1], [2, 3])",
             "itertools.islice([1, 2, 3], 2)", "itertools.accumulate([1, 2, 3])", "itertools.product([1, 2], [3])"]


def numbers(items):
    total = 0
    for item in items:
        total += item
        yield total


def digest(value):
    Snapshot.iterators_before = None
    try:
        taken = Snapshot(is_own_module=lambda name: name == __name__)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            taken.add("it", value)
    finally:
        Snapshot.iterators_before = frozenset()
    return taken.sections[0][1]


def made(text):
    return eval(text, {"itertools": itertools, "numbers": numbers})


@pytest.mark.parametrize("text", MADE)
def test_each_step_is_another_state_and_looking_is_no_step(text):
    assert digest(made(text)) == digest(made(text))
    iterator, twin = made(text), made(text)
    digests = [digest(iterator)]
    for _ in range(2):
        try:
            assert next(iterator) == next(twin), "looking does not move it"
        except (StopIteration, IndexError):
            break
        digests.append(digest(iterator))
        assert digests[-1] == digest(twin)
    if "repeat" not in text or len(digests) > 1:
        assert len(set(digests)) == len(digests)


def test_two_generators_of_one_state_over_other_values_differ():
    assert digest(numbers([1, 2])) != digest(numbers([1, 3]))
    one, other = numbers([1, 5, 2]), numbers([1, 5, 3])
    next(one), next(other)
    assert digest(one) != digest(other)


def test_what_cannot_be_asked_is_a_handle_as_before():
    for value in (itertools.pairwise([1, 2]), zip(open(__file__))):
        with pytest.raises(LiveHandle):
            digest(value)
    with pytest.raises(LiveHandle):
        Snapshot().add("the result", (x for x in [1]))  # made by a call, with the code of its version


def test_a_generator_that_runs_is_a_handle():
    def asks():
        with pytest.raises(LiveHandle):
            digest(myself)
        yield 1

    myself = asks()
    assert next(myself) == 1


TAKE = """
    {head}
    def take(source, n):
        out = []
        for item in source:
            out.append(item)
            if len(out) == n:
                break
        return out
    source = {source}
    for i in range(4):
        take(source, 2)
    print('rest', next(iter(source), None))
"""
SAME = """
    def take(source, n):
        import itertools
        return list(itertools.islice(source, n))
"""
TOO_FAR = """
    def take(source, n):
        import itertools
        return list(itertools.islice(source, n + 1))[:n]
"""


@pytest.mark.parametrize("source", ["iter(list(range(20)))", "(x * x for x in range(20))", "map(str, range(20))", "counted()",
                                    "zip(range(20), 'abcdefghijklmnopqrst')", "enumerate('abcdefghijklm')"])
def test_how_far_a_call_went_is_compared(write_program, source):
    head = "def counted():\n        n = 0\n        while True:\n            n += 1\n            yield n"
    script = write_program(TAKE.format(head=head, source=source))
    found = judge(script, program_of(script), "take", SAME, calls=(1, 2, 4))
    assert len(found.same) == 3, found.why
    assert found.run.stdout.lines[0].startswith(b"rest") and found.run.stdout.lines[0] != b"rest None"
    wrong = judge(script, program_of(script), "take", TOO_FAR, calls=(1,))
    assert not wrong.same and "`source` differs" in wrong.why, wrong.why


def test_an_iterator_that_is_the_result_is_compared_by_what_it_gives(write_program):
    script = write_program("""
        def pairs(xs, ys):
            return zip(list(xs), list(ys))
        print(list(pairs([1, 2], 'ab')))
        """)
    assert judge(script, program_of(script), "pairs", "def pairs(xs, ys):\n    return zip([*xs], [*ys])\n").same
    assert "what the result gives differs" in judge(script, program_of(script), "pairs", "def pairs(xs, ys):\n    return zip(list(ys), list(xs))\n").why
    assert "the result differs" in judge(script, program_of(script), "pairs", "def pairs(xs, ys):\n    return map(tuple, zip(xs, ys))\n").why


def test_an_iterator_that_a_call_leaves_in_its_result_is_refused(write_program):
    script = write_program("""
        def pairs(xs, ys):
            return [map(max, xs, ys)]
        print(list(pairs([1, 2], [3, 4])[0]))
        """)
    assert "live map" in judge(script, program_of(script), "pairs", "def pairs(xs, ys):\n    return [map(max, ys, xs)]\n").why
