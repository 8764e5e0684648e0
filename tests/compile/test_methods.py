"""Calls of methods of Python objects: found and called as CPython does, with the same errors, order and references."""

import collections
import gc
import sys
import traceback
import weakref

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)


# -- compiled functions -------------------------------------------------------------------------------------------


def call_each(objects):
    out = []
    for x in objects:
        out.append(x.name())
    return out


def call_with(objects, argument):
    out = []
    for x in objects:
        out.append(x.take(argument))
    return out


def call_with_keywords(objects, a, b):
    out = []
    for x in objects:
        out.append(x.pair(a, last=b))
    return out


def argument_changes_the_method(objects, change):
    out = []
    for x in objects:
        out.append(x.take(change(x)))
    return out


def argument_overflows(objects, factor):
    out = []
    for x in objects:
        out.append(x.take(factor * factor))
    return out


def argument_divides(objects, divisor):
    out = []
    for x in objects:
        out.append(x.take(1 // divisor))
    return out


def argument_is_chosen(objects, flag):
    out = []
    for x in objects:
        out.append(x.take(1 if flag else 2))
    return out


def chained(words):
    out = []
    for x in words:
        out.append(x.strip().center(9, "-").upper().split("-"))
    return out


def numbers(values):
    out = []
    for x in values:
        out.append((x.conjugate(), x.__class__.__name__.lower()))
    return out


def on_literals(words):
    out = []
    for x in words:
        out.append("{}!".format(x) + ",".join(words))
    return out


def on_temporaries(make, count):
    out = []
    for i in range(count):
        out.append(make(i).name())
    return out


def nothing_but_calls(x, n):
    for _ in range(n):
        x.name()
        x.name()


def of_class(cls, objects):
    out = []
    for x in objects:
        out.append(cls.name(x))
    return out


# -- objects ------------------------------------------------------------------------------------------------------


class Plain:
    def __init__(self, label="plain"):
        self.label = label

    def name(self):
        return self.label

    def take(self, value):
        return (self.label, value)

    def pair(self, first, last=None):
        return (first, last)


class Slotted:
    __slots__ = ()

    def name(self):
        return "slotted"

    def take(self, value):
        return ("slotted", value)


class Dynamic:
    def __init__(self, log):
        self.log = log

    def __getattr__(self, name):
        self.log.append(name)
        return lambda *args: (name, args)


class Intercepted(Plain):
    def __getattribute__(self, name):
        if name == "name":
            return lambda: "intercepted"
        return super().__getattribute__(name)


class Logged:
    """A descriptor without __set__: the object's own dict goes first."""

    def __init__(self, log):
        self.log = log

    def __get__(self, instance, owner):
        self.log.append((instance is None, owner.__name__))
        return lambda: "logged"


class LoggedData(Logged):
    def __set__(self, instance, value):
        raise AttributeError


class Kinds:
    @staticmethod
    def take(value):
        return ("static", value)

    @classmethod
    def name(cls):
        return cls.__name__

    @property
    def pair(self):
        return lambda first, last: ("property", first, last)


def shadowed():
    one = Plain()
    one.name = lambda: "own"
    return one


def with_descriptor(kind, log):
    return type("WithDescriptor", (), {"name": kind(log)})()


def none_attribute():
    one = Plain()
    one.name = None
    return one


class Uncallable:
    name = 5


# -- each case makes its function's arguments anew, for the plain call and for the compiled one -----------------------


def replace_on_class():
    cls = type("Mutable", (Plain,), {})

    def change(x):
        cls.take = lambda self, value: "replaced"
        return 7

    return [cls(), cls(), cls()], change


def replace_on_slotted():
    cls = type("Mutable", (), {"__slots__": (), "take": lambda self, value: ("first", value)})
    seen = []

    def change(x):
        seen.append(1)
        cls.take = eval(f"lambda self, value: ({len(seen)}, value)")
        return len(seen)

    return [cls() for _ in range(5)], change


def replace_on_object():
    def change(x):
        x.take = lambda value: "own"
        return 8

    one = Plain()
    return [one, one, Plain()], change


CASES = {
    "plain": (call_each, lambda: ([Plain(), Plain("b")],)),
    "slotted": (call_each, lambda: ([Slotted()] * 3,)),
    "shadowed": (call_each, lambda: ([Plain(), shadowed(), Plain()],)),
    "getattr": (call_each, lambda: ([Plain(), Dynamic([])],)),
    "getattribute": (call_each, lambda: ([Plain(), Intercepted()],)),
    "descriptor": (call_each, lambda: ([with_descriptor(Logged, []), Plain()],)),
    "data descriptor": (call_each, lambda: ([with_descriptor(LoggedData, []), Plain()],)),
    "classmethod": (call_each, lambda: ([Kinds(), Plain(), Kinds],)),
    "staticmethod": (call_with, lambda: ([Kinds(), Plain()], 3)),
    "property": (call_with_keywords, lambda: ([Kinds(), Plain()], 3, 4)),
    "keywords": (call_with_keywords, lambda: ([Plain(), Plain()], "x", None)),
    "wrong keyword": (call_with_keywords, lambda: ([Plain(), Dynamic([])], 1, 2)),
    "many types": (call_each, lambda: ([Plain(), Slotted(), Kinds(), shadowed(), Slotted()],)),
    "missing": (call_each, lambda: ([Plain(), Slotted(), 5],)),
    "missing later": (call_with, lambda: ([Slotted(), Slotted(), "text"], 1)),
    "None": (call_each, lambda: ([Plain(), None],)),
    "attribute None": (call_each, lambda: ([Plain(), none_attribute()],)),
    "not callable": (call_each, lambda: ([Plain(), Uncallable()],)),
    "too many arguments": (call_with, lambda: ([[1].append, ""], 1)),
    "class replaced": (argument_changes_the_method, replace_on_class),
    "slotted replaced": (argument_changes_the_method, replace_on_slotted),
    "object replaced": (argument_changes_the_method, replace_on_object),
    "overflow": (argument_overflows, lambda: ([Plain(), Slotted(), Kinds()], 10**12)),
    "division": (argument_divides, lambda: ([Plain(), Slotted()], 0)),
    "missing before division": (argument_divides, lambda: ([Uncallable()], 0)),
    "choice": (argument_is_chosen, lambda: ([Plain(), Slotted(), Kinds()], True)),
    "chained": (chained, lambda: (["ab", " cd ", ""],)),
    "chained on another type": (chained, lambda: (["ab", b" cd "],)),
    "numbers": (numbers, lambda: ([1, 2.5, 3j, True, 10**30],)),
    "literals": (on_literals, lambda: (["a", "b"],)),
    "temporaries": (on_temporaries, lambda: (Plain, 5)),
    "class as receiver": (of_class, lambda: (Plain, [Plain(), Plain("c")])),
}


def outcome(function, arguments):
    try:
        return repr(function(*arguments))
    except Exception as error:  # noqa: BLE001
        frames = [
            (f.name, f.lineno, f.colno, f.end_colno)
            for f in traceback.extract_tb(error.__traceback__)
            if f.filename == __file__ and f.name != "outcome"
        ]
        return type(error), error.args, frames


def logs(arguments):
    return [x.log for x in arguments[0] if hasattr(type(x), "log")] if isinstance(arguments[0], list) else []


@pytest.mark.parametrize("case", CASES)
def test_a_method_call_does_what_cpython_does(case):
    function, make = CASES[case]
    compiled = hasten.jit(function)
    for _ in range(3):  # native from the first call on, then the versions that it learns
        expected, given = make(), make()
        assert outcome(compiled, given) == outcome(function, expected)
        assert logs(given) == logs(expected)


def test_loops_of_method_calls_are_native():
    for function, arguments in [
        (call_each, ([Plain(), Plain()],)),
        (call_with, ([Slotted()] * 3, 1)),
        (call_with_keywords, ([Plain()], 1, 2)),
    ]:
        compiled = hasten.jit(function)
        compiled(*arguments)
        assert compiled.report()["tier"] == "native", compiled.report()


def test_a_loop_of_nothing_but_python_methods_stays_python():
    compiled = hasten.jit(nothing_but_calls)  # entering each from native code would cost more than it saves
    compiled(Plain(), 3)
    assert compiled.report()["tier"] == "python", compiled.report()


def test_a_lookup_runs_once_also_when_the_call_leaves_native_code():
    log = []
    compiled = hasten.jit(argument_overflows)
    compiled([Plain()], 3)
    assert compiled([Dynamic(log), Dynamic(log)], 10**12) == [("take", (10**24,))] * 2
    assert log == ["take", "take"]


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_kept_or_lost(case):
    function, make = CASES[case]
    compiled = hasten.jit(function)
    watched = [Plain.name, Plain.take, Slotted.take, str.center, Plain, Slotted]
    for _ in range(3):
        outcome(compiled, make())
    gc.collect()
    before = [sys.getrefcount(x) for x in watched]
    for _ in range(50):
        outcome(compiled, make())
    gc.collect()
    growth = [sys.getrefcount(x) - b for x, b in zip(watched, before)]
    assert max(abs(g) for g in growth) < 25, growth  # caches of the interpreter move by a few


def test_the_receiver_dies_after_its_call():
    alive = []

    def make(i):
        one = Plain(i)
        alive.append(weakref.ref(one))
        return one

    assert hasten.jit(on_temporaries)(make, 4) == [0, 1, 2, 3]
    assert [ref() for ref in alive] == [None] * 4


# -- which class an error names -----------------------------------------------------------------------------------


class Mapping(dict):
    pass


class Sequence(list):
    pass


def with_keyword(x):
    return x.get(1, key=2)


def with_chosen_keyword(x, flag):
    return x.get(1 if flag else 2, key=3)


def in_a_loop(objects):
    for x in objects:
        x.get(1, key=2)


def with_too_many(x):
    return x.append(1, 2)


def of_a_slot(x):
    return x.__getitem__()


def bound_first(x):
    get = x.get
    return get(1, key=2)


def beyond_the_stack(x):
    return x.get(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)


def unpacked(x):
    return x.get(*[1], key=2)


@pytest.mark.parametrize(
    "function, make",
    [
        *((f, c) for f in (with_keyword, bound_first, of_a_slot, unpacked, beyond_the_stack) for c in (Mapping, lambda: collections.defaultdict(int), dict)),
        (with_chosen_keyword, lambda: (Mapping(), True)),
        (in_a_loop, lambda: [Mapping()]),
        (in_a_loop, lambda: [collections.defaultdict(int)]),
        *((f, c) for f in (with_too_many, of_a_slot) for c in (Sequence, list)),
    ],
)
def test_an_error_names_the_class_that_python_names(function, make):
    """A method that is called at once is a function of the class, one that is bound first is the object's."""
    compiled = hasten.jit(function)
    made = make()
    arguments = made if isinstance(made, tuple) else (made,)
    messages = []
    for _ in range(3):
        for f in (function, compiled):
            with pytest.raises(TypeError) as caught:
                f(*arguments)
            messages.append(str(caught.value))
    assert set(messages) == {messages[0]}
