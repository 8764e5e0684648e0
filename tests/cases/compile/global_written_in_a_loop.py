# `global` binds the module's name at once: whoever reads it in between sees the new value.
def note():
    return counter
def count(n, start):
    global counter
    counter = start
    between = []
    for i in range(n):
        counter += i
        if i % 3 == 0:
            between.append(note())
    return counter, between
call(count, 7, 0)  # expect: (21, [0, 6, 21])
call(count, 3, 0.5)  # expect: (3.5, [0.5])
print(counter)  # expect: 3.5
