# a crash of the compiler: it found that a loop is over at its first round, and told an analysis of LLVM's that nobody had registered.
def f(n, a=1):
    if n <= 0:
        return 1
    if -a >= n:
        return 3
    while n > 0:
        if n >= 1 + a:
            return 1 + f(n - 1, -n)
        n -= 1
    return 2**70


def call_0():
    return ("call", "f", (5, -(2**63)), {})


def call_1():
    return ("call", "f", (5, 2), {})
