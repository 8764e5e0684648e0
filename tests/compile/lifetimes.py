"""Functions that watch when objects die: each gives what it saw, which must be what CPython gives.

`n` decides whether the function leaves native code on the way: n * n * n is beyond 64 bits from 2**21 on.
"""

import os
import tempfile
import weakref


class Thing:
    pass


def make(seen):
    thing = Thing()
    seen.append(weakref.ref(thing))
    return thing


def dead(ref):
    return ref() is None


def a_folder_of_which_only_the_name_is_read(n):
    folder = tempfile.TemporaryDirectory()
    path = folder.name
    x = n * n * n
    return x, os.path.exists(path)


def until_the_end(n):
    thing = Thing()
    ref = weakref.ref(thing)
    x = n * n * n
    return x, dead(ref)


def until_del(n):
    thing = Thing()
    ref = weakref.ref(thing)
    x = n * n * n
    before = dead(ref)
    del thing
    return x, before, dead(ref)


def until_another_is_assigned(n):
    thing = Thing()
    ref = weakref.ref(thing)
    x = n * n * n
    before = dead(ref)
    thing = 5
    return x, before, dead(ref), thing


def until_none_is_assigned(n):
    thing = Thing()
    ref = weakref.ref(thing)
    x = n * n * n
    thing = None
    return x, dead(ref), thing


def a_temporary(n):
    seen = []
    x = n * n * n + len([make(seen)])
    return x, dead(seen[-1])


def an_item_of_a_temporary(n):
    seen = []
    x = (n * n * n, make(seen))[0]
    return x, dead(seen[-1])


def in_each_round(n):
    x, seen = n * n * n, []
    ref = None
    for _ in range(3000):
        if ref is not None:
            seen.append(dead(ref))
        thing = Thing()
        if ref is not None:
            seen.append(dead(ref))
        ref = weakref.ref(thing)
    return x, seen.count(True), dead(ref)


def deleted_in_each_round(n):
    x, seen = n * n * n, 0
    for _ in range(3000):
        thing = Thing()
        ref = weakref.ref(thing)
        seen += dead(ref)
        del thing
        seen += dead(ref)
    return x, seen


def a_loop_variable(n):
    x, seen = n * n * n, []
    for thing in [Thing(), Thing()]:
        ref = weakref.ref(thing)
        seen.append(dead(ref))
    seen.append(dead(ref))
    return x, seen


def an_iterator_that_is_done(n):
    items = [Thing()]
    ref = weakref.ref(items[0])
    for thing in iter([items.pop()]):
        x = n * n * n
    del thing
    return x, dead(ref)


def a_list_of_things(n):
    things = [Thing(), Thing()]
    ref = weakref.ref(things[0])
    x = n * n * n
    return x, dead(ref)


def a_pair(n):
    seen = []
    pair = make(seen), n
    x = n * n * n
    return x, dead(seen[0]), pair[1]


def the_two_of_a_pair(n):
    seen = []
    one, two = make(seen), make(seen)
    x = n * n * n
    one = two
    return x, [dead(ref) for ref in seen], one is two


def of_a_comprehension(n):
    seen = []
    row = [thing is None for thing in (make(seen) for _ in range(3))]
    x = n * n * n
    return x, row, [dead(ref) for ref in seen]


def of_a_walrus(n):
    seen = []
    if (thing := make(seen)) is not None:
        x = n * n * n
    return x, dead(seen[0])


def of_an_exception(n):
    try:
        raise ValueError(Thing())
    except ValueError as error:
        ref = weakref.ref(error.args[0])
        x = n * n * n
        before = dead(ref)
    return x, before, dead(ref)


def while_an_exception_passes(n):
    seen = []
    try:
        thing = make(seen)
        x = n * n * n
        raise KeyError(x)
    except KeyError as error:
        x = error.args[0]
        before = dead(seen[0])
    thing = None
    return x, before, dead(seen[0]), thing


def a_nested_function_that_keeps_it(n):
    thing = Thing()
    ref = weakref.ref(thing)

    def get():
        return thing

    x = n * n * n
    before = dead(ref)
    thing = None
    return x, before, dead(ref), get()


def helped(n, seen):
    thing = make(seen)
    x = n * n * n
    seen.append(lambda: None)
    return x, dead(seen[0]), type(thing).__name__


def of_a_function_that_is_called(n):
    seen = []
    x = helped(n, seen)
    return x, dead(seen[0])


def a_file_that_dies_unread(n):
    with_name = tempfile.mktemp()
    file = open(with_name, "w")
    file.write("text")
    del file
    x = n * n * n
    with_text = open(with_name).read()
    os.unlink(with_name)
    return x, with_text


# The first call of these leaves native code in the loop, whose code is then entered in the middle.


def deleted_in_a_loop_entered_half_way(n):
    x, thing, seen = 1 << 61, Thing(), []
    ref = weakref.ref(thing)
    for i in range(2500):
        x += x
        if i == 1900:
            del thing
            seen.append(dead(ref))
    return seen, dead(ref), x


def rebound_in_a_loop_entered_half_way(n):
    x, thing, seen = 1 << 61, Thing(), []
    ref = weakref.ref(thing)
    for i in range(2500):
        x += x
        thing = Thing() if i == 1900 else thing
        if i >= 1899:
            seen.append(dead(ref))
    return seen, thing is None, x


def passed_on_in_a_loop_entered_half_way(n):
    x, thing, other, seen = 1 << 61, Thing(), None, []
    ref = weakref.ref(thing)
    for i in range(2500):
        x += x
        if i == 1500:
            other, thing = thing, None
            seen.append(dead(ref))
        if i == 1900:
            other = None
            seen.append(dead(ref))
    return seen, thing, other, x


FUNCTIONS = [value for name, value in list(globals().items()) if getattr(value, "__code__", None) and value.__code__.co_varnames[:1] == ("n",)
             and value.__code__.co_argcount == 1]
