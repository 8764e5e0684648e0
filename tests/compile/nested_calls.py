"""Calls of nested functions, which native code makes directly: loaded and compared as scopes.py is."""

import gc
import sys
import traceback
import types
import weakref

jit = globals().get("jit", lambda function: function)  # test_scopes.py puts hasten.jit here
ROUNDS = 1500


def outcome(function, *args):
    """The result, or all that is to be known of the exception; tracebacks by their distinct entries."""
    try:
        return function(*args)
    except RecursionError as error:
        return type(error)
    except Exception as error:
        stack = traceback.TracebackException.from_exception(error).stack
        lines = [(e.name, e.lineno, e.colno, e.end_colno) for e in list(stack)[1:]]
        return type(error), str(error), getattr(error, "name", None), lines, repr(error.__context__)


@jit
def plain_call(n):
    def square(x):
        return x * x + 1

    cube = lambda x: x * square(x)  # noqa: E731
    total = 0
    for i in range(n):
        total += square(i) - cube(i)
    return total


@jit
def capturing(n, k):
    def scale(x):
        return x * k + shift

    shift = 0
    total = 0
    for i in range(n):
        shift = i
        total += scale(i)
        if i == n // 2:
            k = k * 0.5
    return total, scale(1), k


@jit
def depth_first(edges, root):
    seen = [False] * len(edges)
    order = []
    count = 0

    def visit(node, depth):
        nonlocal count
        seen[node] = True
        order.append(node)
        deepest = depth
        for other in edges[node]:
            count += 1
            if not seen[other]:
                below = visit(other, depth + 1)
                if below > deepest:
                    deepest = below
        return deepest

    deepest = visit(root, 0)
    return order, count, deepest


@jit
def fibonacci(n):
    def fib(k):
        if k < 2:
            return k
        return fib(k - 1) + fib(k - 2)

    return fib(n), fib(n / 2)


@jit
def mutual(n):
    def even(k):
        return True if k == 0 else odd(k - 1)

    def odd(k):
        return False if k == 0 else even(k - 1)

    return even(n), odd(n)


@jit
def too_deep(n):
    def down(k):
        return down(k + 1) + 1

    return down(n)


@jit
def deep_enough(n):
    def down(k):
        return 0 if k == 0 else down(k - 1) + 1

    return down(n)


@jit
def overflows(n):
    product = 1

    def times(x):
        nonlocal product
        product = product * x
        return product

    last = 0
    for i in range(1, n):
        last = times(i)
    return last, product


@jit
def raises(n, at):
    def inverse(x):
        y = x - at
        return 1 / y

    def outer(x):
        return inverse(x) + \
            inverse(x + 0.5)

    total = 0.0
    for i in range(n):
        total += outer(i)
    return total


@jit
def mixed_results(n):
    def choose(i):
        if i % 50 == 49:
            return None
        if i % 20 == 19:
            return i / 2
        return i

    out = []
    for i in range(n):
        out.append(choose(i))
    return out


@jit
def replaced_code(n, swap):
    def function(x):
        return x + 1

    total = 0
    for i in range(n):
        if i == n // 2:
            swap(function)
        total += function(i)
    return total


def swap_code(function):
    function.__code__ = (lambda x: x * 1000).__code__


def swap_defaults(function):
    function.__defaults__ = (5,)


@jit
def with_defaults(n):
    def function(x, y=2):
        return x * y

    total = 0
    for i in range(n):
        total += function(i) + function(i, 3) + function(x=i, y=1)
    return total


@jit
def wrong_arguments(flag):
    def function(x, y):
        return x + y

    if flag == 0:
        return function(1)
    if flag == 1:
        return function(1, 2, 3)
    return function(1, z=2)


@jit
def one_of_two(n, flag):
    if flag:
        def function(x):
            return x + 1
    else:
        def function(x):
            return x - 0.5
    total = 0
    for i in range(n):
        total += function(i)
    return total


@jit
def rebound(n):
    def function(x):
        return x + 1

    def other(x):
        return x * 2.5

    total = 0
    for i in range(n):
        total += function(i)
        if i == n // 2:
            function = other
        elif i == n - 2:
            function = abs
    return total


@jit
def rebound_in_cell(n):
    def function(x):
        return x + 1

    def replace(i):
        nonlocal function
        if i == n // 2:
            function = lambda x: x * 2  # noqa: E731
        elif i == n - 3:
            function = 5

    total = 0
    for i in range(n):
        total += function(i)
        replace(i)
    return total


@jit
def made_in_loop(n):
    total = 0
    for i in range(n):
        def add(x):
            return x + i + offset

        offset = i * 2
        total += add(1)
    return total, add(0)


@jit
def counter_factory(start):
    def make(step):
        value = start

        def count():
            nonlocal value
            value += step
            return value

        return count

    a, b = make(1), make(0.5)
    total = 0
    for _ in range(20):
        total += a() + b()
    return total, a(), b(), make


@jit
def lists_inside(n):
    grid = [[0.0] * n for _ in range(n)]

    def put(i, j, value):
        grid[i][j] += value
        return len(grid)

    def total():
        result = 0.0
        for row in grid:
            for value in row:
                result += value
        return result

    for i in range(n):
        for j in range(n):
            put(i, j, i * j * 0.5)
    return total(), put(0, 0, 1)


@jit
def nested_error_in_cell(n):
    def use(x):
        return x + later

    total = 0
    for i in range(n):
        if i == n - 1:
            del later
        else:
            later = i
        total += use(i)
    return total


@jit
def nested_unbound_local(n):
    def use(x):
        if x > 3:
            y = x
        return y

    total = 0
    for i in range(n, -1, -1):
        total += use(i)
    return total


factor = 3


@jit
def nested_globals(n):
    global written
    written = 0

    def use(x):
        global written
        written += 1
        return x * factor

    total = 0
    for i in range(n):
        total += use(i)
        if i == n // 2:
            change_factor()
    return total, written


def change_factor():
    global factor
    factor = factor + 0.5


@jit
def comprehension_calls(n):
    def f(x):
        return x * 2 + n

    rows = [f(i) for i in range(n)]
    pairs = [[f(i) * g for g in range(2)] for i in range(n)]
    bad = [f(i) // (i - n + 2) for i in range(n)]
    return rows, pairs, bad


@jit
def looks_at_frames(n):
    def who(x):
        return x, sys._getframe().f_code.co_name, sys._getframe().f_lineno

    return [who(i) for i in range(n)]


@jit
def object_results(words):
    def key(word):
        return word.lower() + "!"

    def twice(word):
        return key(key(word))

    return [twice(word) for word in words], sorted(words, key=key)


@jit
def complex_and_tuples(n):
    def step(z, c):
        return z * z + c, abs(z)

    z, size = 0j, 0.0
    for _ in range(n):
        z, size = step(z, 0.1 + 0.2j)
    return z, size


@jit
def never_returns(n):
    def fail(x):
        raise ValueError(x)

    total = 0
    for i in range(n):
        total += i
    fail(total)


@jit
def kept_alive(n):
    value = Thing()
    reference = weakref.ref(value)

    def use():
        return value is not None

    total = 0
    for _ in range(n):
        total += use()
    return total, reference() is not None


class Thing:
    pass


# Functions as arguments.


@jit
def apply(function, n):
    total = 0
    for i in range(n):
        total += function(i)
    return total


@jit
def compiled_one(x):
    return x + 1


@jit
def compiled_two(x):
    return x * 0.5


@jit
def compiled_bad(x):
    return 1 // (x - 700)


def plain_one(x):
    return x - 1


@jit
def apply_both(f, g, xs):
    return [f(g(x)) for x in xs], f is g


def adder(k):
    @jit
    def add(x):
        return x + k

    return add


@jit
def apply_and_swap(function, n, swap):
    total = 0
    for i in range(n):
        if i == n // 2:
            swap(function)
        total += function(i)
    return total


@jit
def to_be_swapped(x):
    return x + 1


def swap_and_back(n):
    code = to_be_swapped.__code__
    try:
        return apply_and_swap(to_be_swapped, n, swap_code)
    finally:
        to_be_swapped.__code__ = code


def scenario_nested_calls():
    return [
        plain_call(10),
        plain_call(ROUNDS),
        capturing(10, 2),
        capturing(ROUNDS, 3),
        depth_first([[1, 2], [3], [3, 0], []], 0),
        depth_first([[i + 1] for i in range(300)] + [[0]], 0),
        fibonacci(15),
        mutual(50),
        mutual(51),
        outcome(too_deep, 1),
        outcome(deep_enough, 500),
        overflows(5),
        overflows(40),
        overflows(40),
    ]


def scenario_nested_exceptions():
    return [
        outcome(raises, 5, 3),
        outcome(raises, ROUNDS, 1000.5),
        outcome(raises, ROUNDS, -1),
        outcome(wrong_arguments, 0),
        outcome(wrong_arguments, 1),
        outcome(wrong_arguments, 2),
        outcome(nested_error_in_cell, 5),
        outcome(nested_error_in_cell, ROUNDS),
        outcome(nested_unbound_local, 10),
        outcome(comprehension_calls, 1),
        outcome(comprehension_calls, 4),
        outcome(never_returns, 5),
        outcome(never_returns, ROUNDS),
    ]


def scenario_functions_that_change():
    global factor
    factor = 3
    return [
        mixed_results(ROUNDS),
        outcome(replaced_code, 10, swap_code),
        outcome(replaced_code, ROUNDS, swap_code),
        outcome(replaced_code, ROUNDS, swap_defaults),
        with_defaults(ROUNDS),
        one_of_two(ROUNDS, True),
        one_of_two(ROUNDS, False),
        rebound(10),
        rebound(ROUNDS),
        outcome(rebound_in_cell, 10),
        outcome(rebound_in_cell, ROUNDS),
        made_in_loop(ROUNDS),
        nested_globals(10),
        nested_globals(ROUNDS),
        factor,
    ]


def scenario_closures_that_escape():
    total, a, b, make = counter_factory(10)
    count = make(2)
    first = [total, a, b, count(), count()]
    total, a, b, make = counter_factory(0.5)
    return first + [total, a, b, make(1j)()]


def scenario_what_nested_functions_compute():
    return [
        lists_inside(12),
        looks_at_frames(3),
        object_results(["b", "A", "c"]),
        complex_and_tuples(40),
        kept_alive(ROUNDS),
    ]


def scenario_functions_as_arguments():
    return [
        apply(compiled_one, 10),
        apply(compiled_one, ROUNDS),
        apply(compiled_two, ROUNDS),
        apply(plain_one, ROUNDS),
        apply(abs, ROUNDS),
        apply(lambda x: x * x, ROUNDS),
        outcome(apply, compiled_bad, ROUNDS),
        outcome(apply, len, 3),
        outcome(apply, 5, 3),
        apply(adder(2), ROUNDS),
        apply(adder(0.5), ROUNDS),
        swap_and_back(10),
        swap_and_back(ROUNDS),
        apply_both(compiled_one, compiled_two, [1, 2.5]),
        apply_both(compiled_two, compiled_two, [1, 2.5]),
        apply(types.MethodType(lambda self, x: self + x, 5), ROUNDS),
    ]


@jit
def makes_garbage(n):
    def recursive(k):
        return 0 if k == 0 else recursive(k - 1)

    total = 0
    for i in range(n):
        total += recursive(i % 5)
    return total


def scenario_no_leak():
    makes_garbage(100)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(200):
        makes_garbage(10)
    gc.collect()
    return len(gc.get_objects()) - before < 100
