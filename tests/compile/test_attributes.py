"""Attributes of plain instances, which keep their values without a dict: compiled code finds them, whatever changes meanwhile."""

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

ENDED = []


class Point:
    def __init__(self, x):
        self.x = x
        self.y = 0


class Tall(Point):
    height = 7


class Answering(Point):
    def __getattr__(self, name):
        return name


class Ending:
    def __del__(self):
        ENDED.append(1)


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x):
        self.x = x
        self.y = 0


def read(thing):
    return thing.x


def read_height(thing):
    return thing.height


def write(thing, value):
    thing.fresh = value
    return thing.fresh


def work(things, rounds):
    total = 0
    for i in range(rounds):
        thing = things[i % len(things)]
        thing.y = thing.y + i
        total += thing.y + thing.x
    return total


def made(count):
    total, names = 0, []
    for i in range(count):
        point = Point(i)
        point.last = i
        total += point.last + point.x
        if i % 40 == 0:
            names.append(list(vars(point).items()))
    return total, names


def warm(function, *args):
    """Compiled, and called until its places are known."""
    compiled = hasten.jit(function)
    for _ in range(4):
        compiled(*args)
    return compiled


@pytest.mark.parametrize("kinds", [(Point,), (Point, Tall), (Tall, Answering, Point), (Slotted, Point), (Slotted,)])
def test_classes_take_turns(kinds):
    assert hasten.jit(work)([kind(2) for kind in kinds], 500) == work([kind(2) for kind in kinds], 500)


def test_new_attributes_come_in_their_order():
    assert hasten.jit(made)(200) == made(200)
    compiled, point = warm(write, Point(1), 5), Point(1)
    assert compiled(point, 3) == 3
    assert list(vars(point)) == ["x", "y", "fresh"]


def test_an_instance_gets_a_dict():
    compiled, point = warm(read, Point(1)), Point(3)
    assert compiled(point) == 3
    vars(point)["x"] = 9
    assert compiled(point) == 9
    writer = warm(write, Point(1), 5)
    known = vars(point)
    writer(point, 8)
    assert known == {"x": 9, "y": 0, "fresh": 8}


def test_an_attribute_is_deleted():
    compiled, point = warm(read, Point(1)), Point(3)
    del point.x
    with pytest.raises(AttributeError, match="'Point' object has no attribute 'x'"):
        compiled(point)
    point.x = 4
    assert compiled(point) == 4
    assert list(vars(point)) == ["y", "x"]


def test_the_class_changes():
    compiled, tall = warm(read, Tall(4)), Tall(4)
    try:
        Tall.x = property(lambda self: "computed")
        assert compiled(tall) == "computed"
        del Tall.x
        assert compiled(tall) == 4
        Point.x = 5  # no data descriptor: the instance's own value comes first
        assert compiled(tall) == 4
        del tall.x
        assert compiled(tall) == 5
    finally:
        del Point.x
    compiled = warm(read_height, Tall(1))
    tall.height = 1
    assert (compiled(tall), compiled(Tall(1))) == (1, 7)


def test_the_class_of_an_instance_changes():
    compiled, point = warm(read, Point(1)), Point(3)
    point.__class__ = Answering
    assert compiled(point) == 3
    del point.x
    assert compiled(point) == "x"


def test_the_old_value_ends_once_the_new_one_is_there():
    compiled, point = warm(write, Point(1), 5), Point(1)
    ENDED.clear()
    compiled(point, Ending())
    assert ENDED == []
    assert compiled(point, 2) == 2
    assert ENDED == [1]
