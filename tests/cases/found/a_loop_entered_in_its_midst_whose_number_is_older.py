# The compiler crashed: a loop is entered in its midst after an overflow, and the number that seems to shrink in each round becomes one that
# was chosen before the loop, where that code does not reach.
def f1(c, s, n):
    if n % 3 == 2:
        c = c + 1
    x = 10
    k = 0
    while x >= 1:
        k += 1
        s += 2**50
        x = c
        if k > n:
            break
    return x, k, s


def call_0():
    return ("call", "f1", (5, 1, 20), {})


def call_1():
    return ("call", "f1", (5, 2**63 - 5, 20000), {})
