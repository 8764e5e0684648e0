"""Loops over bytearray, array.array and memoryview, for test_buffers.py."""

from array import array


def total(items):
    s = 0
    for x in items:
        s += x
    return s


def by_index(items):
    s = 0
    for i in range(len(items)):
        s += items[i] * (i + 1)
    return s, items[-1], items[0]


def put(items, values):
    for i in range(len(values)):
        items[i] = values[i]
    return items[0]


def put_at(items, index, value):
    items[index] = value


def get_at(items, index):
    return items[index]


def append(items, value):
    items.append(value)


def filled(code, values):
    a = array("d")
    b = bytearray()
    c = array("i", [0]) * 3
    for v in values:
        a.append(v)
        b.append(v & 255)
        c[v % 3] += v
    return a, b, c, len(a), len(b), code


def grows_while_walked(items, most):
    seen = []
    for x in items:
        seen.append(x)
        if len(items) < most:
            items.append(x)
    return seen


def shrinks_while_walked(items):
    seen = []
    for x in items:
        seen.append(x)
        if len(items) > 2:
            items.pop()
    return seen


def paired(a, b):
    s = 0.0
    for i, (x, y) in enumerate(zip(a, b)):
        s += i * x - y
    return s


def sieve(n):
    flags = bytearray([1]) * (n + 1)
    flags[0] = flags[1] = 0
    i = 2
    while i * i <= n:
        if flags[i]:
            for j in range(i * i, n + 1, i):
                flags[j] = 0
        i += 1
    return sum(flags), flags[: min(n, 30)]


def halves(n):
    a = array("h", range(n))
    b = a[: n // 2] + a[n // 2 :]
    b[0] = -7
    c = a * 2
    c.append(5)
    return a, b, c, a[::-1][0]


def through_views(n):
    data = bytearray(n)
    view = memoryview(data)
    for i in range(n):
        view[i] = i & 255
    frozen = memoryview(bytes(data))
    s = 0
    for i in range(n):
        s += frozen[i] + data[i]
    return s, data


def released_in_between(view, n):
    s = 0
    for i in range(n):
        if i == n // 2:
            view.release()
        s += view[i]
    return s


def exported(items, value):
    view = memoryview(items)
    try:
        items.append(value)
    except BufferError as error:
        return str(error)
    return view


def changes_kind(holders):
    s = 0
    for items in holders:
        for i in range(len(items)):
            s += items[i]
    return s


def swapped(items):
    n = len(items)
    for i in range(n // 2):
        items[i], items[n - 1 - i] = items[n - 1 - i], items[i]
    return items
