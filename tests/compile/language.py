"""Small functions that use one corner of the language each; test_language.py compares them with themselves, plain."""

import math

TABLE = [10, 20, 30]


class Box:
    def __init__(self, value):
        self.value = value
        self.log = []

    def __getitem__(self, key):
        self.log.append(("get", key))
        return self.value

    def __setitem__(self, key, value):
        self.log.append(("set", key, value))

    def __delitem__(self, key):
        self.log.append(("del", key))

    def __bool__(self):
        self.log.append("bool")
        return bool(self.value)

    def __lt__(self, other):
        self.log.append("lt")
        return Box(self.value)

    def __eq__(self, other):
        return isinstance(other, Box) and (self.value, self.log) == (other.value, other.log)

    __hash__ = None


def text(a, b):
    return f"{a}-{b!r:>12}{{}}{a + b:{8}.{2}f}|{a!s}|{'x'!a}" + f"{a}" + f""


def text_of_nested_spec(x, width):
    return f"{x:{width}d}{x!r}tail"


def dicts(a, b):
    d = {a: b, "k": [a], (a, b): None}
    d[a] = d["k"]
    d["new"] = 1
    del d["k"]
    return d, len(d), a in d, "k" not in d


def walrus(xs):
    if (n := len(xs)) > 2 and (last := xs[-1]) > 0:
        return n, last
    return n


def deletions(a):
    x = a
    xs = [1, 2, 3, 4]
    del xs[0], xs[-1]
    del x
    x = a + 1
    return x, xs


def attributes(box):
    box.value = 5
    box.value += 2
    box.other, box.third = 1, (2, 3)
    return box.value, box.other, box.third


def item_protocol(box):
    box[1] = 2
    box[2] += 10
    del box[3]
    box[1:2] = box[::-1]
    return box.log


def truth_of_objects(box):
    a = box and 1
    b = box or 2
    c = not box
    d = 3 if box else 4
    e = 0
    while box:
        e += 1
        if e > 2:
            break
    f = box < 1 < 2
    return a is box, b is box, c, d, e, f is True, box.log


def nested_targets(pairs):
    out = []
    for i, (a, [b, c]) in enumerate(pairs):
        (x, y), z = (a, b), c
        x, y = y, x
        out.append((i, x, y, z))
    return out, i, a


def slices(xs, n):
    ys = xs[:]
    ys[1:3] = [n, n, n]
    ys[::2] = [0] * len(ys[::2])
    del ys[-2:]
    return ys, xs[n:], xs[:-1:2], xs[::-1]


def loop_else(xs, want):
    for i, x in enumerate(xs):
        if x == want:
            where = i
            break
    else:
        where = -1
    n = 0
    while n < 3:
        n += 1
        if n == want:
            continue
    else:
        n += 100
    return where, n


def comprehension_scopes(xs):
    x = "outside"
    rows = [[x * y for y in range(x)] for x in xs if x % 2 or x > 4]
    pairs = [(x, y) for x in xs for y in xs if x < y]
    return rows, pairs, x, [x for x in x]


def comprehension_name_is_global():
    squares = [TABLE * i for TABLE in (1, 2) for i in (3, 4)]
    return squares, TABLE


def keywords(xs):
    return sorted(xs, key=abs, reverse=True), max(xs, key=abs), sum(xs, start=3), int("ff", base=16)


def constants():
    return None is None, ..., 1_000, 0x1F, 1e3, 2j, "ab", b"c", True, (), [], -0.0, not 0


def constant_conditions(n):
    while 1:
        n += 1
        if n > 5:
            break
    if 0:
        n = undefined_name  # noqa: F821
    if __debug__:
        n += 1
    while False:
        n = 0
    else:
        n += 10
    return n


def after_return(n):
    return n
    n = 1
    for i in range(3):
        return i


def unreachable_after_break(n):
    for i in range(n):
        x = 1
        break
        x = 2
    return x


def augmented(a, b):
    a += b
    a -= 1
    a *= 3
    a //= 2
    a **= 2
    a %= 1000
    a <<= 2
    a >>= 1
    a |= 1
    a &= 0xFF
    a ^= b
    a /= 4
    return a


def strings(s):
    n = 0
    for c in s:
        n = n * 31 + ord(c)
    return n, s[::-1].upper(), s * 2, "b" in s, s[0] + s[-1], s.split("b"), "%s!" % s


def globals_and_builtins(n):
    return (
        math.sqrt(n),
        math.pi,
        TABLE[n],
        len(TABLE),
        pow(n, 3),
        pow(n, 3, 5),
        divmod(-7, n),
        round(2.5),
    )


def many_arguments(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r):
    return [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r], max(
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r
    )


def annotated(n: int) -> int:
    x: int = n
    y: "nonsense"  # noqa: F821
    z: undefined_name = 2  # noqa: F821
    return x + z


def chained_assignment(xs):
    a = b = xs[0] = xs[1] = [7]
    a.append(8)
    return b, xs


def conditional_chain(a, b, c):
    return a < b < c, a < b > c, a == b == c, a is b is not c, a in [b] in [[b]], (a < b) == (b < c)


CALLS = {
    text: ["1.5, 2", "True, -0.0"],
    text_of_nested_spec: ["42, 7"],
    dicts: ["1, 2", "'k', 3", "(1,), None"],
    walrus: ["[1, 2, 3]", "[1]", "[1, 2, -3]"],
    deletions: ["1"],
    attributes: ["Box(1)"],
    item_protocol: ["Box(3)"],
    truth_of_objects: ["Box(0)", "Box(1)"],
    nested_targets: ["[(1, [2, 3]), (4, (5, 6))]"],
    slices: ["[1, 2, 3, 4, 5], 2", "list('abcdef'), -3"],
    loop_else: ["[1, 2, 3], 2", "[], 9"],
    comprehension_scopes: ["[1, 2, 3, 5, 6]"],
    comprehension_name_is_global: [""],
    keywords: ["[1, -5, 3]"],
    constants: [""],
    constant_conditions: ["1"],
    after_return: ["3"],
    unreachable_after_break: ["2"],
    augmented: ["5, 9", "2**70, 3"],
    strings: ["'abc'"],
    globals_and_builtins: ["2"],
    many_arguments: ["*range(18)"],
    annotated: ["4"],
    chained_assignment: ["[1, 2, 3]"],
    conditional_chain: ["1, 2, 3", "2.0, 2, 2", "3, 2, 1"],
}
