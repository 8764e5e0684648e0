# Functions made in a loop see the variable, not the value that it had.
def late(n):
    made = []
    for i in range(n):
        made.append(lambda: i)
    i = i + 0.5
    return [f() for f in made]
call(late, 3)  # expect: [2.5, 2.5, 2.5]
def of_comprehension(n):
    i = -1
    return [f() for f in [lambda: i for i in range(n)]], i
call(of_comprehension, 3)  # expect: ([2, 2, 2], -1)
