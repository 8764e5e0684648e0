# A variable that holds a tuple of a list and an object keeps the tuple alive, as an object: the list in it is one too. A
# variable that holds a list's method only has the list.
def f0(a):
    w = [1, 2, 3]
    t = (w, a)
    w[0] = 7
    return w[0] + w[1]


def f1(a0, a1):
    w1 = [16 >> a1] * 0
    t2 = (w1, w1, a1)
    return [a1 or -3 for q0 in w1 if a1 != a1], a0


def f2(n, a):
    w = [1, 2, 3]
    t = None
    for k in range(n):
        if k > 2:
            t = (w, (a, [2.5]))
        w[0] += k
    return w[0]


def f3(n):
    w = [1, 2, 3]
    put = w.append
    for k in range(n):
        put(k)
    last = w.pop
    while len(w) > 5:
        put(last() + last())
    return w[0] + w[-1] + len(w)


class FloatSub(float):
    pass


def call_0():
    return "call", "f0", (FloatSub(1.5),), {}


def call_1():
    return "call", "f0", ([],), {}


def call_2():
    return "call", "f1", ([[6.1], [2.5, 1.0]], FloatSub(-10.14)), {}


def call_3():
    return "call", "f1", (3, 4), {}


def call_4():
    return "call", "f2", (9, FloatSub(2.0)), {}


def call_5():
    return "call", "f2", (9, 3), {}


def call_6():
    return "call", "f3", (40,), {}
