"""The world changes in the middle of a compiled call: each scenario runs plain and compiled, and must end the same.

A scenario is a function `scenario(wrap)`: it builds its functions, wraps them and returns what can be seen.
"""

import gc
import sys
import threading
import types
import weakref

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)

SCENARIOS = []


def scenario(function):
    SCENARIOS.append(function)
    return function


def outcome(function, *args):
    try:
        return ("returned", function(*args))
    except Exception as error:  # noqa: BLE001
        return ("raised", type(error).__name__, error.args)


# -- functions under test: module level, because the compiler reads them from the file ----------------------------


def sum_items(values, notify):
    total = 0
    for v in values:
        total += v
        notify(values)
    return total


def sum_by_index(values, notify):
    total = 0
    n = len(values)
    for i in range(n):
        total = total + values[i]
        notify(values)
    return total


def nested_sum(rows, notify):
    total = 0.0
    for row in rows:
        for v in row:
            total += v
        notify(rows)
    return total


FACTOR = 2


def scaled(values, notify):
    out = []
    for v in values:
        out.append(v * FACTOR)
        notify(values)
    return out


def helper(x):
    return x + 1


def calls_helper(values, notify):
    total = 0
    for v in values:
        total += helper(v)
        notify(values)
    return total


def uses_default(x, extra=(1, 2)):
    notify(x)
    return x, extra


def uses_list_default(x, acc=[1.5, 2.5]):  # noqa: B006
    notify(x)
    return acc[0] + acc[1] + x


def notify(_):
    pass


def compare_chain(a, b, c):
    return a < b < c, a == b, a != c


def index_with(values, at):
    return values[at]


def loop_to(n):
    total = 0
    for i in range(n):
        total += i
    return total


def truth_of(x):
    return 1 if x else 2


def add(a, b):
    return a + b


def in_place(a, b):
    a += b
    return a


def hold(values):
    kept = values
    values = None
    return kept


def spin(n):
    i = 0
    while i < n:
        i += 1
    return i


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def rebuilt(wrap, *functions, **names):
    """The functions, wrapped, in globals of their own."""
    space = dict(globals(), **names)
    for function in functions:
        copy = types.FunctionType(
            function.__code__, space, function.__name__, function.__defaults__, function.__closure__
        )
        space[function.__name__] = wrap(copy)
    return space


def every(n, action):
    turns = [0]

    def call(values):
        turns[0] += 1
        if turns[0] == n:
            action(values)

    return call


# -- scenarios ----------------------------------------------------------------------------------------------------

CHANGES = {
    "clear": lambda values: values.clear(),
    "pop": lambda values: values.pop(),
    "append": lambda values: values.append(10),
    "grow a lot": lambda values: values.extend([1] * 1000),
    "float": lambda values: values.__setitem__(slice(None), [0.5] * len(values)),
    "None": lambda values: values.__setitem__(-1, None),
    "big": lambda values: values.__setitem__(-1, 2**70),
    "bool": lambda values: values.__setitem__(-1, True),
    "own list": lambda values: values.__setitem__(-1, values),
    "shrink to one": lambda values: values.__delitem__(slice(1, None)),
}

for name, change in CHANGES.items():
    for target in (sum_items, sum_by_index, scaled, calls_helper):

        @scenario
        def list_changes(wrap, target=target, change=change):
            space = rebuilt(wrap, helper, target)
            function = space[target.__name__]
            seen = []
            for turn in (99, 2, 99, 1, 3):
                values = [1, 2, 3, 4, 5]
                seen.append(outcome(function, values, every(turn, change)))
                seen.append(repr(values))
            return repr(seen)

        list_changes.__name__ = f"{target.__name__}_{name}"


@scenario
def rows_disappear(wrap):
    function = rebuilt(wrap, nested_sum)["nested_sum"]
    seen = []
    for action in (
        lambda rows: rows.clear(),
        lambda rows: rows[1].clear(),
        lambda rows: rows.__setitem__(1, (1, 2)),
        lambda rows: rows.__setitem__(1, None),
        lambda rows: rows.__setitem__(1, [1, 2.5]),
        lambda rows: rows.append(rows[0]),
    ):
        rows = [[1.5, 2.5], [3.5], [4.5, 5.5]]
        seen.append(outcome(function, rows, every(1, action)))
    return repr(seen)


@scenario
def globals_rebound_in_the_middle(wrap):
    seen = []
    for value in (3, 2.5, 2**64, None, [1]):
        space = rebuilt(wrap, scaled)
        function = space["scaled"]
        seen.append(outcome(function, [1, 2, 3], lambda _: None))
        seen.append(
            outcome(function, [1, 2, 3], every(2, lambda _, v=value, s=space: s.update(FACTOR=v)))
        )
        space["FACTOR"] = 2
        seen.append(outcome(function, [1, 2, 3], lambda _: None))
        seen.append(outcome(function, [1, 2, 3], every(2, lambda _, s=space: s.pop("FACTOR"))))
    return repr(seen)


@scenario
def callee_replaced_in_the_middle(wrap):
    seen = []
    for other in (lambda x: x * 10, lambda x: x + 0.5, lambda x: None, 5):
        space = rebuilt(wrap, helper, calls_helper)
        function, original = space["calls_helper"], space["helper"]
        for _ in range(3):
            space["helper"] = original
            seen.append(outcome(function, [1, 2, 3], lambda _: None))
            seen.append(
                outcome(
                    function, [1, 2, 3], every(2, lambda _, o=other, s=space: s.update(helper=o))
                )
            )
    return repr(seen)


@scenario
def builtin_hidden_in_the_middle(wrap):
    space = rebuilt(wrap, sum_by_index)
    function = space["sum_by_index"]
    seen = [outcome(function, [1, 2, 3], lambda _: None)]
    space["len"] = lambda values: 2
    seen.append(outcome(function, [1, 2, 3], lambda _: None))
    space["range"] = lambda n: [0, 0, 0]
    seen.append(outcome(function, [1, 2, 3], lambda _: None))
    del space["len"], space["range"]
    seen.append(outcome(function, [1, 2, 3], lambda _: None))
    return repr(seen)


@scenario
def code_replaced(wrap):
    space = rebuilt(wrap, helper, calls_helper)
    seen = [outcome(space["calls_helper"], [1, 2], lambda _: None)]
    plain = getattr(space["helper"], "__wrapped__", space["helper"])
    plain.__code__ = truth_of.__code__
    seen.append(outcome(space["calls_helper"], [1, 2], lambda _: None))
    seen.append(outcome(space["helper"], 0))
    return repr(seen)


@scenario
def defaults_replaced_in_the_middle(wrap):
    seen = []
    for target, replacement in ((uses_default, (None,)), (uses_list_default, ([7.0, 8.0],))):
        space = rebuilt(wrap, target)
        function = space[target.__name__]
        plain = getattr(function, "__wrapped__", function)

        def change(_, plain=plain, replacement=replacement):
            plain.__defaults__ = replacement
            gc.collect()
            [[float(i), i + 0.5] for i in range(1000)]

        seen.append(outcome(function, 1))
        space["notify"] = change
        seen.append(outcome(function, 1))
        seen.append(outcome(function, 1))
    return repr(seen)


class Loud:
    """Compares, indexes and is true in surprising ways; each use is noted."""

    def __init__(self, log, value):
        self.log, self.value = log, value

    def __lt__(self, other):
        self.log.append("lt")
        return [self.value]

    def __gt__(self, other):
        self.log.append("gt")
        return 0

    def __eq__(self, other):
        self.log.append("eq")
        return "equal"

    __hash__ = None

    def __ne__(self, other):
        self.log.append("ne")
        return None

    def __index__(self):
        self.log.append("index")
        return self.value

    def __bool__(self):
        self.log.append("bool")
        return self.value > 0

    def __len__(self):
        self.log.append("len")
        return 3

    def __radd__(self, other):
        self.log.append("radd")
        return other

    def __repr__(self):
        return "Loud"


@scenario
def objects_with_methods(wrap):
    space = rebuilt(wrap, compare_chain, index_with, loop_to, truth_of, add)
    seen = []
    for _ in range(3):
        seen.append(outcome(space["compare_chain"], 1, 2, 3))
        log = []
        seen.append((outcome(space["compare_chain"], Loud(log, 1), 2, Loud(log, 3)), log))
        log = []
        seen.append((outcome(space["compare_chain"], 1, Loud(log, 2), 3), log))
        seen.append((outcome(space["index_with"], [1, 2, 3], Loud(log, 1)), list(log)))
        seen.append((outcome(space["index_with"], (1, 2, 3), Loud(log, -1)), list(log)))
        seen.append((outcome(space["loop_to"], Loud(log, 4)), list(log)))
        seen.append((outcome(space["truth_of"], Loud(log, 1)), list(log)))
        seen.append((outcome(space["add"], 5, Loud(log, 1)), list(log)))
        seen.append(outcome(space["loop_to"], 5))
        seen.append(outcome(space["truth_of"], 5))
        seen.append(outcome(space["add"], 5, 6))
    return repr(seen)


@scenario
def index_that_empties_the_list(wrap):
    function = rebuilt(wrap, index_with)["index_with"]
    values = [1, 2, 3]

    class Emptier:
        def __index__(self):
            values.clear()
            return 1

    return repr([outcome(function, [1, 2], 1), outcome(function, values, Emptier()), values])


@scenario
def numbers_of_other_kinds(wrap):
    from decimal import Decimal
    from fractions import Fraction

    space = rebuilt(wrap, add, in_place, compare_chain, loop_to, truth_of)
    values = [
        1,
        1.5,
        1j,
        True,
        None,
        "a",
        (1,),
        [1],
        b"x",
        Decimal("1.5"),
        Fraction(1, 3),
        2**63,
        -0.0,
        range(3),
    ]
    seen = []
    for a in values:
        seen.append(outcome(space["truth_of"], a))
        if a != 2**63:
            seen.append(outcome(space["loop_to"], a))
        for b in values:
            for name in ("add", "in_place"):
                seen.append(outcome(space[name], [1] if type(a) is list else a, b))
            seen.append(outcome(space["compare_chain"], a, b, 1))
    return repr(seen)


@scenario
def objects_die_when_they_should(wrap):
    """The last reference inside a compiled function does not outlive the call."""

    class Item:
        def __add__(self, other):
            return self

    space = rebuilt(wrap, hold, add)
    seen = []
    for _ in range(3):
        item = Item()
        dead = weakref.ref(item)
        space["hold"]([item])
        space["add"](item, 1)
        outcome(space["add"], item, item)
        outcome(space["add"], 1, item)
        del item
        seen.append(dead() is None)
    return seen


@scenario
def reference_counts(wrap):
    space = rebuilt(wrap, hold, sum_items, index_with, in_place)
    values, inner = [1, 2, 3], [0.5]
    counts = []
    for _ in range(50):
        space["hold"](values)
        space["sum_items"](values, lambda _: None)
        space["index_with"]([inner, inner], 1)
        outcome(space["index_with"], [inner], 5)
        space["in_place"](values, [])
        counts.append((sys.getrefcount(values), sys.getrefcount(inner)))
    return counts[0] == counts[-1], counts[-1]


@scenario
def recursion_is_limited_and_recovers(wrap):
    function = rebuilt(wrap, depth)["depth"]
    limit = sys.getrecursionlimit()
    seen = [outcome(function, 50), outcome(function, 10**6)[:2], outcome(function, 50)]
    sys.setrecursionlimit(300)
    try:
        seen += [outcome(function, 10**6)[:2], outcome(function, 20)]
    finally:
        sys.setrecursionlimit(limit)
    return seen


@scenario
def many_threads(wrap):
    space = rebuilt(wrap, sum_by_index, spin, add, loop_to)
    results, errors = [], []

    def work(n):
        try:
            for k in range(200):
                values = [n, k, n + k] if k % 3 else [n * 0.5, k]
                results.append((n, k, repr(space["sum_by_index"](values, lambda _: None))))
                space["spin"](k)
                space["add"](k, 0.5 if k % 2 else n)
        except Exception as error:  # noqa: BLE001
            errors.append(repr(error))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results), errors


FACTOR = 3


class ChangesFactor:
    def __del__(self):
        global FACTOR
        FACTOR = 10


def replace_each(xs):
    total = 0
    for i in range(len(xs)):
        xs[i] = i
        total += FACTOR
    return total


def delete_last(xs):
    total = 0
    for _ in range(len(xs)):
        del xs[-1]
        total += FACTOR
    return total


@scenario
def the_end_of_an_item_changes_a_global(wrap):
    global FACTOR
    out = []
    for function in (wrap(replace_each), wrap(delete_last)):
        for _ in range(4):
            FACTOR = 3
            out.append(function([0, 1, 2, 3]))
            out.append(function([0, 1, ChangesFactor(), 3, 4, 5]))
    FACTOR = 3
    return out


def subtract_row(rows, k, factor):
    for i in range(len(rows)):
        for j in range(len(rows[i])):
            rows[i][j] -= factor * rows[k][j]
    return rows


@scenario
def rows_are_changed_by_other_rows_or_by_themselves(wrap):
    function, out = wrap(subtract_row), []
    same = [1, 2, 3]
    for rows, k, factor in (
        ([[1, 2], [3, 4], [5, 6]], 1, 2),
        ([same, [4, 5, 6], same, same], 2, -3),
        ([[2**62, 5], [7, -(2**62)]], 0, 3),  # leaves native code with a row in its hands
        ([[1, 2, 3], [4, 5], [6, 7, 8]], 1, 1),
    ):
        try:
            out.append(function(rows, k, factor))
        except IndexError as error:
            out.append((repr(error), rows))
        out.append([sys.getrefcount(row) for row in rows])
    return out


class EmptiesRows:
    def __init__(self, rows):
        self.rows = rows

    def __del__(self):
        self.rows.clear()
        self.instead = [[1.5] * 2 for _ in range(50)]


def index_of_a_dying_row(xs, rows):
    last = xs[-1]
    del xs[-1]
    return rows[0][last[0]]


@scenario
def the_end_of_a_list_empties_another_that_is_read(wrap):
    function = wrap(index_of_a_dying_row)
    out = [function([[0, 1], [1, 0]], [[7, 8]])]
    for k in range(50):
        rows = [[70_000 + k, 8]]
        out.append(function([[0, 1], [0, EmptiesRows(rows)]], rows))
    return out


class EmptiesWhenCollected:
    def __init__(self, xs):
        self.xs = xs
        self.me = self

    def __del__(self):
        self.xs.clear()
        self.instead = [bytearray(100) for _ in range(100)]


def store_pairs(xs, n):
    for i in range(n):
        xs[0] = (i, i + 1)
    return len(xs)


@scenario
def a_collection_empties_the_list_that_is_stored_into(wrap):
    """When it is collected is not the same; that nothing else happens is."""
    function = wrap(store_pairs)
    function([(0, 1)], 10)
    threshold = gc.get_threshold()
    gc.collect()
    gc.disable()
    seen = set()
    try:
        for k in range(50):
            xs = [(0, 1)] * 3
            EmptiesWhenCollected(xs)
            gc.set_threshold(100 + k)
            gc.enable()
            seen.add(outcome(function, xs, 200)[0])
            gc.disable()
            gc.collect()
    finally:
        gc.set_threshold(*threshold)
        gc.enable()
    return seen <= {"returned", "raised"}


@pytest.mark.parametrize("run", SCENARIOS, ids=lambda f: f.__name__)
def test_same_as_plain(run):
    plain = run(lambda function: function)
    compiled = run(hasten.jit)
    assert compiled == plain


def test_tracing_and_profiling_do_not_change_results():
    space = rebuilt(hasten.jit, sum_by_index)
    seen = []
    sys.settrace(lambda *_: None)
    try:
        seen.append(space["sum_by_index"]([1, 2, 3], lambda _: None))
    finally:
        sys.settrace(None)
    sys.setprofile(lambda *_: None)
    try:
        seen.append(space["sum_by_index"]([1, 2, 3], lambda _: None))
    finally:
        sys.setprofile(None)
    assert seen == [6, 6]
