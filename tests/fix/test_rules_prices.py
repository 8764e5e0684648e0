"""Where a rule keeps silent with a figure, and where that figure is kept."""

import json
import stat
import time

import pytest
from fix_programs import evidence_of
from fix_rewriting import only, remarks, rewrites, silent

from hasten.fix.candidates import propose
from hasten.fix.rules import literal_membership, membership_set, prices, weak_hash

MANY = ", ".join(str(i) for i in range(prices._LONG + 1))


def test_a_tiny_literal_is_left_alone_with_its_break_even():
    least = prices.set_pays_from("int")
    text = "def f(x):\n    return x in [1, 2, 3]\n"
    silent(literal_membership, text)
    assert remarks(literal_membership, text) == [f"n is 3; a set pays from {least} here"]
    assert "n is 2;" in remarks(literal_membership, "def f(x):\n    return x not in ('a', 'b')\n")[0]
    text = 'STOP = ["a", "b"]\ndef f(x):\n    return x in STOP\n'
    silent(membership_set, text)
    assert "n is 2; a set pays from" in remarks(membership_set, text)[0]


def test_a_long_literal_becomes_a_set():
    only(literal_membership, f"def f(x):\n    return x in [{MANY}]\n", f"def f(x):\n    return x in {{{MANY}}}\n")
    only(literal_membership, f"def f(x):\n    return x in ({MANY})\n", f"def f(x):\n    return x in {{{MANY}}}\n")
    assert rewrites(membership_set, f"STOP = [{MANY}]\ndef f(x):\n    return x in STOP\n")


@pytest.mark.parametrize("test", [f"x in [{MANY}, x]", f"x in [{MANY}, *x]", f"x in [[1], {MANY}]", f"x == [{MANY}]", "x in []",
                                  f"1 < x in [{MANY}]", f"x in {{{MANY}}}"])
def test_literals_keeps_silent(test):
    text = f"def f(x):\n    return {test}\n"
    silent(literal_membership, text)
    assert not remarks(literal_membership, text)


def test_what_is_measured_here():
    start = time.thread_time()
    found = prices.measure()
    assert time.thread_time() - start < 1
    assert all(prices._FEW <= n <= prices._LONG for n in found["set_pays_from"].values())
    assert all(ns > 0 for part in ("compare_ns", "set_ns") for ns in found[part].values())


def test_the_table_is_kept_for_machine_and_interpreter(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(prices, "_known", {})
    first = dict(prices.table())
    [path] = (tmp_path / "hasten").iterdir()
    assert json.loads(path.read_text()) == first and stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setattr(prices, "_known", {})
    monkeypatch.setattr(prices, "measure", lambda: pytest.fail("measured again"))
    assert prices.table() == first


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 0}', '{"schema": 1, "set_pays_from": {}}'])
def test_a_damaged_table_is_measured_again(tmp_path, monkeypatch, text):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(prices, "_known", {})
    (tmp_path / "hasten").mkdir()
    with open(prices.path(), "w") as file:
        file.write(text)
    assert prices.table()["schema"] == prices.SCHEMA


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(prices, "_known", {})
    assert prices.table()["set_pays_from"]["int"] >= prices._FEW


HASH = """
class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __eq__(self, other):
        return self.x == other.x and self.y == other.y
    def __hash__(self):
        return {}
"""


@pytest.mark.parametrize("weak", ["self.x + self.y", "self.x ^ self.y", "1", "hash(self.x + self.y)", "hash(self.x) ^ hash(self.y)"])
def test_a_weak_hash_is_made_of_what_is_compared(weak):
    only(weak_hash, HASH.format(weak), HASH.format("hash((self.x, self.y))"))


@pytest.mark.parametrize("good", ["hash((self.x, self.y))", "self.x * 31 + self.y", "hash(self.x)", "(self.x << 16) ^ self.y", "super().__hash__()"])
def test_a_hash_that_is_left_alone(good):
    silent(weak_hash, HASH.format(good))


def test_remarks_reach_the_report_where_the_place_is_hot(write_program):
    script = write_program("def f(x):\n    return x in [1, 2, 3]\nprint(f(2))\n")
    dismissed = propose(evidence_of(script, hot=["f"])).dismissed
    assert [(d.kind, d.reason) for d in dismissed] == [
        (literal_membership.KIND, f"n is 3; a set pays from {prices.set_pays_from('int')} here")]
    assert not [d for d in propose(evidence_of(script, hot=["f"], share=0.05)).dismissed if d.kind == literal_membership.KIND]


def test_a_function_that_asks_for_its_names_is_left_alone(write_program):
    script = write_program("def f(x):\n    n = 1\n    return sorted(x)[0], locals()\nf([1])\n")
    assert not [c for c in propose(evidence_of(script, hot=["f"])).candidates if c.plain]


def test_a_change_that_cannot_be_written_is_said_and_ends_nothing(write_program):
    from hasten.fix.rules.context import Prescription
    from hasten.fix.source import Edit

    class Broken:
        KIND, FACTORS = "broken", (1.0, 2.0)

        @staticmethod
        def find(context):
            yield Prescription("broken", "overlaps", 1, [Edit(0, 5, "a"), Edit(3, 6, "b")], (1, 3))
            yield Prescription("broken", "is no Python", 1, [Edit(0, 3, "dif")], (1, 3))

    script = write_program("def f(x):\n    return x\nf(1)\n")
    proposal = propose(evidence_of(script, hot=["f"]), [Broken])
    assert not proposal.candidates
    assert [d.reason.partition(" (")[0] for d in proposal.dismissed if d.kind == "broken"] == ["the change could not be written here"] * 2
