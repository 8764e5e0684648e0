"""Names and scopes: test_scopes.py loads this file with `jit` compiling and not, and compares what the scenarios tell.

A scenario is a function `scenario_*`; what it returns must be equal by repr.
"""

import gc
import inspect
import sys
import traceback
import weakref

jit = globals().get("jit", lambda function: function)  # test_scopes.py puts hasten.jit here
ROUNDS = 1500  # enough for the loops of interpreted code to become hot


def outcome(function, *args):
    """The result, or all that is to be known of the exception."""
    try:
        return function(*args)
    except Exception as error:
        stack = traceback.TracebackException.from_exception(error).stack
        lines = [(e.name, e.lineno, e.colno, e.end_colno) for e in list(stack)[1:]]
        return type(error), str(error), getattr(error, "name", None), lines, repr(error.__context__)


# Globals.

counter = 0
limit = 3


@jit
def count(n):
    global counter
    for i in range(n):
        counter += i
    return counter


@jit
def write_all(n):
    global made_here, limit
    (limit) = 5
    for made_here in range(n):
        limit = limit + made_here
    made_here, rest = limit, made_here
    return made_here, rest, limit


@jit
def read_limit(n):
    total = 0
    for i in range(n):
        total += limit
        if i == n // 2:
            raise_limit()
    return total


@jit
def raise_limit():
    global limit
    limit += 1.5


@jit
def remove():
    global gone
    gone = 1
    del gone
    del gone


@jit
def read_removed(n):
    global gone
    for i in range(n):
        gone = i
    del gone
    return gone


@jit
def increment_missing():
    global never_there
    never_there += 1


@jit
def shadow_builtin(n):
    global len
    before = len("abc")
    total = 0
    for i in range(n):
        total += len("ab")
        if i == n - 2:
            len = str.__len__  # noqa: A001
    del len
    return before, total, len("abcd")


@jit
def global_walrus(n):
    global seen
    total = 0
    while (seen := total) < n:
        total += 3
    return seen


@jit
def global_targets(pairs):
    global first, second
    for first, (second, third) in pairs:
        third += first
    return first, second, third, [first for first in range(3)], first


def scenario_globals_are_written():
    global counter, limit
    seen = [count(10), count(ROUNDS), counter]
    counter = 0.5
    seen += [count(10), counter, count(ROUNDS)]
    counter = 2**62
    seen += [count(ROUNDS) for _ in range(4)]
    counter = "text"
    seen += [outcome(count, 2), counter]
    counter = 1
    seen += [count(5), count(ROUNDS), type(counter)]
    limit = 3
    seen += [write_all(4), write_all(ROUNDS), made_here, limit]
    return seen


def scenario_a_guarded_global_is_written_by_a_callee():
    global limit
    limit = 2
    return [read_limit(10), read_limit(ROUNDS), limit, read_limit(ROUNDS), read_limit(4)]


def scenario_deleted_globals():
    return [
        outcome(remove),
        outcome(read_removed, 3),
        outcome(read_removed, ROUNDS),
        outcome(increment_missing),
        outcome(shadow_builtin, 5),
        outcome(shadow_builtin, ROUNDS),
        "len" in globals(),
    ]


def scenario_global_targets():
    return [
        global_walrus(10),
        seen,
        global_targets([(1, (2, 3)), (4, (5, 6))]),
        first,
        second,
        outcome(global_targets, [(1, 2)]),
        first,
    ]


class Finalizer:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        globals()[self.name] = 1000


kept = None
step = 1


@jit
def drop_in_loop(n):
    global kept
    total = 0
    for i in range(n):
        total += step
        if i == n // 2:
            kept = None
    return total


def scenario_the_old_value_runs_code():
    global kept, step
    out = []
    for n in (4, 10, ROUNDS, ROUNDS):
        step = 1
        kept = Finalizer("step")
        out += [drop_in_loop(n), step]
    return out


class Privates:
    @jit
    def put(self, value):
        global __private
        __private = value
        return __private, self.__hidden(__inner=1) if value > 2 else None

    def __hidden(self, **names):
        return sorted(names)

    @jit
    def nested(self, __x):
        def __inside(__y, *, __z=__x):
            return __x, __y, __z

        return __inside.__name__, __inside.__qualname__, __inside.__kwdefaults__, __inside(1)


def scenario_private_names():
    return [Privates().put(1), _Privates__private, Privates().nested(5)]  # noqa: F821


# Functions that capture nothing.


def about(function):
    """All that can be asked of a function object."""
    parameters = str(inspect.signature(function))
    return (
        function.__name__,
        function.__qualname__,
        function.__module__,
        function.__doc__,
        function.__defaults__,
        function.__kwdefaults__,
        function.__annotations__,
        function.__dict__,
        function.__closure__ and [type(cell).__name__ for cell in function.__closure__],
        function.__code__.co_name,
        function.__code__.co_firstlineno,
        function.__code__.co_freevars,
        function.__globals__ is globals(),
        function.__builtins__ is __builtins__ or function.__builtins__ is vars(__builtins__),
        parameters,
    )


def say(log, what):
    log.append(what)
    return what


@jit
def make_function(log, a):
    def function(
        p: say(log, "p!") = say(log, 1),
        /,
        q: say(log, "q!") = a,
        *rest: say(log, "rest!"),
        k: say(log, "k!") = say(log, 3),
        bare,
        **words: say(log, "words!"),
    ) -> say(log, "return!"):
        """Its documentation."""
        return p, q, rest, k, bare, words

    return function


@jit
def make_constant_defaults():
    def function(a, b=1, c=(2, 3), *, d="four", e=-5):
        return a, b, c, d, e

    return function


@jit
def make_decorated(log):
    def deco(name):
        say(log, "make " + name)

        def wrap(function):
            say(log, "wrap " + name)
            function.wrapped_by = name
            return function

        return wrap

    @deco("outer")
    @deco("inner")
    def function(x=say(log, "default")):
        return x

    return function


@jit
def failing_decorator(x):
    @str
    @(lambda f: f)
    @(
        lambda f: f.missing
    )
    def function():
        return x

    return function


@jit
def failing_default(x):
    def function(a=1, b=x // 0):
        return a

    return function


@jit
def lambdas(xs, n):
    pick = lambda p, scale=n: p[1] * scale  # noqa: E731
    first, second = (lambda: 1), (lambda: 2)
    return (
        sorted(xs, key=lambda p: p[1]),
        sorted(xs, key=pick, reverse=True),
        (lambda a, *b, c=3, **d: (a, b, c, d))(1, 2, d=4),
        first() + second(),
        (lambda: (lambda: (lambda: 7)))()()(),
        [about(f)[:2] for f in (pick, first, second)],
    )


@jit
def conditional(flag):
    if flag:
        def function():
            return "yes"
    else:
        def function():
            return "no"
    if 0:
        def function():
            return "never"
    return function()


@jit
def generators(n):
    def squares(m):
        for i in range(m):
            yield i * i

    async def later():
        return n

    coroutine = later()
    try_it = squares(n)
    return list(squares(n)), next(try_it), type(coroutine).__name__, coroutine.close()


@jit
def same_code(n):
    made = []
    for _ in range(n):
        def function():
            return 1
        made.append(function)
    return made[0] is not made[1], made[0].__code__ is made[1].__code__


@jit
def raising_inside(n):
    def inner(k):
        return 1 // k

    total = 0
    for i in range(n, -1, -1):
        total += inner(i)
    return total


@jit
def in_callback(xs):
    return list(map(lambda x: 10 // x, xs))


def scenario_functions():
    log = []
    function = make_function(log, 2)
    out = [about(function), log, function(bare=4), function(9, 8, 7, k=6, bare=5, z=1)]
    constant = make_constant_defaults()
    out += [about(constant), constant(0), constant.__defaults__ is make_constant_defaults().__defaults__]
    log = []
    decorated = make_decorated(log)
    out += [about(decorated), log, decorated()]
    out += [outcome(failing_decorator, 1), outcome(failing_default, 1)]
    out += [lambdas([(1, 3), (2, 1), (3, 2)], 2), conditional(True), conditional(False)]
    out += [generators(4), same_code(3)]
    out += [outcome(raising_inside, 5), outcome(raising_inside, ROUNDS)]
    out += [outcome(in_callback, [1, 2]), outcome(in_callback, [1, 0])]
    return out


# Cells.


@jit
def accumulate(n):
    total = 0

    def add(x):
        nonlocal total
        total += x

    for i in range(n):
        add(i)
        total += 1
    return total, add.__closure__[0].cell_contents


@jit
def parameter_in_cell(n, xs):
    def scale(x):
        return x * n

    out = [scale(x) for x in xs]
    n += 1
    out += list(map(scale, xs))
    n = n / 2
    return out + list(map(lambda x: x - n, xs))


@jit
def changes_type(n):
    value = 1

    def change(to):
        nonlocal value
        value = to

    out = []
    for i in range(n):
        out.append(value + 1)
        if i % 100 == 99:
            change(i / 2)
        elif i % 100 == 50:
            change(2**63)
        elif i % 100 == 20:
            change(i)
    return out


@jit
def recursive(n):
    def fact(k):
        return 1 if k < 2 else k * fact(k - 1)

    return fact(n), fact.__closure__[0].cell_contents is fact


@jit
def unbound_read(flag):
    def read():
        return value

    if flag:
        value = 1
    return read(), value


@jit
def unbound_own_read(flag):
    if flag:
        value = 1
    (lambda: value)
    return value


@jit
def deleted(flag):
    value = 1

    def read():
        return value

    before = read()
    del value
    if flag:
        return before, read()
    return before, value


@jit
def deleted_twice():
    value = 1
    keep = lambda: value  # noqa: E731
    del value
    del value
    return keep


@jit
def rebound_in_loop(n):
    made = []
    for i in range(n):
        made.append(lambda: i)
    shared = [f() for f in made]
    i = -1
    return shared, [f() for f in made], made[0].__closure__[0] is made[-1].__closure__[0]


@jit
def of_comprehension(n):
    made = [lambda: i for i in range(n)]
    pairs = [[lambda: (i, j) for j in range(2)] for i in range(n)]
    i = "outside"
    keep = [lambda: i for _ in range(1)]
    return (
        [f() for f in made],
        [[f() for f in row] for row in pairs],
        i,
        keep[0](),
        made[0].__closure__[0] is made[1].__closure__[0],
        pairs[0][0].__closure__[0] is pairs[1][0].__closure__[0],
        pairs[0][0].__qualname__,
    )


@jit
def comprehension_over_captured(n, xs):
    add = lambda x: x + n  # noqa: E731
    n = n * 2
    return [add(x) + n for x in xs if x < n], [n for n in xs], n, [(lambda: x + n)() for x in xs]


@jit
def comprehension_reads_unbound():
    keep = lambda: later  # noqa: E731
    out = [later for _ in range(2)]
    later = 1
    return keep, out, later


@jit
def first_iterable(n):
    xs = [1, 2]
    return [x for x in (lambda: xs + [n])()], [(lambda y=x: y + n)() for x in xs]


@jit
def genexprs(n, xs):
    k = 3
    lazy = (x * k for x in xs if x > n)
    k = 5
    nested = (a + b for a in range(n) for b in (lambda: range(a))())
    return list(lazy), sum(x for x in range(n)), sorted(nested), lazy.__name__, lazy.__qualname__, k


@jit
def lazy_genexpr(xs):
    return (10 // x for x in xs)


@jit
def genexpr_of_nothing(x):
    return list(y for y in x)


@jit
def walrus_in_genexpr(xs):
    found = any((last := x) > 2 for x in xs)
    return found, last


def enclosing(start):
    total = start
    factor = 2
    log = []

    @jit
    def add(n):
        nonlocal total
        for i in range(n):
            total += i * factor
        return total

    @jit
    def forget():
        nonlocal total
        del total

    @jit
    def nest():
        def reader():
            return total, factor

        def writer(value):
            nonlocal factor
            factor = value

        writer(factor + 1)
        return reader()

    @jit
    def loop_target(n):
        nonlocal total
        for total in range(n):
            log.append(total)
        return total

    def set_total(value):
        nonlocal total
        total = value

    return add, forget, nest, loop_target, set_total, lambda: total


def scenario_cells():
    out = [accumulate(5), accumulate(ROUNDS), accumulate(ROUNDS)]
    out += [parameter_in_cell(2, [1, 2]), parameter_in_cell(2.5, [1, 2]), outcome(parameter_in_cell, "a", [1, 2])]
    out += [changes_type(10), changes_type(ROUNDS), changes_type(ROUNDS)]
    out += [recursive(5), recursive(30)]
    out += [outcome(unbound_read, True), outcome(unbound_read, False)]
    out += [outcome(unbound_own_read, True), outcome(unbound_own_read, False)]
    out += [outcome(deleted, True), outcome(deleted, False), outcome(deleted_twice)]
    out += [rebound_in_loop(4), rebound_in_loop(ROUNDS)[0][-1]]
    return out


def scenario_comprehensions():
    return [
        of_comprehension(3),
        comprehension_over_captured(2, [1, 2, 3, 9]),
        outcome(comprehension_reads_unbound),
        first_iterable(7),
    ]


def scenario_generator_expressions():
    out = [genexprs(3, [1, 2, 3, 4, 5]), outcome(genexpr_of_nothing, 5), outcome(genexpr_of_nothing, [5])]
    lazy = lazy_genexpr([1, 0, 2])
    out += [next(lazy), outcome(next, lazy), outcome(next, lazy), outcome(lazy_genexpr, 1)]
    out += [walrus_in_genexpr([1, 2, 3, 4]), outcome(walrus_in_genexpr, [])]
    return out


def scenario_free_variables():
    out = []
    for start in (0, 0.5, 2**62):
        add, forget, nest, loop_target, set_total, get = enclosing(start)
        out += [add(5), add(ROUNDS), get()]
        set_total(1.5)
        out += [add(5), nest(), nest(), add(ROUNDS), loop_target(3), get()]
        set_total("text")
        out += [outcome(add, 3)]
        forget()
        out += [outcome(add, 3), outcome(forget), outcome(get), outcome(nest), outcome(add, 0)]
        set_total(7)
        out += [add(ROUNDS), add.__closure__ is not None]
    return out


@jit
def written_from_outside(n):
    value = 1
    read = lambda: value  # noqa: E731
    read.__closure__[0].cell_contents = n
    first = value
    total = 0
    for i in range(40):
        total += value
        read.__closure__[0].cell_contents = value + 1 if i < 30 else 0.5
    empty(read.__closure__[0])
    return first, total, value


def empty(cell):
    del cell.cell_contents


class Tracked:
    alive = 0

    def __init__(self):
        Tracked.alive += 1

    def __del__(self):
        Tracked.alive -= 1


@jit
def objects_in_cells(n):
    value = None

    def put():
        nonlocal value
        value = Tracked()

    most = 0
    for _ in range(n):
        put()
        value = Tracked()
        most = max(most, Tracked.alive)
    return most


@jit
def cycle():
    def me():
        return me

    return weakref.ref(me())


def scenario_cells_seen_from_outside():
    out = [outcome(written_from_outside, 5), outcome(written_from_outside, "no number")]
    gc.collect()
    out += [objects_in_cells(10), objects_in_cells(ROUNDS)]
    gc.collect()
    out += [Tracked.alive]
    reference = cycle()
    gc.collect()
    return out + [reference() is None]


@jit
def frames(n):
    def who():
        frame = sys._getframe()
        return frame.f_code.co_name, sorted(frame.f_locals), frame.f_code.co_qualname

    value = n
    return who(), (lambda: (value, sys._getframe().f_code.co_name))(), locals_of_nested(lambda: (n, value))


def locals_of_nested(function):
    return function.__code__.co_freevars, function()


def scenario_frames():
    return frames(3)


@jit
def many_cells(a, b, c, *, d=4, e=5):
    f = a + b

    def one():
        nonlocal a, f
        a += 1
        f -= 1
        return a, b, d

    def two(x):
        def three():
            nonlocal c
            c = x + e
            return c

        return three() + one()[0]

    total = 0
    for i in range(50):
        total += two(i) + a + c + f
    return total, a, b, c, d, e, f


def scenario_many_cells():
    return [many_cells(1, 2, 3), many_cells(1.5, 2, 3, d=0), many_cells(1, 2.5, 3j, e=7)]


@jit
def hot_loop_after_cells(n):
    total = 0.0
    calls = 0

    def add(x):
        nonlocal total, calls
        calls += 1
        total += x

    for i in range(n):
        if i % 7 == 0:
            add(i * 0.5)
        total += i
        calls -= 1
    return total, calls


def scenario_hot_loop():
    return [hot_loop_after_cells(n) for n in (1, 10, ROUNDS, 5 * ROUNDS)]


def late(x):
    @jit
    def inner(y):
        return x + y

    return inner


@jit
def jit_inside(n):
    @jit
    def inner(k):
        return k * n

    total = 0
    for i in range(5):
        total += inner(i)
    return total


def scenario_compiled_inside():
    return [late(1)(2), late("a")("b"), jit_inside(3), jit_inside(2.5)]


class WithSuper:
    def value(self):
        return 1


class Derived(WithSuper):
    @jit
    def value(self):
        def inner():
            return super(Derived, self).value() + __class__.extra

        return inner(), (lambda: __class__.__name__)()

    extra = 10


def scenario_class_cell():
    return Derived().value()


# Numbers that are written again and again: their objects may be used again, but nobody who has one may see it.

level = 1000
weight = 1000.5
taken = []


@jit
def raise_levels(n):
    global level, weight
    for i in range(n):
        level += 300 + i
        weight += 0.5
        if i % 97 == 0:
            taken.append((level, weight))
    return level, weight


def scenario_numbers_in_globals_change_for_nobody_else():
    global level, weight
    told = []
    for start in (1000, 2**29, 2**61, 250, -5000):
        level, weight = start, start / 3
        before, of_weight = level, weight
        taken.clear()
        told.append((raise_levels(ROUNDS), level, weight, before, of_weight, list(taken)))
        mine = globals()["level"]
        told.append((raise_levels(3), mine, level))
    return told


@jit
def make_numbers(start):
    count, share = start, start / 7

    def step(n):
        nonlocal count, share
        for _ in range(n):
            count += 401
            share *= 1.5
        return count, share

    return step, lambda: (count, share)


def scenario_numbers_in_cells_change_for_nobody_else():
    told = []
    for start in (1000, 2**29, 2**61, -9000, 255):
        step, look = make_numbers(start)
        kept = [look()]
        for n in (1, 2, 40, 5):
            kept.append(step(n))
            kept.append(look())
        told.append(kept)
    return told
