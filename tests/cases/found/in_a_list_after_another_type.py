# refused: the compiler contradicted itself: `in` a list that native code keeps for itself, whose answer is taken for an object since
# another type was met in the line before.
def f5(a0, a1):
    t2 = a1 // 4611686018427387904
    t3 = 1
    t4 = a1 not in [t3]
    return t4


def call_0():
    return ("call", "f5", (True, 9223372036854775808), {})


def call_1():
    return ("call", "f5", (True, 7), {})


def call_2():
    return ("call", "f5", (True, 1), {})
