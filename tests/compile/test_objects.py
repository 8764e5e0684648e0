"""Compiled code on text, dicts, sets and objects of the program: guesses that fail, names that change meanwhile."""

import builtins
import collections
import copy
import traceback

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

NAN = float("nan")


def outcome(function, args, kwargs):
    args, kwargs = copy.deepcopy((args, kwargs))
    try:
        return repr(function(*args, **kwargs)), repr((args, kwargs))
    except Exception as error:  # noqa: BLE001 - whatever comes is compared
        stack = traceback.extract_tb(error.__traceback__)[1:]
        return type(error), str(error), [(e.name, e.lineno, e.colno) for e in stack], repr(args)


def check(function, *args, compiled=None, times=3, **kwargs):
    """Three calls: the first compiles, later ones know what it met."""
    compiled = compiled or hasten.jit(function)
    for _ in range(times):
        assert outcome(compiled, args, kwargs) == outcome(function, args, kwargs)
    return compiled


class Has:
    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return f"Has({self.x!r})"

    def __radd__(self, other):
        return f"radd {other!r}"


def total_of(objects):
    n = 0
    for o in objects:
        n += o.x
    return n


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        [1.5, 2],
        [1, 2.5, True],
        [1, 2**70, -(2**70), 3],
        [1, 1j],
        ["a"],
        [None],
        [Has(1)],
        [*range(3000), *[2.5] * 3000, *[2**70] * 3000, 1j],
        [2**63 - 1, 1],
    ],
    ids=lambda v: repr(v)[:20],
)
def test_an_object_beside_a_number_may_be_anything(values):
    check(total_of, [Has(v) for v in values])


def compared(objects):
    n = 0
    for o in objects:
        if o.x < 3:
            n += 1
        if o.x == 0:
            n += 100
        if 2.5 >= o.x:
            n += 1000
    return n, [o.x != 1 for o in objects]


@pytest.mark.parametrize("values", [[1, 2.5, 0, True], [2**70], [None], ["a"], [NAN, 1.0], [0, [], 1]], ids=repr)
def test_comparisons_with_numbers(values):
    check(compared, [Has(v) for v in values])


def operated(objects):
    return [o.x % 5 for o in objects], [o.x * 2 for o in objects], [1 << o.x for o in objects]


def multiplied(objects):
    return [o.x @ 1 for o in objects]


@pytest.mark.parametrize("value", [3, 3.5, True, "%d!", [1], None, 2**80])
def test_operators_that_objects_understand_too(value):
    check(operated, [Has(value)])
    check(multiplied, [Has(value)])


def grown(words):
    text, kept = "", []
    for w in words:
        if len(w) > 2:
            kept.append(text)
        text += w
        before = text
        text = text + "x"
        kept.append(before)
    return text, kept


def grown_from(text, n):
    for _ in range(n):
        text += "ab"
    return text


def keys_from(n):
    d, text = {}, "k"
    for i in range(n):
        text += "q"
        d[text] = i
    return d


class Text(str):
    def __add__(self, other):
        return Text("+" + str(self) + other)


def test_text_that_grows():
    check(grown, ["a", "bc", "def", "\u00e9", "\u2603", ""] * 5)
    check(keys_from, 20)
    compiled = hasten.jit(grown_from)
    for i in range(3):
        start = "start" + str(i)
        known_hash = hash(start)
        assert compiled(start, 5) == start + "ab" * 5
        assert start == f"start{i}" and hash(start) == known_hash == hash(f"start{i}")
    check(grown_from, Text("t"), 3, compiled=compiled)
    for other in (b"bytes", ["list"], None):
        check(grown_from, other, 2, compiled=compiled)


FACTOR = 1


class Sized:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        global FACTOR
        FACTOR += 1
        return self.n


def sizes(objects):
    n = 0
    for o in objects:
        n += len(o) * FACTOR
    return n


def test_a_global_that_changes_within_len():
    global FACTOR
    compiled, got = hasten.jit(sizes), []
    for function in (sizes, compiled, compiled):
        FACTOR = 1
        got.append(function([Sized(3)] * 5 + ["abc"]))
    assert got[0] == got[1] == got[2]
    check(sizes, [5])
    check(sizes, ["ab", [1], (1, 2), {1: 2}, {3}, b"abc", range(10)])
    with pytest.raises(ValueError, match="__len__"):
        compiled([Sized(-1)])


def folded(xs, k):
    return sum(x * k for x in xs), any(x > k for x in xs), max(x for x in xs), sorted(-x for x in xs)


def folded_with_walrus(xs):
    last = None
    found = any((last := x) > 1 for x in xs)
    return found, last


@pytest.mark.parametrize(
    "name, function",
    [("sum", list), ("any", next), ("max", list), ("sorted", tuple), ("any", lambda g: [next(g), next(g)])],
)
def test_a_builtin_that_gets_another_meaning(monkeypatch, name, function):
    compiled, walrus = hasten.jit(folded), hasten.jit(folded_with_walrus)
    check(folded, [1, 2, 3], 2, compiled=compiled)
    check(folded_with_walrus, [1, 2, 3], compiled=walrus)
    monkeypatch.setitem(globals(), name, function)
    check(folded, [1, 2, 3], 2, compiled=compiled)
    check(folded_with_walrus, [1, 2, 3], compiled=walrus)
    monkeypatch.delitem(globals(), name)
    check(folded, [1, 2, 3], 2, compiled=compiled)
    check(folded_with_walrus, [1, 2, 3], compiled=walrus)


def summed(xs):
    return sum(x for x in xs)


def test_a_builtin_that_is_replaced(monkeypatch):
    compiled = hasten.jit(summed)
    assert compiled([1, 2]) == 3
    monkeypatch.setattr(builtins, "sum", lambda items: "mine")
    assert compiled([1, 2]) == compiled([1, 2]) == hasten.jit(summed)([1, 2]) == "mine"
    monkeypatch.undo()
    assert compiled([1, 2]) == 3


def all_parameters(a, b=2, *rest, c, d=4, **others):
    rest += (a,)
    others["b"] = b
    return a, b, rest, c, d, others


@pytest.mark.parametrize(
    "args, kwargs",
    [
        ((1,), {"c": 1}),
        ((1, 2, 3, 4), {"c": 1, "z": 2}),
        ((), {}),
        ((1,), {}),
        ((1,), {"c": 1, "a": 2}),
        ((), {"a": 1, "c": 2, "b": 3, "e": 5}),
        ((1, 2, 3), {"b": 1, "c": 3}),
    ],
)
def test_parameters_with_stars(args, kwargs):
    check(all_parameters, *args, **kwargs)


@hasten.jit
def keyword_only(a, *, b):
    return a + b


@hasten.jit
def counted(a, *rest):
    return len(rest) * a


def calls_wrongly(x):
    return [keyword_only(x, i) for i in range(3)]


def calls_rightly(x):
    return [keyword_only(x, b=i) + counted(x) + counted(x, i) + counted(x, i, i) for i in range(3)]


def test_calls_between_compiled_functions():
    check(calls_wrongly, 1)
    check(calls_rightly, 1)


def changed_while_iterated(d):
    for k in d:
        d[k + 100] = 1


def items_deleted(d):
    for k, _ in d.items():
        del d[k]


def set_changed(s):
    for k in s:
        s.add(k + 1)


def test_containers_that_change_while_iterated():
    check(changed_while_iterated, {1: 2})
    check(items_deleted, {1: 2, 3: 4})
    check(set_changed, {1})


def firsts(pairs):
    n = 0
    for a, _ in pairs:
        n += a
    return n


@pytest.mark.parametrize(
    "pairs", [[(1, 2), (3, 4)], [[1, 2], "ab"], [(1, 2, 3)], [(1,)], [{1, 2}], [5], [range(2)], [[1]], [[1, 2, 3]]], ids=repr
)
def test_unpacking_whatever_comes(pairs):
    check(firsts, pairs)


def at(containers, i):
    return [c[i] for c in containers], containers[0][-1]


@pytest.mark.parametrize("i", [0, -1, 3, -9, True])
def test_an_index_into_whatever_comes(i):
    check(at, ["abc", (1, 2), [1, 2], b"ab", range(3), {0: 5, -1: 3, 3: 1}], i)
    check(at, ["\u00e9\u2603", {1: 2}], i)


class Doubtful:
    def __init__(self, truth):
        self.truth = truth

    def __bool__(self):
        return self.truth

    def __repr__(self):
        return "Doubtful()"


def truths(xs):
    return [1 if x else 2 for x in xs], [not x for x in xs], [x and 1 for x in xs]


def test_truth_of_whatever_comes():
    check(truths, ["", "a", 0, 1.0, None, True, False, Doubtful(True), Doubtful(False), [], {1}])
    check(truths, [Doubtful(5)])


def found(xs, d):
    n = 0
    for x in xs:
        if x in d:
            n += d[x] + x
    return n, [d.get(x) for x in xs]


def test_list_items_as_keys():
    check(found, [1, 2, 300, 2**70, 1.0, True], {1: 1, 300: 2, 2**70: 3})
    check(found, [1, 300, 5], {1: 1, 300: 2.5})
    check(found, [[1]], {})
    compiled = hasten.jit(found)
    for _ in range(3):
        assert repr(compiled([NAN, 1.0], {NAN: 5})) == repr(found([NAN, 1.0], {NAN: 5}))


KEPT = []


def keep(generator):
    KEPT.append(generator)


def gives_generators_away(xs):
    k = 10
    keep(x + k for x in xs)
    keep(x * 2 for x in xs)


def test_a_generator_that_outlives_the_call():
    hasten.jit(gives_generators_away)([1, 2])
    assert [list(g) for g in KEPT[-2:]] == [[11, 12], [2, 4]]


class AsksTwice:
    """Equal to anything, but only the second time that it is asked."""

    asked = hashed = 0

    def __hash__(self):
        AsksTwice.hashed += 1
        return 1

    def __eq__(self, other):
        AsksTwice.asked += 1
        return AsksTwice.asked == 2


def looked_up(table, key):
    try:
        return table[key]
    except KeyError as error:
        return type(error)


def counted_up(table, key):
    table[key] += 1
    return len(table)


@pytest.mark.parametrize("function", [looked_up, counted_up])
@pytest.mark.parametrize("table", [lambda: {1: 2}, lambda: {}, lambda: collections.defaultdict(int), lambda: collections.defaultdict(int, {1: 5}),
                                   lambda: collections.defaultdict(lambda: 1 // 0)])
def test_a_key_is_hashed_and_compared_as_often_as_in_python(function, table):
    def seen(call):
        AsksTwice.asked = AsksTwice.hashed = 0
        try:
            result = call(table(), AsksTwice())
        except (KeyError, ZeroDivisionError) as error:
            result = type(error)
        return result, AsksTwice.asked, AsksTwice.hashed

    compiled = hasten.jit(function)
    assert [seen(compiled) for _ in range(3)] == [seen(function)] * 3
    assert compiled.report()["tier"] == "native"
