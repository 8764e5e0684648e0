"""Programs whose true profile is known, and where the truth comes from.

Each takes the number of rounds as its argument, prints its answer, and marks its heavy lines with `# line NAME`.
"""

FOUR_LINES = '''\
import sys

def work(n):
    x = 3
    for i in range(n):
        a = (x * 3 + 5) * 7 - (x * 5 + 7) * 3 + (x * 9 + 11) - x * 13 + 17  # line a
        b = (x * 3 + 5) * 7 - (x * 5 + 7) * 3 + (x * 9 + 11) - x * 13 + 17  # line b
        c = (x * 3 + 5) * 7 - (x * 5 + 7) * 3 + (x * 9 + 11) - x * 13 + 17  # line c
        d = (x * 3 + 5) * 7 - (x * 5 + 7) * 3 + (x * 9 + 11) - x * 13 + 17  # line d
    return a + b + c + d

print(work(int(sys.argv[1])))
'''

# three(200) runs 600 turns, one(200) runs 200: 75 to 25, but for the calls themselves, which the truth includes.
PAIR = '''\
import sys

def three(n):
    s = 0
    for i in range(3 * n):
        s += i % 7
    return s

def one(n):
    s = 0
    for i in range(n):
        s += i % 7
    return s

total = 0
for _ in range(int(sys.argv[1])):
    total += three(200)
    total += one(200)
print(total)
'''

CALL_OR_INLINE = '''\
import sys

def step(x):
    return x * 3 % 1000 + 7

def calls(n):
    x = 1
    for i in range(n):
        x = step(x)
    return x

def inlined(n):
    x = 1
    for i in range(n):
        x = x * 3 % 1000 + 7
    return x

total = 0
for _ in range(int(sys.argv[1])):
    total += calls(200)
    total += inlined(300)
print(total)
'''

CHAINS = '''\
import sys

def leaf_a(n):
    s = 0
    for i in range(n):
        s += i
    return s

def leaf_b(n):
    s = 0
    for i in range(n):
        s -= i
    return s

def hot_a(n):
    return leaf_a(n)

def hot_b(n):
    return leaf_b(n)

def main(n):
    total = 0
    for i in range(n):
        total += hot_a(3)
        total += hot_b(3)
    return total

print(main(int(sys.argv[1])))
'''

# Every caller that a function of CHAINS can have.
LEGAL_CALLERS = {
    "leaf_a": {"hot_a"},
    "leaf_b": {"hot_b"},
    "hot_a": {"main"},
    "hot_b": {"main"},
    "main": {"<module>"},
}
