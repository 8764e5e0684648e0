"""Wrong edits that differ in one call of a thousand, which is none of those that are judged in forked copies."""

import random

import pytest
from fix_programs import program_of

from hasten.fix.judgement import DIFFERENT, JudgementSession
from hasten.fix.proposals import propose_change

pytestmark = pytest.mark.process

PROGRAM = """
    total = 0
    class Drawer:
        def __init__(self):
            self.items, self.full = list(range(12)), 0

    def put(drawer, n):
        global total
        drawer.items[n % 12] = n
        total += n == 743
        drawer.full += n == 743
        return [n]

    def full_forgotten(drawer, n):
        global total
        drawer.items[n % 12] = n
        total += n == 743
        return [n]

    def total_forgotten(drawer, n):
        drawer.items[n % 12] = n
        drawer.full += n == 743
        return [n]

    def keys(drawer, n):
        global total
        drawer.items[n % 12] = n
        total += n == 743
        drawer.full += n == 743
        return {n: 0}.keys()

    def right(drawer, n):
        global total
        drawer.items[n % 12] = n
        if n != 743:
            return [n]
        total += 1
        drawer.full += 1
        return [n]

    def kept(drawer, n):
        if n == 743:
            return drawer
        return None

    def copied(drawer, n):
        if n == 743:
            return Drawer()
        return None

    drawers = [Drawer() for _ in range(8)]
    for i in range(1200):
        put(drawers[i % 8], i)
        kept(drawers[i % 8], i)
        if i % 8 == 7:
            drawers[i % 8 - 1] = Drawer()
    drawers.clear()
    print('done')
"""


@pytest.fixture
def judge(write_program):
    def judge(new, old="put"):
        script = write_program(PROGRAM)
        program = program_of(script)
        session = JudgementSession(propose_change(f"{script}:{old}={new}", program), program, budget_s=60, runs=2, seed=1)
        # The dice of the judged calls never show the rare one here, nor does its time.
        session._dice = Dice()
        return session.judge()
    return judge


class Dice(random.Random):
    """Draws from the first half."""

    def randrange(self, start, stop):
        return super().randrange(start, (start + stop) // 2)


def test_what_a_rare_call_leaves_of_its_argument(judge):
    judgement = judge("full_forgotten")
    assert judgement.answer == DIFFERENT, judgement.reason
    assert judgement.differences[0].call == 744


def test_what_a_rare_call_leaves_of_a_global(judge):
    judgement = judge("total_forgotten")
    assert judgement.answer == DIFFERENT, judgement.reason
    assert "`total`" in judgement.reason


def test_a_result_that_only_the_new_version_hides(judge):
    judgement = judge("keys")
    assert judgement.answer == DIFFERENT
    assert "dict_keys" in judgement.reason


def test_the_same_edit_done_right_is_the_same(judge):
    judgement = judge("right")
    assert judgement.answer == "same", judgement.reason
    assert judgement.functions[0].results_compared == 1200


def test_a_call_that_alone_takes_a_branch_is_judged(judge):
    judgement = judge("copied", "kept")
    assert judgement.answer == DIFFERENT
    assert judgement.differences[0].call == 744
    assert judgement.functions[0].judged < 40


def test_a_judged_run_that_goes_wrong_cannot_tell(write_program):
    script = write_program("""
        def f(n):
            return n + 1
        def g(n):
            return 1 + n
        for i in range(20):
            f(i)
            if i == 4 and f.__code__.co_name == "judged":  # as if our own code had failed in the middle
                raise SystemExit(7)
        print("done")
    """)
    program = program_of(script)
    judgement = JudgementSession(propose_change(f"{script}:f=g", program), program, budget_s=60, runs=2, seed=1).judge()
    assert judgement.exit_code == 3
    assert "went wrong: it ended with 7 and not with 0; nothing is proven" in judgement.reason
