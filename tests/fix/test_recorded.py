"""What a recorded call says of itself, and that the program does not notice."""

import sys
import types

import pytest

from hasten.fix.recording import Comparison, Recording
from hasten.fix.trial import snapshot
from hasten.fix.trial.observe import Counted
from hasten.fix.trial.recorded import RECORDED_FIRST, Recorder


@pytest.fixture(autouse=True)
def two_processes(monkeypatch):
    monkeypatch.setattr(snapshot.Snapshot, "is_one_process", False)
    monkeypatch.setattr(snapshot, "NODE_COUNT_MAX", snapshot.NODE_COUNT_MAX)  # the recorder lowers it for the end


def recorded(function, seconds=5.0, calls_total=0, wanted=None):
    """(the function under the recorder, its events)."""
    events = []
    recorder = Recorder(events.append, snapshot, lambda name: True, seconds, calls_total)
    return recorder.wrap(function, Counted({"key": 0, "recorded": wanted})), events


def numbers(n):
    got = []
    try:
        for i in range(n):
            try:
                got.append((yield i))
            except KeyError:
                got.append("key")
    finally:
        got.append("end")
    return got


def drive(make):
    out = []
    generator = make(4)
    out += [next(generator), generator.send("s"), generator.throw(KeyError("a"))]
    try:
        while True:
            out.append(next(generator))
    except StopIteration as end:
        out.append(end.value)
    closed = make(3)
    next(closed)
    closed.close()
    thrown = make(3)
    next(thrown)
    try:
        thrown.throw(ValueError("v"))
    except ValueError as error:
        out.append(repr(error))
    return [*out, list(make(2))]


def test_a_recorded_generator_behaves_as_the_plain_one():
    wrapped, events = recorded(numbers)
    assert drive(wrapped) == drive(numbers)
    assert [e["index"] for e in events] == [1, 2, 3, 4]


def test_the_same_calls_give_the_same_and_others_do_not():
    def f(xs, n):
        xs.append(n)
        return [*xs] if n else 1 / n

    wrapped, events = recorded(f)
    for xs, n in (([1], 2), ([1], 2), ([1], 3), ([2], 2)):
        assert wrapped(xs, n) == [*xs]
    first, second, third, fourth = events
    assert (first["given"], first["gave"]) == (second["given"], second["gave"])
    assert len({e["given"][0] for e in events}) == 3 and len({e["gave"][0] for e in events}) == 3
    try:
        wrapped([], 0)
    except ZeroDivisionError:
        pass
    assert "ZeroDivisionError" in events[-1]["shown"]


def test_what_cannot_be_looked_into_is_told_by_its_type():
    wrapped, events = recorded(lambda handle: handle)
    assert next(wrapped(i for i in [5])) == 5
    wrapped(i for i in [6])
    wrapped({5: 6}.keys())
    assert wrapped([5]) == [5]
    generator, another, keys, plain = (e["gave"] for e in events)
    assert generator == another and generator[2] is False
    assert keys != generator and plain[2] is True


def test_cheap_calls_are_recorded_all():
    wrapped, events = recorded(lambda n: n + 1, calls_total=3000)
    assert [wrapped(n) for n in range(3000)] == list(range(1, 3001))
    assert [e["index"] for e in events] == list(range(1, 3001))


def test_dear_calls_are_recorded_here_and_there_until_the_end():
    # A digest of 2 000 texts takes above 0.1 ms, so that 0.02 s do not suffice for 2 000 calls, two digests each.
    dear = [str(n) for n in range(2000)]
    wrapped, events = recorded(lambda xs: None, seconds=0.02, calls_total=2000)
    for _ in range(2000):
        wrapped([dear])
    indices = [e["index"] for e in events]
    others = [i for i in indices if i > RECORDED_FIRST and i & (i - 1)]
    assert len(indices) < 1000
    if indices[:RECORDED_FIRST] == list(range(1, RECORDED_FIRST + 1)):  # a machine that is slow stops within the first
        assert not others or others[-1] > 1500


def test_a_second_run_records_the_calls_that_it_is_told():
    wrapped, events = recorded(lambda n: n, wanted=[3, 70, 99])
    for n in range(100):
        wrapped(n)
    assert [e["index"] for e in events] == [3, 70, 99]


def test_what_a_module_holds_at_the_end_is_told(monkeypatch):
    module = types.ModuleType("left_behind")
    exec("import random\ndef f(): pass\nclass Shop:\n    open = 3\n    def close(self): pass\ncount = 5\nlive = (i for i in [])", module.__dict__)
    monkeypatch.setitem(sys.modules, "left_behind", module)
    events = []
    recorder = Recorder(events.append, snapshot, lambda name: name == "left_behind", 5.0)
    recorder.report_left(lambda usual: [("the locale", "C"), ("the list of warning filters", [])])
    assert [e["name"] for e in events] == ["the attribute `open` of class Shop", "the global `count` of left_behind",
                                           "the global `live` of left_behind", "the locale"]
    assert [e["name"] for e in events if not e["gave"][2]] == ["the global `live` of left_behind"]
    module.count = 6
    recorder.report_left(lambda usual: [])
    assert events[1]["gave"] != events[5]["gave"] and events[0]["gave"] == events[4]["gave"]


def test_a_duration_at_the_end_is_not_told(monkeypatch):
    module = types.ModuleType("left_behind")
    exec("from time import perf_counter\nseconds = 0.4\ncount = 5", module.__dict__)
    monkeypatch.setitem(sys.modules, "left_behind", module)
    events = []
    Recorder(events.append, snapshot, lambda name: name == "left_behind", 5.0).report_left(lambda usual: [])
    assert [e["name"] for e in events] == ["the global `count` of left_behind"]


def recording(calls, left=(), counts=None):
    """calls: {number: (given, gave)}; left: {name: value}."""
    told = lambda value, whole=True: [str(value), [], whole]  # noqa: E731
    return Recording({("f", i): {"given": told(given, given != "live"), "gave": told(gave), "shown": str(gave)}
                      for i, (given, gave) in calls.items()},
                     {name: {"gave": told(value), "shown": str(value)} for name, value in dict(left).items()}, counts or {"f": len(calls)})


def test_only_what_two_unmodified_runs_agree_on_can_tell():
    old = recording({1: ("a", 1), 2: ("b", 2), 3: ("c", 3), 4: ("live", 4)}, {"`x`": 1, "`y`": 1, "`z`": 1})
    again = recording({1: ("a", 1), 2: ("b", 9), 3: ("c", 3), 4: ("live", 4)}, {"`x`": 1, "`y`": 2, "`z`": 1})
    new = recording({1: ("a", 1), 2: ("b", 3), 3: ("c", 0), 4: ("live", 5)}, {"`x`": 2, "`y`": 3, "`z`": 5})
    new_calls = [("f", 1, "1", "1", True, True, True), ("f", 3, "3", "0", False, True, True), ("f", 4, "4", "5", False, True, True)]
    assert list(Comparison(old, again, new).calls()) == new_calls
    assert list(Comparison(old, again, new).left({"z"})) == [("`x`", "1", "2")]
    for each in (old, again, new):
        each.left["the global `x`"] = each.left.pop("`x`")
    old.left["the locale"] = again.left["the locale"] = old.left["`z`"]
    new.left["the locale"] = new.left["`z`"]
    assert list(Comparison(old, again, new).left({"z"}, has_altered=True)) == [("the locale", "1", "5")]
    new.counts["f"] = 5  # called otherwise: what was given to call 4 may be something else of the same type
    assert [number for _, number, *_ in Comparison(old, again, new).calls()] == [1, 3]
