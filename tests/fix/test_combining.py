"""Several fixes of one program: conflicts, what is worthless beside others, and what holds together."""

import pytest
from fix_programs import evidence_of

from hasten.fix.candidates import Proposal, propose
from hasten.fix.combining import adds_nothing
from hasten.fix.ending import Ended
from hasten.fix.given import given_rewrite
from hasten.fix.prove import Session
from hasten.fix.rules import membership_set, smallest_few, selection

pytestmark = [pytest.mark.process, pytest.mark.one_python]

# Most of the time is in `inside`, and `count` calls nothing else; so often that no inputs are made up for it. The rest is there so that
# runs without either are not all start-up, whose time varies most.
NESTED = """
    def inside(xs, x):
        return any(y == x for y in xs)
    def count(xs, n):
        return sum(inside(xs, i) for i in range(n))
    xs = list(range(3000))
    print(sum(count(xs, 900) for k in range(30)), sum(i * i for i in range(3_000_000)))
    """

# The new `inside` always looks at the whole list: a gain where it is asked for late items, which is all that `count` does, and a loss for the
# first one. So beside a new `count`, which does not ask, it does harm, and no noise can make a gain of that.
NESTED_AND_FIRST = """
    def inside(xs, x):
        return any(y == x for y in xs)
    def count(xs, n):
        return sum(inside(xs, i) for i in range(2100, n))
    xs = list(range(3000))
    print(sum(count(xs, 3000) for k in range(24)), sum(inside(xs, 0) for k in range(9000)))
    """


def given(script, *rewrites):
    """A Proposal of several given rewrites, in this order."""
    proposal = Proposal()
    for number, (function, text) in enumerate(rewrites):
        one = given_rewrite(str(script), function, text)
        one.candidates[0].id = str(number)
        proposal.candidates += one.candidates
        proposal.sources |= one.sources
    return proposal


def test_what_another_fix_makes_worthless_is_left_out(write_program):
    script = write_program(NESTED_AND_FIRST)
    proposal = given(script, ("inside", "def inside(xs, x):\n    return xs.count(x) > 0"), ("count", "def count(xs, n):\n    return max(0, min(n, len(xs)) - 2100)"))
    outcome = Session(evidence_of(script), 90, seed=1, candidates=proposal).prove()
    inside, count = outcome.verdicts
    assert count.verdict == "proven", count.reason
    assert inside.verdict == "refused" and "adds nothing beside given in count" in inside.reason and "left out" in inside.reason
    assert inside.program_speedup > 1.05 and inside.interval[0] > 1.05, "it was proven alone"
    assert inside.beside_others < 1.05, "its effect in presence of the other"
    assert [c.function.qualname for c in outcome.accepted] == ["count"] and outcome.together is None


def test_of_two_fixes_on_the_same_text_the_better_is_taken(write_program):
    script = write_program(NESTED)
    proposal = given(script, ("inside", "def inside(xs, x):\n    return x in xs"), ("inside", "def inside(xs, x):\n    return 0 <= x < 3000"))
    outcome = Session(evidence_of(script), 90, seed=1, candidates=proposal).prove()
    slower, better = outcome.verdicts
    assert better.verdict == "proven" and outcome.accepted == [proposal.candidates[1]], better.reason
    assert slower.verdict == "refused" and "changes the same text as given in inside, which gains more" in slower.reason
    assert better.interval[0] > slower.interval[0] > 1.05


def test_two_fixes_of_one_function_are_judged_together_at_its_calls(write_program):
    script = write_program("""
        def both(words, known, numbers):
            missing = 0
            for w in words:
                if w not in known:
                    missing += 1
            for k in range(12):
                least = sorted(numbers)[0]
            return missing, least
        known = [str(i) for i in range(3000)]
        words = [str(i * 7919 % 3100) for i in range(700)]
        numbers = [i * i * 7919 % 1000003 for i in range(12000)]
        for k in range(8):
            print(both(words, known, numbers))
        """)
    evidence = evidence_of(script, hot=["both"], share=0.5)
    candidates = propose(evidence, [membership_set, selection, smallest_few])
    outcome = Session(evidence, 90, seed=1, candidates=candidates).prove()
    assert {v.kind for v in outcome.proven} == {"set for membership", "min or max for sorting"}, [v.reason for v in outcome.verdicts]
    together = outcome.together
    assert together.verdict == "proven" and together.calls == together.identical > 0
    assert all(v.beside_others > 1.05 for v in outcome.proven)


def test_where_not_all_hold_together_those_that_do_are_taken(write_program):
    # The new `first` answers otherwise where `second` is the new one: each alone is right, both are not.
    script = write_program("""
        def first(n):
            for i in range(n): pass
            return 42
        def second(n):
            "old"
            for i in range(n): pass
            return 7
        def third(n):
            for i in range(n): pass
            return 1
        print(sum(first(9 * 10**5) + second(9 * 10**5) + third(10**6) for k in range(4)))
        """)
    proposal = given(script, ("first", "def first(n):\n    return 42 if second.__doc__ == 'old' else 43"),
                     ("second", "def second(n):\n    'new'\n    return 7"), ("third", "def third(n):\n    return 1"))
    outcome = Session(evidence_of(script), 120, seed=1, candidates=proposal).prove()
    first, second, third = outcome.verdicts
    assert third.verdict == "proven" and {first.verdict, second.verdict} == {"proven", "refused"}, [v.reason for v in outcome.verdicts]
    out = first if first.verdict == "refused" else second
    assert "but not together with" in out.reason and "standard output differs" in out.reason
    assert len(outcome.accepted) == 2 and outcome.together.verdict == "proven"


def test_interrupted_before_it_is_tried_together_the_best_alone_is_kept(write_program):
    script = write_program(NESTED)
    proposal = given(script, ("inside", "def inside(xs, x):\n    return x in xs"), ("count", "def count(xs, n):\n    return min(n, len(xs))"))

    def say(text):
        if text.startswith("round 1: the unmodified program against the changed version"):
            raise Ended(15)

    session = Session(evidence_of(script), 90, say=say, seed=1, candidates=proposal)
    with pytest.raises(KeyboardInterrupt):
        session.prove()
    session.keep_what_is_proven()
    assert [c.function.qualname for c in session.outcome.accepted] == ["count"]
    inside, count = session.outcome.verdicts
    assert count.verdict == "proven" and inside.verdict == "cannot tell" and "not yet together" in inside.reason


@pytest.mark.parametrize("effect, nothing", [((1.0, 0.99, 1.01), True), ((1.04, 1.03, 1.045), True), ((1.01, 0.9, 1.2), True),
                                             ((1.3, 1.2, 1.4), False), ((1.04, 0.95, 1.14), False), ((float("inf"),) * 3, False)])
def test_what_counts_as_nothing(effect, nothing):
    assert adds_nothing(*effect) is nothing
