# f1 and f2 were refused ("the compiler contradicts itself"): lists that came out of a dict's items, with nothing known of their own
# items, were taken for lists that native code keeps for itself.
def f1(a):
    found = 0
    for key, value in a.items():
        found += len(key)
    return found


def f2(a, b):
    names = []
    for n, (key, value) in enumerate(a.items()):
        names.append((n, key, value))
    for one, (key, value) in zip(b, a.items()):
        value.append(one)
    return names, a


def f3(a):
    found = 0
    for key, value in a.items():
        found += 1
    return found


def call_0():
    return ("call", "f1", ({"a": [], "bc": []},), {})


def call_1():
    return ("call", "f2", ({"a": [], "bc": []}, [1, 2]), {})


def call_2():
    return ("call", "f3", ({"": 1, "n": "text"},), {})


def call_3():
    return ("call", "f3", ({1: 255},), {})


def call_4():
    return ("call", "f3", ({"a": []},), {})


def call_5():
    return ("call", "f3", ({1: 256, b"a": 10, 2: 1},), {})
