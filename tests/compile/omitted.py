"""Calls that leave arguments out, name them, or both, for test_omitted_arguments.py, which puts `jit` here."""

from __future__ import annotations


def jit(function):
    return function


LOG = []


@jit
def product_down(n, acc=1):
    return acc if n < 2 else product_down(n - 1, acc * n)


@jit
def strides(n, step=1):
    return n if n < 2 else strides(n - step) + strides(n - 2, step=step)


@jit
def is_even(n, by=1):
    return True if n == 0 else is_odd(n - by)


@jit
def is_odd(n, by=1):
    return False if n == 0 else is_even(by=by, n=n - by)


@jit
def scaled(x, factor=2.5, *, shift=1):
    return x * factor + shift


@jit
def sum_of_scaled(n):
    total = 0.0
    for i in range(n):
        total += scaled(i) + scaled(i, shift=3) + scaled(factor=1.5, x=i) + scaled(i, 2)
    return total


@jit
def or_three(n, k=None):
    if k is None:
        k = 3
    return n + k


@jit
def sum_or_three(n):
    total = 0
    for i in range(n):
        total += or_three(i) + or_three(i, 2) + or_three(k=None, n=1)
    return total


@jit
def collect(x, into=[]):  # noqa: B006
    into.append(x)
    return into


@jit
def collects(n):
    into = [7]
    last = into
    for i in range(n):
        last = collect(i)
        collect(i, into)
    return last, into, last is collect(0)


@jit
def row(x, weights=(1, 2.5, "tail"), table={"a": 4}, names={"b"}, *, text="abc", number=2**70):  # noqa: B006
    return x * weights[0] + weights[1] + table["a"] + len(names) + len(text), weights[2], number + x


@jit
def rows(n):
    out = []
    for i in range(n):
        out.append(row(i, text="four"))
    return out


@jit
def applied(x, function=abs):
    return function(x)


@jit
def sum_applied(n):
    total = 0
    for i in range(n):
        total += applied(-i) + applied(i, or_three)
    return total


@jit
def positional(a, b=2, /, c=3, *, d=4):
    return a * 1000 + b * 100 + c * 10 + d


@jit
def of_positional(n):
    total = 0
    for i in range(n):
        total += positional(i) + positional(i, 5) + positional(i, d=1) + positional(i, d=i, c=1)
    return total


def noted(x):
    LOG.append(x)
    return x


@jit
def in_order(n):
    total = 0
    for i in range(n):
        total += positional(noted(i), d=noted(i + 1), c=noted(i + 2))
    return total


@jit
def made_up(n, extra=lambda: 5):
    return n + extra()


@jit
def sum_made_up(n):
    total = 0
    for i in range(n):
        total += made_up(i)
    return total


@jit
def nested(n):
    def inner(x, y=3, *, z=0.5):
        return x * y + z

    total = 0.0
    for i in range(n):
        total += inner(i, 2, z=1.5) + inner(z=0.25, y=1, x=i) + inner(i)
    return total


@jit
def handed(function, n):
    total = 0
    for i in range(n):
        total += function(i) + function(k=i, n=1)
    return total


@jit
def rest(a, *more, **others):
    return a + len(more) + len(others)


@jit
def of_rest(n):
    total = 0
    for i in range(n):
        total += rest(i) + rest(i, 1, 2) + rest(a=i, b=1) + rest(i, c=2)
    return total


@jit
def wrong(flag, n):
    total = 0
    for i in range(n):
        total += scaled(i)
        if i == n - 1:
            if flag == 0:
                total += scaled()
            elif flag == 1:
                total += scaled(factor=2)
            elif flag == 2:
                total += scaled(i, 2, 3)
            elif flag == 3:
                total += scaled(i, x=2)
            elif flag == 4:
                total += scaled(i, unknown=2)
            elif flag == 5:
                total += positional(a=i)
            elif flag == 6:
                total += positional(i, b=2)
    return total


@jit
def required(x, *, must):
    return x + must


@jit
def of_required(n, leave_out):
    total = 0
    for i in range(n):
        total += required(i) if leave_out and i == 5 else required(i, must=i)
    return total


@jit
def with_change(n, at, change):
    total = 0
    for i in range(n):
        if i == at:
            change()
        total += scaled(i)
    return total


@jit
def with_change_of_list(n, at, change):
    last = []
    for i in range(n):
        if i == at:
            change()
        last = collect(i)
    return last


@jit
def raises(n, by=0):
    return n // by


@jit
def of_raises(n):
    total = 0
    for i in range(n):
        try:
            total += raises(i)
        except ZeroDivisionError:
            total += raises(i, 3)
    return total + raises(n)


@jit
def overflows(n, by=2**62):
    return n + by


@jit
def of_overflows(n):
    total = 0
    for i in range(n):
        total = overflows(total)
    return total
