"""Compiled code on heaps, sorting, items of dicts, objects of unknown class: the same as Python where code of the program
runs in between, and where what was predicted is not what comes."""

import collections
import heapq
import random
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

sys.path.insert(0, str(Path(__file__).parent))

from test_objects import NAN, check, outcome  # noqa: E402


class Odd:
    """Compares by a rule of its own, and tells of it."""

    told = []

    def __init__(self, n):
        self.n = n

    def __repr__(self):
        return f"Odd({self.n})"

    def __lt__(self, other):
        Odd.told.append((self.n, getattr(other, "n", other)))
        return self.n % 5 < getattr(other, "n", other) % 5


def through_heap(items):
    heap, out = [], []
    for item in items:
        heapq.heappush(heap, item)
    while heap:
        out.append(heapq.heappop(heap))
    return out


MIXED = [
    [5, 3, 8, 1, 9, 2, 2, 0, -4, 2**40, -(2**62), 2**70],
    [2.5, NAN, 1.0, -0.0, 0.0, NAN, 3.5],
    [1, 2.5, True, 0, False, 2.5],
    ["b", "a", "", "ab", "\xe9", "a\0", "a", "zzzzzzzzzz", "zzzzzzzzza"],
    ["\u20ac", "a", "\U0001f600", "b"],
    [(1, "b"), (1, "a"), (0, "z", 3), (1,), (), (1, "a", NAN)],
    [((1, 2), 3), ((1, 1), 9), ((1, 2), 2)],
    [(1, "a"), (1, 2)],
    [1, "a"],
    [None, None],
    [(None, 1), (None, 0)],
    [[2], [1, 5], [1]],
    [Odd(7), Odd(11), Odd(3), 4],
    [(1, Odd(2)), (1, Odd(6)), (0, Odd(1))],
    [True, False, True],
    [],
    [3],
]


@pytest.mark.parametrize("items", MIXED, ids=repr)
def test_heaps(items):
    def run(items):
        Odd.told.clear()
        return through_heap(items), list(Odd.told)

    check(through_heap, items)
    compiled = hasten.jit(through_heap)
    for _ in range(3):
        Odd.told.clear()
        plain = outcome(through_heap, (list(items),), {}), list(Odd.told)
        Odd.told.clear()
        assert (outcome(compiled, (list(items),), {}), list(Odd.told)) == plain


def test_a_heap_that_is_changed_by_a_comparison():
    class Changes:
        heap = None

        def __init__(self, n):
            self.n = n

        def __repr__(self):
            return f"Changes({self.n})"

        def __lt__(self, other):
            if self.n == 3 and Changes.heap is not None:
                Changes.heap.append(0)
            return self.n < other.n

    def push_all(numbers):
        heap = [Changes(0)]
        Changes.heap = heap
        for n in numbers:
            heapq.heappush(heap, Changes(n))
        return heap

    check(push_all, [5, 4, 3, 2])
    check(lambda: heapq.heappop([]))


def in_order(items):
    again = list(items)
    again.sort()
    return sorted(items), again


def both_ways(items):
    return sorted(items, reverse=True), sorted(items, key=str)


@pytest.mark.parametrize("items", [*MIXED, "hello", "h\xe9llo", "h\u20acllo", "", (3, 1, 2), range(5, 0, -1)], ids=repr)
def test_sorting(items):
    check(in_order, items)
    check(both_ways, items)


def test_equal_items_keep_their_order():
    def order(items):
        return [id(x) for x in sorted(items)] == [id(x) for x in items]

    items = ["%d" % 1000 for _ in range(50)]
    assert hasten.jit(order)(items)
    assert order(items)


def sums_and_ends(items):
    return sum(items), min(items), max(items)


def of_values(table):
    return sum(table.values()), min(table.values()), max(table.values()), min(table), max(table)


@pytest.mark.parametrize("items", [x for x in MIXED if not any(isinstance(i, (list, tuple)) for i in x)], ids=repr)
def test_sums_and_extremes(items):
    check(sums_and_ends, items)
    check(of_values, {k: item for k, item in enumerate(items)})


def walk(table):
    out = []
    for key, value in table.items():
        out.append((value, key))
    for key in table:
        out.append(key)
    for key in table.keys():
        out.append(table[key])
    return out, list(table), sorted(table.items(), key=repr), [k for k, _ in table.items()]


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"a": 1, "b": 2},
        {1: "x", 2: None},
        {(1, 2): 3.5, (0, 1): 2},
        {1: 2, "a": (3, 4), None: 5, (1, "b"): []},
        {1.5: 1, NAN: 2},
        {True: 1, 2: 2},
        {2**70: 1, 3: 2},
        collections.defaultdict(int, {"x": 1, 3: 4}),
        collections.Counter("hello"),
        collections.OrderedDict([(3, 1), (1, 2)]),
    ],
    ids=repr,
)
def test_walking_dicts(table):
    compiled = check(walk, {"p": 1, "q": 2, "r": 3})
    check(walk, table, compiled=compiled)
    check(walk, table)


def grows_while_walked(table, at):
    n = 0
    for key, value in table.items():
        n += value
        if n > at:
            table[n] = n
        if n > 100:
            del table[key]
            table[str(key)] = n
    return n


@pytest.mark.parametrize("at", [0, 3, 1000])
def test_dicts_that_change_while_they_are_walked(at):
    check(grows_while_walked, {1: 1, 2: 2, 3: 3}, at)
    check(grows_while_walked, {1: 101, 2: 2}, 1000)
    check(grows_while_walked, {"a": 101, "b": 1}, 1000)


def unlike(objects):
    out = []
    for o in objects:
        o.setdefault("k", []).append(1)
        o.setdefault("n", 3)
        out.append(o.get("k"))
        out.append(o.pop("n"))
        o.update({"z": 2})
        out.append(list(o.items()))
    return out


class Table(dict):
    def setdefault(self, key, value=None):
        return super().setdefault("own " + key, value)

    def pop(self, key):
        return "popped " + key


def test_methods_of_the_likely_class_and_of_others():
    check(unlike, [{}, {"k": [0]}, Table(), collections.defaultdict(list), collections.OrderedDict()])
    check(unlike, [{}, 3])
    check(unlike, [{}, None])

    def calls(things):
        out = []
        for thing in things:
            for one in thing:
                one.append(2)
                one.extend("ab")
                out.append(one.pop())
        return out

    check(calls, [[[1], [2]], [collections.deque([1]), bytearray(b"x"), [3]]])
    check(calls, [[[1]], [(1,)]])


def put_in(keys, gone):
    table, seen, lists = {}, set(), {}
    for key in keys:
        table[key] = len(table)
        seen.add(key)
        lists.setdefault(key, []).append(key)
        if key in gone:
            del table[key]
            seen.discard(key)
    return table, list(table), list(seen), lists, len(seen), sys.getsizeof(table) > 0


KEYS = [
    list(range(40)),
    [k * 8 for k in range(40)],
    [f"k{k * 7 % 30}" for k in range(60)],
    [(k % 7, k * k % 11) for k in range(60)],
    [("a", k % 5) for k in range(20)],
    [1, 1.0, True, "1", (1,), None, 2**70, -1, -2, NAN, frozenset({1})],
    [1, []],
]


@pytest.mark.parametrize("keys", KEYS, ids=lambda keys: repr(keys)[:30])
@pytest.mark.parametrize("gone", [(), (3, "k3", 16)], ids=repr)
def test_new_keys_come_in_order(keys, gone):
    check(put_in, keys, gone)


def searches(text, part, begin, end):
    out = [text.find(part), text.rfind(part), text.count(part), text.startswith(part), text.endswith(part)]
    out += [text.find(part, begin), text.rfind(part, begin, end), text.count(part, begin, end)]
    out += [text.startswith(part, begin), text.endswith(part, begin, end), text.startswith(("x", part)), part in text]
    out.append(text.index(part, begin))
    out.append(text.rindex(part))
    return out


@pytest.mark.parametrize(
    "args",
    [
        ("hello hello", "l", 3, 9),
        ("hello hello", "hello", 1, 100),
        ("hello", "", -2, 2),
        ("", "", 0, 0),
        ("", "x", 5, 1),
        ("h\u20acllo", "\u20ac", 0, -1),
        ("hello", "\u20ac", 0, 3),
        ("hello", 3, 0, 3),
        ("hello", None, 0, 3),
        ("hello", "l", None, 3),
        ("hello", "l", 1.5, 3),
        ("hello", "l", 2**70, 3),
        (b"hello", b"l", 1, 4),
        ("hello", ("h", "x"), 0, 4),
    ],
    ids=repr,
)
def test_searches(args):
    check(searches, *args)
    check(searches, *args, compiled=check(searches, "abcab", "ab", 1, 5))


def made_once(rows, width):
    places, seen, order = {}, set(), []
    for y in range(rows):
        line = y * 1000 + 7
        for x in range(width):
            place = (x, line)
            places[place] = x
            order.append(place)
            seen.add(line)
            if x == width - 1 and y == rows - 1:
                place[x]
        order.append(line)
    return places, seen, order


def test_objects_that_are_made_once():
    check(made_once, 3, 2)
    check(made_once, 3, 5)

    def shared(n):
        out, more = [], []
        for k in range(n):
            big = k + 100000
            out.append(big)
            more.append(big)
        return all(a is b for a, b in zip(out, more))

    assert shared(10) == hasten.jit(shared)(10)


def joined(n):
    whole = []
    for k in range(n):
        kept = whole
        whole = whole + [k]
        if k == 3:
            first = kept
    return whole, [0] + whole, first + whole, whole + whole


def test_lists_that_are_joined():
    check(joined, 6)
    check(joined, 2)


def neighbours(graph, node):
    out = []
    for other in graph.get(node, ()):
        out.append(other)
    for other in graph.get("none", ()):
        out.append(other)
    return out, graph.get("none", ())


def test_nothing_to_walk():
    check(neighbours, {"a": [1, 2], "b": []}, "a")
    check(neighbours, {"a": [1, 2], "b": (3,)}, "b", compiled=check(neighbours, {"a": [1, 2]}, "a"))
    check(neighbours, {"a": "xy"}, "a")


def records(rows):
    total = 0
    for name, amount in rows:
        total += amount
        if name == "stop":
            break
    return total, name


def test_tuples_of_several_forms():
    compiled = check(records, [("a", 1), ("b", 2)])
    for rows in ([("a", 1.5), ("b", 2)], [("a", 1), (3, 2)], [("a", None)], [("a", 1, 2)], [["a", 1]], [(1, 2**70)]):
        check(records, rows, compiled=compiled)


def best_of(weights, turns):
    best = (0.0, "")
    for k in range(turns):
        best = max((w * best[0] + k, name) for name, w in weights)
    return best


@pytest.mark.parametrize("weights", [[("a", 0.5), ("b", 1.5)], [("a", NAN), ("b", 1.0)], [("a", float("inf"))], []], ids=repr)
def test_computed_floats_are_compared_as_numbers(weights):
    check(best_of, weights, 4)


def refuses(amount):
    if amount < 0:
        raise ValueError(f"amount {amount}") from KeyError(amount)
    if amount > 5:
        raise OverflowError
    return amount


def tries(amounts):
    out = []
    for amount in amounts:
        try:
            out.append(refuses(amount))
        except ValueError as error:
            out.append((str(error), repr(error.__cause__)))
    return out


def test_raising_out_of_compiled_code():
    check(refuses, -1)
    check(refuses, 9)
    check(tries, [1, -2, 3])
    check(tries, [1, -2, 9])


def index_of_each(xs, ys):
    return [xs.index(y) for y in ys]


def count_of_each(xs, ys):
    found = []
    for y in ys:
        found.append(xs.count(y))
    return found


def member_each(xs, ys):
    found = []
    for y in ys:
        found.append(y in xs)
    return found


def remove_each(xs, ys):
    for y in ys:
        xs.remove(y)
    return xs


def copy_is_equal(xs, ys):
    copy = []
    for y in ys:
        copy.append(y)
    return copy == xs, xs == copy


@pytest.mark.parametrize("function", [index_of_each, count_of_each, member_each, remove_each, copy_is_equal])
def test_a_nan_is_found_whatever_was_predicted_of_the_list(function):
    """CPython finds it by identity. Of the items of a list the first calls tell, and later lists hold other things."""
    nan = float("nan")
    lists = [[1], ["a"], [1.0], [nan], [1, 2.0], [None], [1.0, nan], [1, nan], [True]]
    draw = random.Random(7)
    for _ in range(60):
        compiled = hasten.jit(function)
        for _ in range(6):
            items = draw.choice(lists)
            assert repr(compiled(list(items), list(items))) == repr(function(list(items), list(items))), items


def missing_caught(table, keys):
    out = []
    for key in keys:
        try:
            out.append(table[key])
        except KeyError as error:
            out.append((error.args, error.__context__, str(error)))
    return out


def missing_while_handling(table, first, second):
    try:
        return table[first]
    except KeyError as error:
        try:
            return table[second]
        except KeyError as other:
            return other.args, other.__context__ is error


def missing_out(table, key):
    before = len(table)
    value = table[key]
    return before, value


def missing_below(table, keys):
    found = []
    for key in keys:
        try:
            found.append(missing_out(table, key))
        except KeyError as error:
            found.append(error.args)
    return found


def test_keys_that_are_not_there():
    table = {"a": 1, 2: "two", (1, 2): 3, None: 4, 1.5: 6}
    keys = ["a", "b", 2, 3, (1, 2), (1, 3), (), ((1,),), None, 1.5, 2.5, 2**70, b"x", True]
    check(missing_caught, table, keys)
    check(missing_caught, {"a": 1}, ["a", "b", "c", "a"])
    check(missing_caught, {(1, 2): 1}, [(1, 2), (2, 1), (1, 2)])
    check(missing_caught, collections.defaultdict(None, a=1), ["a", "b"])
    check(missing_caught, collections.defaultdict(list, a=1), ["a", "b"])
    check(missing_below, table, keys)
    check(missing_while_handling, {"a": 1}, "b", "c")
    for key in keys + [[]]:
        check(missing_out, table, key)
    for key in (3, "x", (1, 2)):
        check(missing_out, {1: 2}, key)


def popped(n):
    items, sizes, out = [], [], []
    for k in range(n):
        items.append(str(k))
        if k % 3 == 0:
            out.append(items.pop())
        sizes.append(len(items))
    while items:
        out.append(items.pop())
        sizes.append(len(items))
    items.append(n)
    return items, out, sizes


def test_lists_shrink_item_by_item():
    for n in (0, 1, 2, 10, 100, 1000):
        check(popped, n)
