# All right-hand sides are evaluated before any is assigned.
def turn(a, b, c):
    a, b, c = b, c, a + b
    return a, b, c
call(turn, 1, 2.5, 3)  # expect: (2.5, 3, 3.5)
