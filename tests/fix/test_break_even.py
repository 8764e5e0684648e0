"""Where a list's length is only known at run time: what the watched run saw of it, and what that says of a set."""

import pytest
from fix_programs import evidence_of

from hasten.fix.candidates import propose
from hasten.fix.prove import Session
from hasten.fix.rules import membership_set, prices

pytestmark = [pytest.mark.process, pytest.mark.one_python]

LOOP = """
    def count(words, known):
        n = 0
        for w in words:
            if w in known:
                n += 1
        return n
    print(sum(count(range(20000), {given}) for k in range(9)))
    """


def session(script, hot="count"):
    evidence = evidence_of(script, hot=[hot])
    outcome = Session(evidence, 60, seed=1, candidates=propose(evidence, [membership_set])).prove()
    (verdict,) = outcome.verdicts
    return verdict, outcome


@pytest.mark.parametrize("given", ["[3, 1, 2]", "(1, 2)", "list(range(k % 4))"])
def test_few_elements_are_refused_with_the_break_even_before_anything_is_tried(write_program, given):
    verdict, outcome = session(write_program(LOOP.format(given=given)))
    least = prices.set_pays_from("int")
    most = {"[3, 1, 2]": 3, "(1, 2)": 2}.get(given, 3)
    assert verdict.verdict == "refused"
    assert verdict.reason == f"n is {most} (`known`, the longest of 9 calls looked at); a set pays from {least} here"
    assert outcome.program_runs == 2 and verdict.calls == 0


def test_a_global_list_is_looked_at_too(write_program):
    verdict, _ = session(write_program("""
        KNOWN = list("ab")
        def count(words):
            return sum(w in KNOWN for w in words)
        print(sum(count("abcdef" * 2000) for k in range(5)))
        """))
    assert verdict.verdict == "refused" and verdict.reason.startswith("n is 2 (`KNOWN`, the longest of 5 calls"), verdict.reason


def test_what_has_no_known_price_is_tried(write_program):
    verdict, outcome = session(write_program(LOOP.format(given="[1.5, 2.5]")))
    assert outcome.program_runs > 2 and "a set pays from" not in verdict.reason


def test_a_list_that_once_is_long_is_tried(write_program):
    verdict, _ = session(write_program(LOOP.format(given="list(range(3 if k else 2000))")))
    assert verdict.verdict == "proven" or "n is 3 to 2000 at the calls (`known`)" in verdict.reason, verdict.reason
