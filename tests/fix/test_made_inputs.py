"""Inputs that are made from recorded ones: what they keep, what they find, and what they never refuse."""

import copy

import pytest

from hasten.fix.trial.inputs import MINUS_ZERO, NAN, NothingPlain, made
from fix_judging import judge
from fix_programs import program_of


def types_of(value):
    """The types of a value and of all that it holds."""
    kind = type(value)
    if kind is dict:
        return {dict} | {t for item in value.items() for part in item for t in types_of(part)}
    if kind in (list, tuple, set, frozenset):
        return {kind} | {t for part in value for t in types_of(part)}
    return {kind}


ARGUMENTS = [
    ([3, 1, 2], 2), ([1.5, 2.5], 1.0), ([], 1, [2]), ("a word", ["a", "b"], 2), ({"a": [1, 2], "b": [3]}, "a"), ({1, 2, 3}, (1, 2), b"xy"),
    ([[1, 2], [3, 4]], 2), (7,), (True, 0.5), (range(5), 3), ([("a", 1), ("b", 2)], "b"),
]


@pytest.mark.parametrize("args", ARGUMENTS)
def test_types_stay_and_the_same_number_makes_the_same(args):
    before = set().union(*map(types_of, args))
    different = 0
    for number in range(300):
        new, kwargs, traits = made(copy.deepcopy(args), {}, number)
        again = made(copy.deepcopy(args), {}, number)
        assert repr((new, kwargs, traits)) == repr(again)
        assert set().union(*map(types_of, new)) <= before and list(map(type, new)) == list(map(type, args)), new
        assert kwargs == {}
        different += repr(new) != repr(args)
    assert different > 150


def test_what_goes_together_stays_together():
    xs, ys = [1, 2, 3, 4], ["a", "b", "c", "d"]
    equal, followed, other = 0, 0, 0
    for number in range(400):
        new_xs, new_ys, n = made((copy.copy(xs), copy.copy(ys), 4), {}, number)[0]
        if len(new_xs) != 4:
            equal += len(new_xs) == len(new_ys)
            followed += n == len(new_xs)
            other += 1
    assert other > 50 and equal > 0.7 * other and followed > 0.5 * other


def test_rows_of_a_table_keep_one_length():
    ragged, changed = 0, 0
    for number in range(600):
        rows = made(([[1, 2, 3], [4, 5, 6]],), {}, number)[0][0]
        lengths = set(map(len, rows))
        changed += lengths not in ({3}, set())
        ragged += len(lengths) > 1
    assert changed - ragged > 20


@pytest.mark.parametrize("records", [
    [("a", 1), ("b", 2), ("c", 3)], [["a", 1], ["b", 2]], [{"k": 1, "v": "a"}, {"k": 2, "v": "b"}], {"x": ("a", 1), "y": ("b", 2)},
    [["a", "b"], ["c", "d"]]])
def test_records_keep_their_shape(records):
    def shapes(value):
        parts = value.values() if type(value) is dict else value
        return {(type(p), len(p), tuple(map(type, p.values() if type(p) is dict else p)), tuple(p) if type(p) is dict else 0) for p in parts}

    before = shapes(records)
    for number in range(500):
        new = made((copy.deepcopy(records),), {}, number)[0][0]
        assert shapes(new) <= before or len(shapes(new)) == 1 and before == {(list, 2, (str, str), 0)}, new


def test_a_list_is_changed_where_it_is():
    shared = [1, 2, 3]
    for number in range(100):
        items = copy.copy(shared)
        new = made((items, items, {"same": items}), {}, number)[0]
        assert new[0] is items and new[1] is items and new[2].get("same", items) is items


def test_an_element_that_stands_twice_is_two_elements():
    for number in range(300):
        rows = made(([[1], [2]],), {}, number)[0][0]
        assert len({id(row) for row in rows}) == len(rows)


def test_none_comes_only_where_it_was_seen():
    assert all(made((5, 6), {}, n)[0] != (None, 6) for n in range(200))
    assert any(made((5, 6), {}, n, optional={0})[0] == (None, 6) for n in range(200))
    assert any(made((5,), {"k": 6}, n, optional={"k"})[1] == {"k": None} for n in range(200))


def test_strange_floats_come_and_are_named():
    seen = set()
    for number in range(2000):
        (value,), _, traits = made((2.5,), {}, number)
        seen.add(repr(value))
        assert (value != value) == (NAN in traits) and (repr(value) == "-0.0") == (MINUS_ZERO in traits)
    assert {"nan", "inf", "-inf", "-0.0", "0.0"} <= seen


def test_objects_are_left_as_they_were():
    class Point:
        pass

    point = Point()
    assert all(made((point, 1), {}, n)[0][0] is point for n in range(50))
    with pytest.raises(NothingPlain):
        made((point, None), {}, 1)


def generated_of(judged):
    return [e for e in judged.events if e["event"] == "generated"][-1]


def test_a_function_called_once_is_judged_on_thirty_inputs(write_program):
    script = write_program("""
        def find(items, wanted):
            for i, item in enumerate(items):
                if item == wanted:
                    return i
            raise KeyError(wanted)
        find([3, 1, 2], 2)
        """)
    found = judge(script, program_of(script), "find", generated=40, seconds=60)
    last = generated_of(found)
    assert last["same"] >= 30 and 0 < last["raised"] < last["same"] and last["raised_otherwise"] == 0, found.events


@pytest.mark.parametrize("program, function, new_text, words", [
    # The rare branch is never taken by the program.
    ("def top(xs, k):\n    return sorted(xs)[:k] if k > 0 else []\ntop([3, 1, 2], 2)", "top",
     "def top(xs, k):\n    return sorted(xs)[:k]", "top("),
    ("def clip(x):\n    return 0 if x < 0 else x\nclip(5)", "clip", "def clip(x):\n    return x", "clip(-"),
    ("def count(words, w):\n    return sum(x == w for x in words)\ncount(['a', 'b'], 'a')", "count",
     "def count(words, w):\n    return 1 if w in words else 0", "count("),
    ("def wide(n):\n    return n * 3\nwide(5)", "wide", "def wide(n):\n    return (n * 3 + 2**62) % 2**63 - 2**62", "wide(9223372036854775808)"),
    ("def rows(n, m):\n    n.sort()\n    return len(n) + len(m)\nrows([1, 2], [2])", "rows",
     "def rows(n, m):\n    return len(n) + len(m)", "the argument `n`"),
])
def test_a_difference_that_the_program_never_shows(write_program, program, function, new_text, words):
    script = write_program(program + "\n")
    found = judge(script, program_of(script), function, new_text, generated=40, seconds=60)
    assert found.same, "the recorded call itself is the same"
    assert found.dropped and found.dropped[0]["verdict"] == "refused" and found.dropped[0]["of"] == "difference"
    assert found.why.startswith("differs on an input made from recorded ones: ") and words in found.why, found.why


def test_where_the_old_version_raises_a_difference_is_told_and_refuses_nothing(write_program):
    script = write_program("""
        def smallest(items):
            return sorted(items)[0]
        smallest([3, 1, 2])
        """)
    found = judge(script, program_of(script), "smallest", "def smallest(items):\n    return min(items)\n", generated=40, seconds=60,
                  not_for=["nan", "-0.0"])
    last = generated_of(found)
    assert not found.dropped and last["raised_otherwise"] == 1, found.events  # only the empty list: IndexError, ValueError


def test_an_input_for_which_a_rule_is_not_meant_is_left_out(write_program):
    script = write_program("""
        def smallest(a, b, c):
            return sorted([a, b, c])[0]
        smallest(2.5, 3.5, 1.5)
        """)
    new_text = "def smallest(a, b, c):\n    return min([a, b, c])\n"
    # Nothing is less than NaN, nor NaN than anything: what sorting puts first depends on where it stood.
    why = judge(script, program_of(script), "smallest", new_text, generated=60, seconds=100).why
    assert why.startswith("differs on an input made from recorded ones: smallest(") and "nan" in why.partition(")")[0]
    assert not judge(script, program_of(script), "smallest", new_text, generated=60, seconds=100, not_for=["nan", "-0.0"]).dropped


def test_inputs_that_take_for_ever_are_left_out(write_program):
    script = write_program("""
        def steps(n):
            count = 0
            while n != 1:
                n -= 1
                count += 1
            return count
        steps(5)
        """)
    found = judge(script, program_of(script), "steps", generated=10, seconds=60)
    assert not found.dropped and generated_of(found)["same"] >= 3, found.events


def test_inputs_that_take_all_memory_are_left_out(write_program):
    script = write_program("""
        def fill(n, k):
            return len([k] * n)
        fill(1000, 1)
        """)
    found = judge(script, program_of(script), "fill", generated=12, seconds=60)
    assert not found.dropped and generated_of(found)["same"] >= 3, found.events


@pytest.mark.parametrize("figures, text", [
    ({"identical": 1}, "proven: 1 call identical, "), ({"identical": 12, "calls_total": 12}, "proven: 12 calls identical, "),
    ({"identical": 36, "calls_total": 300}, "proven: 36 of 300 calls identical, "),
    ({"identical": 1, "calls_total": 1, "generated": 40}, "proven: 1 recorded and 40 generated calls identical, "),
    ({"identical": 3, "calls_total": 20, "generated": 40, "generated_raised": 2},
     "proven: 3 of 20 recorded and 40 generated (2 raise) calls identical, "),
])
def test_words(figures, text):
    from hasten.fix.words import summary

    fix = {"kind": "given", "file": "x.py", "line": 1, "function": "f", "verdict": "proven", "reason": "", "predicted": [1, 2], "calls": 1,
           "results_compared": 0, "call_speedup": 2.0, "program_before_s": 2.0, "program_after_s": 1.0, "program_speedup": 2.0,
           "interval": [1.9, 2.1], "compared": ["standard output"], "needs": [], "pairs": 8} | figures
    assert text in summary({"fixes": [fix], "program_runs": 3})


def test_of_a_long_call_small_inputs_are_made():
    for number in range(200):
        xs, ys, n, big = made((list(range(5000)), ["a"] * 5000, 5000, 123_456), {}, number, small=True)[0]
        assert len(xs) <= 24 and len(ys) <= 24 and set(map(type, ys)) <= {str}
        assert abs(n) <= 100 or n >= 2**31, "the length follows, unless it is itself what is changed"


def test_a_long_call_is_judged_on_thirty_inputs_too(write_program):
    script = write_program("""
        def search(haystack, needles):
            return [n for n in needles if n in haystack]
        search(list(range(6000)), list(range(3000, 9000, 7)))
        """)
    found = judge(script, program_of(script), "search", generated=40, seconds=60)
    assert generated_of(found)["same"] >= 30, found.events


def test_where_differences_are_collected_those_of_made_inputs_are_told_apart(write_program):
    script = write_program("""
        def halves(items):
            return [x // 2 for x in items]
        halves([4, 6])
        halves([5, 8])
        """)
    found = judge(script, program_of(script), "halves", "def halves(items):\n    return [int(x / 2 + 0.25) for x in items]\n", calls=(1, 2),
                  generated=10, seconds=60, collects=True)
    different = [e for e in found.events if e["event"] == "different"]
    assert not found.dropped and found.run.exit_code == 0 and different, found.events
    made = [e for e in different if e["made"]]
    assert made and all(e["why"].startswith("differs on an input made from recorded ones: halves(") for e in made)

    wrong = judge(script, program_of(script), "halves", "def halves(items):\n    return [x / 2 // 1 for x in items]\n", calls=(1, 2),
                  collects=True)
    first = [e for e in wrong.events if e["event"] == "different"][0]
    assert (first["made"], first["place"], first["old"], first["new"]) == (False, "the result, [0]", "2", "2.0")
    assert wrong.run.exit_code == 0
