"""A NaN is found where the very object is: in sets, dicts, lists and tuples that the program keeps as globals."""

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

nan = float("nan")
SET, FROZEN, DICT, TUPLE, LIST = {nan, 1.0}, frozenset([nan, 1.0]), {nan: 1, 1.0: 2}, (nan, 1.0), [nan, 1.0]
NESTED = {(nan, 1), (1.0, 1)}


def in_set(x):
    return x in SET


def in_frozen(x):
    return x in FROZEN


def in_dict(x):
    return x not in DICT


def in_tuple(x):
    return x in TUPLE


def in_list(x):
    return x in LIST


def in_nested(x):
    return (x, 1) in NESTED


def item(x):
    try:
        return DICT[x]
    except KeyError:
        return "none"


def got(x):
    return DICT.get(x, "none")


def counted(x):
    return LIST.count(x), TUPLE.count(x)


def equal(x):
    return (x, 1.0) == TUPLE, (x,) == TUPLE[:1]


def in_constants(x):
    return x in (1.0, 2.0, 3), x in {1.0, 2.5}, x == 1.0


@pytest.mark.parametrize(
    "function", [in_set, in_frozen, in_dict, in_tuple, in_list, in_nested, item, got, counted, equal, in_constants]
)
def test_as_in_cpython(function):
    compiled = hasten.jit(function)
    for _ in range(3):
        for x in (1.0, nan, 2.5, float("nan"), 1):
            assert compiled(x) == function(x)


def test_constants_without_a_nan_are_no_reason_to_refuse():
    compiled = hasten.jit(in_constants)
    for _ in range(3):
        compiled(1.0)
    assert compiled.hasten.report()["refusals"] == []
