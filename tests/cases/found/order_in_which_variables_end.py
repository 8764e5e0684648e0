# call_0 of f0: arguments: an exception that leaves the function ended variables that are read later after those that are not.
ENDED = []


class End:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        ENDED.append(self.name)


def f0(n):
    x = End("x")
    y = End("y")
    for k in n:
        pass
    y = x


def f1(n):
    x = End("x")
    y = End("y")
    z = End("z")
    n.missing
    y = x
    return z


def f2():
    return ENDED


def call_0():
    return ("call", "f0", (3,), {})


def call_1():
    return ("call", "f2", (), {})


def call_2():
    return ("call", "f1", (3,), {})


def call_3():
    return ("call", "f2", (), {})


def call_4():
    return ("call", "f1", (3,), {})


def call_5():
    return ("call", "f2", (), {})
