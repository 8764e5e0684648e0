# range() goes on from its own counter, whatever the body does to the variable.
def turns(n):
    seen = []
    for i in range(n):
        seen.append(i)
        i = 100
    return seen, i
call(turns, 3)  # expect: ([0, 1, 2], 100)
