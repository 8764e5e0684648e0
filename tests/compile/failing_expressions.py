"""Functions that raise from displays, comprehensions, generator expressions and unpacking, one way each."""


def stop(x):
    if x > 1:
        raise StopIteration(x)
    return x


def raise_it(x):
    raise x


def set_item(a, b):
    return {1, a, b}


def set_item_later(a, b):
    return {
        *[1],
        b,
    }


def set_comprehension(a, b):
    return {[x]
            for x in a}  # fmt: skip


def dict_comprehension_key(a, b):
    return {
        [x]: x
        for x in a
    }  # fmt: skip


def dict_comprehension_value(a, b):
    return {x: x / (x - x)
            for x in a}  # fmt: skip


def dict_key(a, b):
    return {"a": 1, b: 2}


def dict_star(a, b):
    return {"a": 1, **{2: 3}, **a}


def long_dict(a, b):
    return {
        1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1, 12: 1, 13: 1, 14: 1, 15: 1, 16: 1, b: 1, 17: 1 / 0,
    }  # fmt: skip


def list_star(a, b):
    return [1, *a,
            *5]  # fmt: skip


def tuple_star(a, b):
    return (*a, *len)


def set_star(a, b):
    return {*a, *None}


def star_target_short(a, b):
    x, *y, z, w, v = a


def star_target_empty(a, b):
    *x, y, z = [
        1]  # fmt: skip


def star_target_nothing(a, b):
    x, *y = len


def call_star(a, b):
    return raise_it(*5)


def call_star_of_method(a, b):
    return "".join(*5)


def call_star_later(a, b):
    return raise_it(1, *a, *None)


def call_double_star(a, b):
    return raise_it(**5)


def call_twice(a, b):
    return raise_it(x=1, **{"x": 2})


def call_twice_of_builtin(a, b):
    return print(**{"end": ""}, **{"end": 2})


def call_double_star_key(a, b):
    return raise_it(**{1: 2}, **{3: 4})


def call_too_many(a, b):
    return raise_it(*a, *a)


class Broken:
    def keys(self):
        raise OSError("keys")


class Half:
    def keys(self):
        return ["x"]

    def __getitem__(self, key):
        raise KeyError(key)


def call_broken_mapping(a, b):
    return raise_it(**Broken())


def call_half_mapping(a, b):
    return raise_it(**{"a": 1}, **Half())


def delete_attribute(a, b):
    x = Broken()
    del x.keys


def delete_attribute_of_number(a, b):
    del a.real


def import_nothing(a, b):
    import no_such_module_anywhere


def import_from_nothing(a, b):
    from math import no_such_name


def import_from_missing(a, b):
    from no_such_package.deep import name


def import_as(a, b):
    import os.nothing as name


def annotation(a, b):
    a.missing.other: int


def any_item(a, b):
    return any(x / 0 for x in a)


def any_condition(a, b):
    return all(
        x
        for x in a
        if x.missing
    )  # fmt: skip


def any_iterable(a, b):
    return any(x for x in 5)


def any_inner_iterable(a, b):
    return any(x for y in a for x in y)


def any_unpacking(a, b):
    return any(x for x, y in a)


def any_stop(a, b):
    return any(stop(x) > 5 for x in a)


def sum_stop(a, b):
    total = 1
    return total + sum(
        stop(x)
        for x in a
    )  # fmt: skip


class NoTruth:
    def __bool__(self):
        raise OSError("truth")

    def __lt__(self, other):
        return self

    def __add__(self, other):
        raise OSError("add")

    __radd__ = __add__

    def __hash__(self):
        raise OSError("hash")


def any_truth(a, b):
    return any(NoTruth() for x in a)


def min_truth(a, b):
    return min(NoTruth() for x in a)


def max_types(a, b):
    return max(x for x in [1, "a", 2])


def max_empty(a, b):
    return max(x for x in a if x > 100)


def min_empty(a, b):
    n = 1
    return min(
        x
        for x in a if x > 100) + n  # fmt: skip


def sum_types(a, b):
    return sum(str(x) for x in a)


def sum_add(a, b):
    return sum(NoTruth() for x in a)


def sum_free_variable(a, b):
    if len(b) > 100:
        late = 1
    return sum(x * late for x in a)


def list_unbound(a, b):
    return list(missing + x for x in a)


def set_generator(a, b):
    return set([x] for x in a)


def set_generator_hash(a, b):
    return set(NoTruth() for x in a)


def frozenset_generator(a, b):
    return frozenset([x] for x in a)


def dict_generator(a, b):
    return dict((x,) for x in a)


def sorted_generator(a, b):
    return sorted([1, "a"][x % 2] for x in a)


def join_generator(a, b):
    return ",".join(x for x in a)


def join_over_lines(a, b):
    return (
        "{}"
        .join(stop(x + 0)
              for x in a)
    )  # fmt: skip


def nested_generator(a, b):
    return sum(sum(x / (y - 2) for x in a) for y in a)


def generator_in_list(a, b):
    return [sum(x / (y - 2) for x in a) for y in a]


def list_in_generator(a, b):
    return sum(len([x / (y - 2) for x in a]) for y in a)


def set_in_generator(a, b):
    return tuple({x: {1 / (x - 2)} for x in a} for y in a)


def generator_object(a, b):
    return list(map(abs, (x / (x - 2) for x in a)))


def generator_object_stop(a, b):
    return list(map(abs, (stop(x) for x in a)))


def walrus_in_comprehension(a, b):
    if len(b) > 100:
        last = 1
    return [last for x in a if x < 0 or last]


def membership_that_always_raises(a, b):
    for x in a:
        if x in "text":
            return x
    return 2**65 in ""


def no_membership_that_always_raises(a, b):
    return 1.5 not in "text" or a


FAILING = [
    function for name, function in list(vars().items())
    if callable(function) and not isinstance(function, type) and name not in ("stop", "raise_it")
]  # fmt: skip
