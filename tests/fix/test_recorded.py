"""What a recorded call says of itself, and that the program does not notice."""

from hasten.fix.trial import snapshot
from hasten.fix.trial.observe import Counted, Observer, Recorder


def recorded(function):
    """(the function under the recorder, its events)."""
    events = []
    observer = Observer(events.append, Recorder(events.append, snapshot, lambda name: True, 5.0))
    return observer.wrap_recorded(function, Counted({"key": 0})), events


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


def test_what_cannot_be_looked_into_is_left_out():
    wrapped, events = recorded(lambda handle: handle)
    assert next(wrapped(i for i in [5])) == 5
    assert events == []
