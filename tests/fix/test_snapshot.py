"""What the judge calls the same: pairs of values that must differ, and pairs that must not."""

import array
import collections
import copy
import datetime
import decimal
import enum
import fractions
import importlib.util
import operator
import pathlib
import re
import struct
import threading
import types
from dataclasses import dataclass
from pathlib import Path

import pytest

import hasten.fix

SPEC = importlib.util.spec_from_file_location(
    "fix_snapshot", Path(hasten.fix.__file__).with_name("trial") / "snapshot.py")
snapshot = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(snapshot)


def digest(*roots):
    taken = snapshot.Snapshot(is_own_module=lambda name: name == __name__)
    for i, root in enumerate(roots):
        taken.add(str(i), root)
    return [d for _, d, _ in taken.sections]


class Plain:
    def __init__(self, **values):
        self.__dict__.update(values)


class Slotted:
    __slots__ = ("a", "__hidden")

    def __init__(self, a, hidden=0):
        self.a = a
        self.__hidden = hidden


class Words(list):
    pass


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Point:
    x: float
    y: float


NAN_A = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000000))[0]
NAN_B = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))[0]


def shared(n):
    row = [0]
    return [row] * n


DIFFERENT = [
    (1, 1.0), (1, True), (0, False), (0.0, -0.0), (NAN_A, NAN_B), ("1", 1), ("a", b"a"), (b"a", bytearray(b"a")),
    ([1], (1,)), ([1, 2], [2, 1]), ({1, 2}, frozenset({1, 2})), ({1: 2, 3: 4}, {3: 4, 1: 2}), ([], ()), (None, 0),
    (2**63, float(2**63)), (2**64, 2**64 + 1), (complex(0, 0.0), complex(0, -0.0)), ([[0], [0]], shared(2)),
    ([1.0] * 9, [1.0] * 8 + [1]), ([0.0] * 9, [0.0] * 8 + [-0.0]), (["a"] * 9, ["a"] * 8 + ["b"]),
    (Plain(a=1), Plain(a=1.0)), (Plain(a=1), Plain(b=1)), (Slotted(1), Slotted(1, 1)), (Words([1]), [1]),
    (Colour.RED, Colour.BLUE), (Point(0.0, 1.0), Point(-0.0, 1.0)), (ValueError("a"), ValueError("b")),
    (ValueError("a"), KeyError("a")), (collections.deque([1], 2), collections.deque([1], 3)),
    (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)),
    (collections.defaultdict(int), collections.defaultdict(list)), (array.array("i", [1]), array.array("l", [1])),
    (decimal.Decimal("1.0"), decimal.Decimal("1.00")), (fractions.Fraction(1, 2), fractions.Fraction(1, 3)),
    (datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1)), (re.compile("a"), re.compile("a", re.I)),
    (range(3), range(0, 3, 2)), (slice(1), slice(2)), (len, max), (int, float), (str.lower, str.upper),
    (pathlib.PurePosixPath("a"), pathlib.PurePosixPath("b")), ("\ud800", "?"), ([1, [2]], [1, [2, 3]]),
    (operator.itemgetter(1), operator.itemgetter(2)), (types.SimpleNamespace(a=1), types.SimpleNamespace(a=2)),
]


@pytest.mark.parametrize("one, other", DIFFERENT, ids=lambda v: snapshot.preview(v, 30))
def test_these_differ(one, other):
    assert digest(one) != digest(other)


@pytest.mark.parametrize("value", [v for pair in DIFFERENT for v in pair], ids=lambda v: snapshot.preview(v, 30))
def test_a_copy_is_the_same(value):
    assert digest(copy.deepcopy(value)) == digest(value)


def test_an_alias_of_an_argument_is_not_a_copy():
    rows = [[1], [2]]
    assert digest(rows, rows[0]) != digest(rows, [1])
    assert digest(rows, rows) != digest(rows, [[1], [2]])


def test_cycles_and_long_chains():
    ring = [1]
    ring.append(ring)
    other = [1]
    other.append([1, other])
    assert digest(ring) != digest(other)
    chain = None
    for i in range(100_000):
        chain = Plain(next=chain, i=i)
    assert len(digest(chain)) == 1


@pytest.mark.parametrize("value", [
    (i for i in [1]), open(__file__), zip(open(__file__)), map(int, []), re.finditer("a", "a"), [{"a": enumerate(open(__file__))}]])
def test_live_handles_are_named(value):
    with pytest.raises(snapshot.LiveHandle, match="live"):
        digest(value)


class Counted(threading.local):
    __slots__ = ("shared",)

    def __init__(self, count=0):
        self.count = count


def test_of_a_local_the_threads_own_attributes_are_told():
    for made in (threading.local(), Counted(), Counted(7)):
        made.seen = 1
        before = digest(made)
        elsewhere = threading.Thread(target=lambda: setattr(made, "seen", 5))
        elsewhere.start()
        elsewhere.join()
        assert digest(made) == before
        made.seen = 2
        assert digest(made) != before
    before = digest(made)
    made.shared = [1]
    assert digest(made) != before, "what lies in slots too"


def test_an_unknown_c_object_cannot_be_told():
    import xml.etree.ElementTree as tree

    with pytest.raises(snapshot.CannotTell, match="Element"):
        digest(tree.Element("a"))


def test_numpy_arrays():
    numpy = pytest.importorskip("numpy")
    a = numpy.arange(6.0)
    assert digest(a) == digest(a.copy())
    for other in (a.astype("f4"), a.reshape(2, 3), -a[::-1], numpy.where(a == 0, -0.0, a), list(a), a.astype(">f8")):
        assert digest(other) != digest(a)
    assert digest(a, a[1:]) != digest(a, a[1:].copy())
    assert digest(numpy.float64(1)) != digest(1.0)
    assert digest(numpy.array([[1], None], dtype=object)) != digest(numpy.array([[2], None], dtype=object))


def test_previews_never_run_the_programs_code():
    class Loud:
        def __repr__(self):
            raise AssertionError("called")

        def __len__(self):
            raise AssertionError("called")

    assert "Loud" in snapshot.preview([Loud(), {Loud: Loud()}])
