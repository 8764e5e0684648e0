"""Whole sessions on hand-written evidence: right edits are proven, and every limit is said in words."""

import os
import textwrap
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from fix_programs import evidence_of

from hasten.fix.candidates import propose
from hasten.fix.prove import Declined, Outcome, Session
from hasten.fix.rules import RULES, compile_rule
from hasten.fix.verdict import Verdict

pytestmark = pytest.mark.process

# Nearly all of its time is in 4 calls, so that its gain shows after few pairs.
UNIQUE = """
    def unique(words):
        seen = []
        for w in words:
            if w not in seen:
                seen.append(w)
        return seen
    words = [str(i * i % 1801) for i in range(2400)]
    for i in range(4):
        print(len(unique(words)))
"""


PLAIN = [rule for rule in RULES if rule is not compile_rule]  # whose calls would be judged as well, for nothing here


def prove(script, budget_s=90, ask=None, say=None, **how):
    evidence = evidence_of(script, **how)
    return Session(evidence, budget_s, ask, say, seed=3, candidates=propose(evidence, PLAIN)).prove()


def by_kind(outcome):
    return {v.kind: v for v in outcome.verdicts}


@dataclass
class Whole:
    """One session on a program of its own folder, and what it leaves."""

    script: Path
    outcome: Outcome
    verdict: Verdict  # on the set for membership
    questions: list
    said: list        # (text, whether it stays)
    files: list       # of the folder, afterwards
    children: bool    # whether this process had any left


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """whole(program) -> Whole, once for each program and exit code."""
    @cache
    def session(program, exit_code=0):
        script = tmp_path_factory.mktemp("whole") / "program.py"
        script.write_text(textwrap.dedent(program))
        questions, said = [], []
        outcome = prove(script, ask=lambda q: questions.append(q) or True, say=lambda text, stays=False: said.append((text, stays)), hot=["unique"], exit_code=exit_code)
        try:
            os.waitpid(-1, os.WNOHANG)
            children = True
        except ChildProcessError:
            children = False
        files = sorted(p.name for p in script.parent.iterdir())
        return Whole(script, outcome, by_kind(outcome)["set for membership"], questions, said, files, children)

    return session


def test_a_set_beside_a_growing_list_is_proven(whole):
    verdict = whole(UNIQUE).verdict
    assert verdict.verdict == "proven", verdict.reason
    assert verdict.calls == verdict.identical == 4 and verdict.calls_total == 4
    assert verdict.program_speedup > 2 and verdict.call_speedup > 5
    outcome = whole(UNIQUE).outcome
    assert outcome.program_comparable and "standard output" in outcome.compared


def test_no_process_and_no_file_is_left_behind(whole):
    assert whole(UNIQUE).files == ["program.py"]
    assert not whole(UNIQUE).children


# It ends with 4, as it did when it was recorded.
LOGS_AND_FAILS = UNIQUE + """
    import sys, time
    print(time.time_ns(), file=sys.stderr)
    open('out.txt', 'w').write('x')
    raise SystemExit(4)
"""


def test_a_log_with_times_leaves_standard_output_comparable(whole):
    outcome = whole(LOGS_AND_FAILS, 4).outcome
    assert outcome.program_comparable is True
    assert outcome.not_compared == ["standard error"]


def test_it_asks_once_and_tells_of_written_files_and_compares_them(whole):
    session = whole(LOGS_AND_FAILS, 4)
    (question,) = session.questions
    assert "runs up to" in question and "files, network or other processes" in question and "not undone" in question
    (told,) = [text for text, stays in session.said if stays]
    assert "out.txt" in told and "not undone" in told
    assert session.verdict.verdict == "proven", session.verdict.reason
    assert f"file {session.script.parent / 'out.txt'}" in session.outcome.compared


def test_a_recorded_failure_is_compared_as_it_is(whole):
    session = whole(LOGS_AND_FAILS, 4)
    assert session.verdict.verdict == "proven", session.verdict.reason
    assert "exit code" in session.outcome.compared


def test_min_instead_of_sorting_is_proven(write_program):
    outcome = prove(write_program("""
        def nearest(offsets):
            return sorted(offsets, key=abs)[0]
        offsets = [i * i * 7919 % 100003 - 50000 for i in range(4000)]
        print(sum(nearest(offsets) for x in range(100)))
        """), hot=["nearest"])
    verdict = by_kind(outcome)["min or max for sorting"]
    assert verdict.verdict == "proven", verdict.reason
    assert verdict.results_compared > 50


def test_a_short_circuit_without_effects_is_proven(write_program):
    outcome = prove(write_program("""
        def has_factor(n):
            return any([n % d == 0 for d in range(2, 100000)])
        print(sum(has_factor(n) for n in range(2, 20)))
        """), hot=["has_factor"])
    verdict = by_kind(outcome)["no list for a reduction"]
    assert verdict.verdict == "proven", verdict.reason


def test_a_generator_for_sum_is_refused_with_figures(write_program):
    outcome = prove(write_program("""
        def total(n):
            return sum([i * 3 for i in range(n)])
        print(sum(total(400) for _ in range(1000)))
        """), hot=["total"])
    verdict = by_kind(outcome)["no list for a reduction"]
    assert verdict.verdict == "refused"
    assert verdict.call_speedup < 1.3 and "faster" in verdict.reason


def test_two_right_edits_are_proven_together(write_program):
    # Each holds nearly half of the time, long beside the start of Python: neither can gain more than 2x alone.
    outcome = prove(write_program(UNIQUE.replace("range(4)", "range(7)") + """
    def least(xs):
        return sorted(xs)[0]
    numbers = [i * i * 7919 % 1000003 for i in range(40000)]
    print(sum(least(numbers) for k in range(20)))
    """), hot=["unique", "least"], share=0.5)
    proven = {v.kind for v in outcome.proven}
    assert proven == {"set for membership", "min or max for sorting"}, [v.reason for v in outcome.verdicts]
    assert outcome.together.verdict == "proven"
    assert outcome.together.program_speedup > max(v.program_speedup for v in outcome.proven)
    assert len(outcome.accepted) == 2


def test_an_edit_in_an_imported_module_and_in_a_method(write_program):
    module = write_program("""
        class Index:
            def __init__(self, known):
                self.known = known
            def missing(self, words, known):
                return [w for w in words if w not in known]
        """, "part.py")
    script = write_program("""
        import part
        known = [str(i) for i in range(900)]
        index = part.Index(known)
        for i in range(8):
            print(len(index.missing([str(i) for i in range(1800)], known)))
        """)
    outcome = prove(script, hot=["Index.missing"], modules=[module])
    verdict = by_kind(outcome)["set for membership"]
    assert verdict.verdict == "proven", verdict.reason
    assert verdict.file == str(module)


def test_a_line_that_differs_by_itself_is_named_and_the_others_are_compared(write_program):
    outcome = prove(write_program(UNIQUE + "\n    import os; print(os.getpid())\n"), hot=["unique"])
    verdict = by_kind(outcome)["set for membership"]
    assert outcome.program_comparable is True
    (text,) = outcome.not_compared
    assert text.startswith("line 5 of standard output ('")
    assert verdict.verdict == "proven" and "standard output" in verdict.compared


def test_output_that_differs_by_itself_is_not_claimed(write_program):
    quiet = UNIQUE.replace("print(len(unique(words)))", "unique(words)")
    outcome = prove(write_program(quiet + "\n    import os; print(os.getpid())\n"), hot=["unique"])
    verdict = by_kind(outcome)["set for membership"]
    assert outcome.program_comparable is False
    assert outcome.not_compared == ["standard output"]
    assert verdict.verdict == "proven" and "standard output" not in verdict.compared


def test_no_runs_nothing(write_program, tmp_path):
    script = write_program(UNIQUE + "\n    open('out.txt', 'w').write('x')\n")
    with pytest.raises(Declined):
        prove(script, ask=lambda q: False, hot=["unique"])
    assert not (tmp_path / "out.txt").exists()


def test_a_changed_file_refuses_the_edit(judge_rewrite):
    verdict, _ = judge_rewrite("""
        state = {'n': 0}
        def slow(n):
            for i in range(20000): pass
            return n
        for i in range(20): slow(i)
        open('late.txt', 'w').write(slow.__doc__ or 'none')
        """, "slow", """
        def slow(n):
            "new"
            return n
        """)
    assert verdict.verdict == "refused" and "late.txt" in verdict.reason


def test_a_program_that_starts_programs_cannot_be_compared(write_program):
    outcome = prove(write_program(UNIQUE + "\n    import subprocess; subprocess.run(['true'])\n"), hot=["unique"])
    assert "starts other programs" in outcome.stopped
    assert all(v.verdict == "cannot tell" for v in outcome.verdicts)


def test_threads_at_the_call_cannot_be_judged(write_program):
    outcome = prove(write_program("""
    import threading
    done = threading.Event()
    threading.Thread(target=done.wait).start()
    """ + UNIQUE + "\n    done.set()\n"), hot=["unique"])
    verdict = by_kind(outcome)["set for membership"]
    assert verdict.verdict == "cannot tell" and "threads" in verdict.reason


@pytest.mark.parametrize("argument, word", [
    ("open(__file__)", "TextIOWrapper"), ("zip(open(__file__))", "TextIOWrapper"), ("threading.Lock()", "lock"),
    ("[socket.socket()]", "socket"),
])
def test_live_handles_as_arguments_are_refused(judge_rewrite, argument, word):
    verdict, _ = judge_rewrite(f"""
        import socket, threading
        def use(handle):
            for i in range(1000): pass
            return 1
        for i in range(20):
            use({argument})
        """, "use", """
        def use(handle):
            return 1
        """)
    assert verdict.verdict == "refused", verdict.reason
    assert "handle" in verdict.reason and word in verdict.reason


def test_the_budget_ends_it_and_says_so(write_program):
    script = write_program(UNIQUE.replace("range(4)", "range(40)"))
    start = time.monotonic()
    outcome = prove(script, budget_s=1.5, hot=["unique"])
    assert time.monotonic() - start < 6
    assert not outcome.proven
    assert any("budget of 2 s" in v.reason for v in outcome.verdicts), [v.reason for v in outcome.verdicts]


def test_another_exit_code_than_recorded_stops_it(write_program):
    outcome = prove(write_program(UNIQUE + "\n    raise SystemExit(4)\n"), hot=["unique"])
    assert "ended with 4 now and with 0" in outcome.stopped


def test_nothing_is_run_where_nothing_is_worth_it(write_program):
    outcome = prove(write_program(UNIQUE), hot=["unique"], share=0.05)
    assert outcome.program_runs == 0 and not outcome.proven


def test_a_function_that_is_never_called_is_not_judged(write_program):
    outcome = prove(write_program("""
        def unused(words, known):
            return [w for w in words if w in known]
        print(1)
        """), hot=["unused"])
    assert by_kind(outcome)["set for membership"].verdict == "cannot tell"


def test_deep_recursion_and_default_arguments_survive_the_wrapper(judge_rewrite):
    verdict, _ = judge_rewrite("""
        def depth(n, step=1):
            for i in range(400): pass
            return 0 if n <= 0 else 1 + depth(n - step)
        for i in range(10):
            print(depth(900))
        """, "depth", """
        def depth(n, step=1):
            return 0 if n <= 0 else 1 + depth(n - step)
        """)
    assert verdict.verdict == "proven", verdict.reason


def test_a_program_with_random_numbers_can_be_proven(judge_rewrite):
    # The random module seeds itself anew in a forked child: the copies must not see that.
    verdict, _ = judge_rewrite("""
        import random
        random.seed(1)
        def walk(n):
            for i in range(n): pass
            return random.random() + random.gauss(0, 1)
        print(sum(walk(50000) for i in range(100)))
        """, "walk", """
        def walk(n):
            return random.random() + random.gauss(0, 1)
        """)
    assert verdict.verdict == "proven", verdict.reason
    assert verdict.identical == 36


@pytest.mark.parametrize("end, told", [
    ("raise SystemExit(7)", "it ended with 7 and not with 0"),
    ("raise ValueError('half-way')", "it ended with 1 and not with 0: ValueError: half-way"),
    ("os.kill(os.getpid(), 9)", "it was killed by signal 9 and not with 0"),
])
def test_a_judged_run_that_goes_wrong_proves_nothing(judge_rewrite, end, told):
    verdict, outcome = judge_rewrite(f"""
        import os
        def f(n):
            return sum(range(n))
        for i in range(20):
            f(i * 1000)
            if i == 14 and f.__code__.co_name == "judged":  # as if judging had broken it half-way
                {end}
        print("done")
        """, "f", """
        def f(n):
            return n * (n - 1) // 2 if n > 0 else 0
        """)
    assert verdict.verdict == "cannot tell" and not outcome.accepted and not outcome.proven
    assert outcome.stopped == verdict.reason and verdict.pairs == 0, verdict.reason
    assert told in outcome.stopped and "Try again" in outcome.stopped and "\n" not in outcome.stopped
