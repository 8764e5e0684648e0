# call_1 of f1: once abs(a) > 2 had met an int beyond 128 bits, the comparison with a complex number's magnitude read nothing.
def f1(a):
    return abs(a) > 2


def call_0():
    return ("call", "f1", (10**309,), {})


def call_1():
    return ("call", "f1", (2.5j,), {})


def call_2():
    return ("call", "f1", (complex(127.0, 4503599627370498.0),), {})


def call_3():
    return ("call", "f1", (1j,), {})
