# call_0 of f1: a slice with a negative step whose bounds both lie before the first character gave the last one.
def f1(t, a, b):
    return (t[a:b:-2], t[a:b:-1], t[a::-3], t[:b:-2])


def call_0():
    return ("call", "f1", ("\u00e9", -128, -128), {})


def call_1():
    return ("call", "f1", ("abc", -9, -5), {})


def call_2():
    return ("call", "f1", ("\u65e5\u672c\u8a9e", -4, -100), {})


def call_3():
    return ("call", "f1", ("", -1, -1), {})


def call_4():
    return ("call", "f1", ("abcdef", 4, -9), {})
