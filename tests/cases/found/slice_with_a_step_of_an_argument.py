# A slice with a step is made by Python's own code, as an object: native code may not keep it for itself.
def f0(z, a):
    w1 = a[::-1]
    try:
        return w1[z]
    except IndexError as error:
        return str(error)


def call_0():
    return "call", "f0", (True, []), {}


def call_1():
    return "call", "f0", (1, [3, 4, 5]), {}
