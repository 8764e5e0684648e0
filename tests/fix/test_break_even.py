"""Where a list's length is only known at run time: what the watched run saw of it, and what that says of a set."""

import pytest
from fix_programs import evidence_of

from hasten.fix.candidates import propose
from hasten.fix.prove import Session
from hasten.fix.rules import break_even, deque_ends, membership_set, pairs_dict, prices, selection, smallest_few

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


def session(script, hot="count", rule=membership_set):
    evidence = evidence_of(script, hot=[hot])
    outcome = Session(evidence, 60, seed=1, candidates=propose(evidence, [rule])).prove()
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


TURN = """
    def turn(n, rounds):
        queue = list(range(n))
        for i in range(rounds):
            queue.append(queue.pop(0))
        return queue[0]
    print(sum(turn({n}, 300) for k in range(40)))
    """
BEST = """
    def best(rounds):
        least = 0
        for i in range(rounds):
            row = [(i * 7919 + j * 104729) % 1009 for j in range({n})]
            least += {taken}
        return least
    print(sum(best(200) for k in range(10)))
    """
PAIRS = """
    def total(names, prices):
        found = 0
        for name in names:
            for known, price in prices:
                if known == name:
                    found += price
                    break
        return found
    PRICES = [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    print(sum(total("abcd" * 500, PRICES[:{n}]) for k in range(9)))
    """


@pytest.mark.parametrize("rule, text, hot, how, way, told", [
    (deque_ends, TURN, "turn", {}, "deque", "`queue`, the longest of 12000 uses looked at"),
    (selection, BEST, "best", {"taken": "sorted(row)[0]"}, "min", "`row`, the longest of 2000 uses looked at"),
    (smallest_few, BEST, "best", {"taken": "sum(sorted(row)[:6])"}, "heap", "`row`, the longest of 2000 uses looked at"),
    (pairs_dict, PAIRS, "total", {}, "dict", "`prices`, the longest of 9 calls looked at"),
])
def test_each_way_that_fails_at_small_sizes_says_from_where_it_pays(write_program, monkeypatch, rule, text, hot, how, way, told):
    n = 3
    monkeypatch.setitem(prices.table()["pays_from"], way, dict.fromkeys(break_even.WAYS[way].kinds, 1000))
    verdict, outcome = session(write_program(text.format(n=n, **how)), hot, rule)
    assert verdict.verdict == "refused", verdict.reason
    assert verdict.reason == f"n is {n} ({told}); {break_even.WAYS[way].name} pay{'' if way == 'min' else 's'} from 1000 here"
    assert outcome.program_runs == 2, "nothing was tried"
    monkeypatch.setitem(prices.table()["pays_from"], way, dict.fromkeys(break_even.WAYS[way].kinds, n))
    verdict, outcome = session(write_program(text.format(n=n, **how)), hot, rule)
    assert outcome.program_runs > 2, "just long enough"


def test_what_was_measured_not_to_pay_says_the_break_even(write_program, monkeypatch):
    """Numbers with a key: the price is of elements that are compared themselves, so that this is tried, and refused with it."""
    monkeypatch.setitem(prices.table()["pays_from"], "heap", {"int": 4321, "str": 4321})
    verdict, outcome = session(write_program(BEST.format(n=12, taken="sum(sorted(row, key=abs)[:6])")), "best", smallest_few)
    assert verdict.verdict == "refused" and outcome.program_runs > 2, verdict.reason
    assert verdict.reason.startswith("not faster: ") and verdict.reason.endswith("; a heap of 5 pays from 4321 here"), verdict.reason


def test_a_local_list_is_not_mistaken_for_a_global_of_its_name(write_program, monkeypatch):
    monkeypatch.setitem(prices.table()["pays_from"], "deque", {"any": 1000})
    verdict, _ = session(write_program("queue = [0] * 5000\n" + TURN.format(n=7).replace("\n    ", "\n")), "turn", deque_ends)
    assert verdict.reason.startswith("n is 7 (`queue`, "), verdict.reason


def test_a_literal_of_few_pairs_is_left_alone_with_the_figure(monkeypatch):
    from fix_rewriting import remarks, silent

    monkeypatch.setitem(prices.table()["pays_from"], "dict", {"tuple": 40})
    text = PAIRS.replace("prices", "PRICES").replace("def total(names, PRICES)", "def total(names)").partition("print")[0]
    text = "\n".join(line[4:] for line in text.splitlines())
    silent(pairs_dict, text)
    assert remarks(pairs_dict, text) == ["n is 4; a dict pays from 40 here"]


def test_a_break_even_is_where_the_new_way_is_faster_by_the_margin(monkeypatch):
    """On clocks whose truth is known: each way takes the time that is said."""
    import time

    def takes(ns_of):
        def run(given):
            end = time.perf_counter_ns() + ns_of(len(given))
            while time.perf_counter_ns() < end:
                pass
        return run

    def way(old, new):
        return break_even.Way("x", "x", 1.25, {"any": int}, list, takes(old), takes(new))

    # 1.25 * 100 us = 2.5 us * n at n = 50.
    found = break_even._from(way(lambda n: 2_500 * n, lambda n: 100_000), int)
    assert 44 <= found <= 57, found
    assert break_even._from(way(lambda n: 20_000, lambda n: 10_000), int) == break_even.SIZE_MIN
    monkeypatch.setattr(break_even, "SIZE_MAX", 64)
    assert break_even._from(way(lambda n: 20_000, lambda n: 20_000), int) is None


def test_both_ways_of_a_price_give_the_same():
    for way in break_even.WAYS.values():
        for element in way.kinds.values():
            given = way.make([element(i) for i in range(37)])
            assert way.old(given) == way.new(given)
