# What is appended to a list whose items have no common form becomes an object, and with it the list inside of it.
def f0(a):
    seen = []
    try:
        w = [a, 2.5]
        x = w[0]
        w[0] = x * 3.0
        seen.append((x, w))
    except TypeError as error:
        seen.append((type(error).__name__, str(error)))
    return seen


def f1(a):
    seen = []
    w = [1, 2, 3]
    r = 0
    r, w[r] = a, a
    seen.append((r, w))
    seen.append(str(r))
    seen.insert(0, (w,))
    return seen


def call_0():
    return "call", "f0", (1.5,), {}


def call_1():
    return "call", "f0", ("a",), {}


def call_2():
    return "call", "f1", (4,), {}


def call_3():
    return "call", "f1", (None,), {}
