"""Functions that raise, one way each. A module of its own: pytest rewrites the asserts of test modules."""


def zero_division(a, b):
    total = 0
    for i in range(3):
        total += i
        total = total + (a // (b - 1)) * 2
    return total


def float_zero_division(a, b):
    return a * 2.0 / (b - 1.0)


def index_error(values, n):
    total = 0
    for i in range(n):
        total += values[i + 7]
    return total


def store_index_error(values, n):
    values[n + 100] = 1


def augmented_item_error(values, n):
    values[0] -= "x"


def unbound(flag, n):
    if flag > 100:
        late = 1
    n = n + 1
    print(late)


def unbound_after_empty_loop(values, n):
    for item in range(0):
        pass
    print()
    return item


def missing_global(a, b):
    return a + no_such_name_anywhere * b


def attribute(a, b):
    return a.no_such_attribute + b


def method_over_lines(a, b):
    return a.no_such_method(
        b,
    )


def call_arguments(a, b):
    return zero_division(a)


def not_callable(a, b):
    return a(b)


def type_error(a, b):
    return a + [b]


def comparison(a, b):
    return 1 if a < [b] else 2


def chained(a, b):
    return -100 < a < "x" < b


def unary(a, b):
    return -"x"


def not_iterable(a, b):
    for x in a:
        pass


def unpack_short(a, b):
    x, y, z = (a, b)[0:2]


def unpack_long(a, b):
    x, (y, z) = a, [b, b, b]


def unpack_nothing(a, b):
    x, y = a


def raising(a, b):
    if a:
        raise ValueError("no", a, b)


def raising_class(a, b):
    raise KeyError


def raising_from(a, b):
    raise ValueError(a) from KeyError(b)


def raising_nonsense(a, b):
    raise a


def asserting(a, b):
    assert a < b - 100, ("too big", a)


def asserting_without_message(a, b):
    assert a < b - 100


def in_callee(a, b):
    return 1 + zero_division(b, 1)


def in_comprehension(a, b):
    rows = [[x // (y - b) for y in range(3)] for x in range(4)]
    return rows


def overflow(a, b):
    return 10.0**400.0 + a


def domain(a, b):
    import_free = float("nan")
    return round(import_free) + a


def deep(n, b):
    if n == 0:
        return n // 0
    return deep(n - 1, b) + 1


def bad_format(a, b):
    text = f"{a} and {b:.3q}"
    return text


def format_in_raise(a, b):
    raise ValueError(f"{a!r} is not {b + 1:>8}")


def unhashable_key(a, b):
    return {a: 1, [b]: 2}


def unhashable_later(a, b):
    d = {a: b}
    d[[1]] = 2
