"""Displays, comprehensions, generator expressions, unpacking: small functions as in language.py."""

import builtins
import collections
import math
from fractions import Fraction

OFFSET = 100


class Noisy:
    """Says what is asked of it."""

    log: list = []

    def __init__(self, value):
        self.value = value

    def say(self, what):
        self.log.append((what, self.value))

    def __hash__(self):
        self.say("hash")
        return hash(self.value)

    def __eq__(self, other):
        self.say("eq")
        return isinstance(other, Noisy) and self.value == other.value

    def __lt__(self, other):
        self.say("lt")
        return self.value < other.value

    def __gt__(self, other):
        self.say("gt")
        return self.value > other.value

    def __bool__(self):
        self.say("bool")
        return bool(self.value)

    def __add__(self, other):
        self.say("add")
        return Noisy(self.value + other.value)

    def __radd__(self, other):
        self.say("radd")
        return Noisy(self.value + other)

    def __repr__(self):
        return f"Noisy({self.value})"


class Mapping:
    def __init__(self, **items):
        self.items = items

    def keys(self):
        return list(self.items)

    def __getitem__(self, key):
        return self.items[key]

    def __repr__(self):
        return f"Mapping({self.items})"


def heard():
    said = list(Noisy.log)
    Noisy.log.clear()
    return said


def receive(*args, **kwargs):
    return args, kwargs


def set_displays(a, b):
    s = {a, b, a}
    t = {1, 8, 0, 16, 24}
    u = {a}
    w = {"x", "y"}
    return s, list(t), u, len(w), a in s, {*s, b}, {*t, *s, 3}


def set_displays_that_are_folded(a):
    return [
        list({"a" "b", "c", "d%s" % 1, "e"}),
        list({not 1, 1, 2, 3, 4.5}),
        list({__debug__, 7, 2, 3}),
        list({"xyz"[0], "b", "c", "d"}),
        list({(1, (2, 3)), "a" * 3, 1 << 4, 5}),
        list({(1, 2)[1], 40, a, 30}),
        list({"%d" % (1,), "b", "c"}),
    ]


def long_set_display(a):
    return {
        a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
    }  # fmt: skip


def set_comprehensions(xs, k):
    return {x % k for x in xs}, {(x, y) for x in xs for y in xs if x < y}, {x for x in "abcab"} == set("abc")


def dict_comprehensions(xs, k):
    x = "kept"
    d = {x: x * k for x in xs if x > 1}
    e = {y: {x: y for x in range(y)} for y in xs[:3]}
    return d, e, x, list({i: i for i in range(5)})


def order_in_dict_comprehension(xs):
    log = []
    d = {log.append(("key", x)) or x: log.append(("value", x)) for x in xs}
    return d, log


def long_dict_display(a):
    return {
        1: a, 2: a, 3: a, 4: a, 5: a, 6: a, 7: a, 8: a, 9: a, 10: a, 11: a, 12: a, 13: a, 14: a, 15: a, 16: a, 17: a, 18: a,
        19: a, a: 20, 21: 21, 1: 22, 23: 23, 24: 24, 25: 25, 26: 26, 27: 27, 28: 28, 29: 29, 30: 30, 31: 31, 32: 32, 33: 33,
        34: 1, 35: 2,
    }  # fmt: skip  # noqa: F601


def dict_unpacking(d, m):
    return {**d}, {"a": 1, **d, "b": 2, **m, "c": 3}, {**m, **d, "z": 0}, {}


def display_unpacking(xs, t):
    return [*xs], [0, *xs, *t, 1], (*xs, *t), (1, *t), [*"ab", *range(3)], {*xs}


def star_targets(xs):
    a, *b = xs
    *c, d = xs
    e, *f, g = xs
    [h, *_] = b
    for i, *j in [(1, 2, 3), "ab"]:
        f.append((i, j))
    return a, b, c, d, e, f, g, h, [(p, q) for p, *q in [xs]]


def star_returns(xs):
    return *xs, 0


def unpacking_calls(xs, d):
    return (
        receive(*xs),
        receive(*xs, 1, *d),
        receive(**d),
        receive(0, *xs, last=1, **d),
        receive(k=1, **d, j=2, **Mapping(q=3)),
        receive(*range(2), **{}),
        max(*xs, key=abs),
        "{}-{k}".format(*xs, **d, k=7),
        [].append(*xs[:1]),
    )


def variadic(first, *rest, key=None, **others):
    total = 0
    for x in rest:
        total += x
    return first, rest, key, others, total


def only_rest(*rest):
    s = 0
    for i in range(len(rest)):
        s += rest[i] * i
    return s, rest


def only_keywords(**kwargs):
    kwargs["more"] = 1
    return kwargs, sorted(kwargs), len(kwargs)


def positional_name_again(a, /, **kwargs):
    return a, kwargs


def delete_attribute(box):
    box.a = 1
    box.b = 2
    del box.a
    return hasattr(box, "a"), hasattr(box, "b")


def annotated_targets(xs, box):
    xs[0]: int = 5
    box.a: undefined_name = xs[0] + 1  # noqa: F821
    log = []
    (log.append(1) or box).b: int
    xs[log.append(2) or 0]: int
    xs[log.append(3) : log.append(4), log.append(5)]: int
    (plain): int = 3
    return xs, box.a, log, plain


def walrus_in_comprehensions(xs):
    a = [y := x * 2 for x in xs]
    b = [last for x in xs if (last := x) > 1]
    c = {(z := x): z + 1 for x in xs}
    return a, y, b, last, c, z


def imports(n):
    import math
    import os.path
    import os.path as p
    import collections.abc as abc
    from math import floor, sqrt as root
    from os import path
    from collections import OrderedDict

    return math.pi, os.path is p is path, abc.__name__, floor(root(n)), OrderedDict


def matrix(a, b):
    a @= b
    return a, a @ b


class Matrix:
    def __init__(self, n):
        self.n = n

    def __matmul__(self, other):
        return Matrix(self.n * other.n)

    def __repr__(self):
        return f"Matrix({self.n})"


def any_all(xs, k):
    return (
        any(x > k for x in xs),
        all(x > k for x in xs),
        any(x for x in ()),
        all(x for x in ()),
        any(x == y for x in xs for y in xs if x is not y),
        all(isinstance(x, int) for x in xs),
    )


def noisy_truth(xs):
    return any(x for x in xs), heard(), all(x for x in xs), heard()


def stops_where_any_does(xs):
    it = iter(xs)
    a = any(x > 2 for x in it)
    return a, list(it)


def sums(xs, k):
    return sum(x * k for x in xs), sum(1 for x in xs if x > k), sum(x for x in [])


def sum_of_mixed(xs):
    return sum(x for x in xs)


def sum_of_overflow(n):
    big = 2**62
    return sum(big for _ in range(n)), sum(i * big for i in range(n)), sum(-big for _ in range(n))


def sum_of_floats(n, step):
    return sum(step * i for i in range(n)), sum(1.0 / (i + 1) for i in range(n)), sum(1e16 * (-1) ** i + i for i in range(n))


def sum_of_infinities(xs):
    return repr(sum(x for x in xs)), repr(sum(x + 0.0 for x in xs))


def noisy_sum(xs):
    return sum(x for x in xs), heard()


def extremes(xs, k):
    return (
        min(abs(x - k) for x in xs),
        max(x * x for x in xs),
        min(x for x in xs if x),
        max((x, -x) for x in xs),
        min(str(x) for x in xs),
    )


def noisy_extremes(xs):
    return min(x for x in xs), heard(), max(x for x in xs), heard()


def first_of_equals(xs):
    a, b = min(x for x in xs), max(x for x in xs)
    return type(a), type(b), a, b


def sequences(xs, k):
    return (
        list(x + k for x in xs),
        tuple(x for x in xs if x > k),
        set(x % 3 for x in xs),
        sorted(-x for x in xs),
        dict((x, k) for x in xs),
        frozenset(x % k for x in xs),
        ",".join(str(x) for x in xs),
        "".join(c for c in "abc" if c != "b"),
    )


def noisy_sets(xs):
    return set(x for x in xs), heard(), frozenset(x for x in xs), heard(), {x for x in xs}, heard(), {x: 1 for x in xs}, heard()


def nested_generators(rows):
    total = sum(sum(x for x in row if x) for row in rows)
    return total, max(max(row) for row in rows if any(row)), [sum(x * y for x in row) for row in rows for y in (1, 2)]


def generator_in_comprehension(xs):
    return [any(x == y for y in xs) for x in xs], {x: all(x % y for y in range(2, x)) for x in xs}


def walrus_in_generators(xs):
    hit = None
    found = any((hit := x) > 1 for x in xs)
    n = sum((seen := x) for x in xs)
    return found, hit, n, seen


def generators_as_objects(xs, k):
    joined = " ".join(list(map(str, (x + OFFSET for x in xs))))
    g = (x * k for x in xs)
    first = next(g)
    separator = "-"
    return joined, first, list(g), separator.join(str(x) for x in xs), collections.deque(x for x in xs), max((x for x in xs), default=1)


def arguments_before_generator(xs):
    log = []
    r = sorted((log.append(("item", x)) or -x for x in (log.append("iterable") or xs)), key=log.append("key"))
    return r, log


def local_name_of_a_builtin(xs, sum):
    any = list
    return any(x for x in xs), sum(x for x in xs)


def shadowed_names(xs):
    x = 10
    y = sum(x for x in xs)
    return x, y, sum(x for x in range(x))


def empty_extremes(xs):
    return max([x for x in xs] or [0]), sorted(x for x in xs)


def sums_of_globals(n):
    return sum(OFFSET for _ in range(n)), sum(math.sqrt(i) for i in range(n))


CALLS = {
    set_displays: ["1, 2", "'a', 'b'", "(1,), 2"],
    set_displays_that_are_folded: ["99", "5"],
    long_set_display: ["99", "5"],
    set_comprehensions: ["[1, 2, 3, 4, 5], 3"],
    dict_comprehensions: ["[1, 2, 3, 4], 2", "['a', 'b'], 2" if False else "[3, 2, 5], 1.5"],
    order_in_dict_comprehension: ["[1, 2, 1]"],
    long_dict_display: ["1", "'x'"],
    dict_unpacking: ["{'a': 5, 'q': 1}, Mapping(a=9, b=8)", "{}, {}"],
    display_unpacking: ["[1, 2], (3,)", "'ab', ()"],
    star_targets: ["[1, 2, 3]", "(1, 2)", "'abcd'", "range(5)"],
    star_returns: ["[1, 2]", "()"],
    unpacking_calls: ["[1, 2], {'a': 1}", "(3, -5), {'b': 2, 'c': 3}"],
    variadic: ["1", "1, 2, 3", "1, 2, 3", "1.5, 2.5, 3", "'a', 1, 2, 3, 4, 5, 6"],
    only_rest: ["", "1, 2, 3", "1.5, 2.5", "*range(20)"],
    only_keywords: [""],
    positional_name_again: ["1"],
    delete_attribute: ["Mapping()"],
    annotated_targets: ["[1, 2], Mapping()" if False else "{0: 1, None: 2}, Mapping()"],
    walrus_in_comprehensions: ["[1, 2, 3]"],
    imports: ["17"],
    matrix: ["Matrix(2), Matrix(3)"],
    any_all: ["[1, 2, 3], 2", "[1.5, 2.5], 0", "[], 1", "[5, 6, 7], 4"],
    noisy_truth: ["[Noisy(0), Noisy(1), Noisy(2)]", "[Noisy(0)]"],
    stops_where_any_does: ["[1, 2, 3, 4, 5]", "[1]"],
    sums: ["[1, 2, 3], 2", "[1.5, 2.5, 1e300], 0.1", "[2**62, 2**62, 5], 3", "[True, False], True", "[], 1"],
    sum_of_mixed: [
        "[1, 2.5, 3]", "[1, 2**70, 2.5, 0.1]", "[0.1] * 10", "[1, Fraction(1, 3), 0.1, 0.2]", "[True, 1.0, 2**80, 0.1, 0.7]",
        "[1e16, 1, 1.0, -1e16]", "[1j, 2, 3.5]", "[2**63 - 1, -1, 1.0, 0.1, 0.2]", "[-5, 2**63, 0.1, 0.2, 0.3]", "[-0.0]",
        "[0.1, 0.2, True, 0.3, 10**400 // 10**390, 0.7]", "[0.1, 0.2, 2**64, 0.3, 0.7]",
    ],
    sum_of_overflow: ["1", "2", "3", "10"],
    sum_of_floats: ["100, 0.1", "1000, 0.3", "3, 2"],
    sum_of_infinities: ["[math.inf, 1.0]", "[math.inf, -math.inf]", "[1e308, 1e308, 1.0]", "[math.nan, 1]", "[-0.0, -0.0]"],
    noisy_sum: ["[Noisy(1), Noisy(2), Noisy(3)]"],
    extremes: ["[3, -1, 4], 2", "[2.5, -1.5], 0.5", "[1, 2.0, True], 0"],
    noisy_extremes: ["[Noisy(3), Noisy(1), Noisy(2)]"],
    first_of_equals: ["[1, 1.0, True]", "[1.0, 1, True]", "[math.nan, 1.0]", "[1.0, math.nan]"],
    sequences: ["[3, 1, 2], 2", "[], 1"],
    noisy_sets: ["[Noisy(3), Noisy(1), Noisy(3)]"],
    nested_generators: ["[[1, 2], [3, 0]]", "[[1.5], [0]]"],
    generator_in_comprehension: ["[5, 2, 9, 7]"],
    walrus_in_generators: ["[1, 2, 3]"],
    generators_as_objects: ["[1, 2, 3], 2"],
    arguments_before_generator: ["[1, 2]"],
    local_name_of_a_builtin: ["[1, 2], max", "[1, 2], sum"],
    shadowed_names: ["[1, 2]"],
    empty_extremes: ["[]"],
    sums_of_globals: ["5"],
}  # fmt: skip
