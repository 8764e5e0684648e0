# An empty cell: the function that owns the variable says so, and the one that captures it says it otherwise.
def own(n):
    def f():
        return x
    if n:
        x = 1
    return x
call(own, 0)  # expect: UnboundLocalError: cannot access local variable 'x' where it is not associated with a value, line 7
def captured(n):
    def f():
        return x
    for i in range(n):
        x = i
    return f()
call(captured, 2)  # expect: 1
call(captured, 0)  # expect: NameError: cannot access free variable 'x' where it is not associated with a value in enclosing scope, line 14, line 11
