"""Two functions, one of which makes three turns for each of the other's, each timed by the thread's own CPU clock."""

import json
import sys
from time import thread_time


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
seconds = {"three": 0.0, "one": 0.0}
for _ in range(int(sys.argv[1])):
    begin = thread_time()
    for _ in range(10):  # so many that the clock's own cost does not count
        total += three(200)
    between = thread_time()
    for _ in range(10):
        total += one(200)
    seconds["one"] += thread_time() - between
    seconds["three"] += between - begin
print(json.dumps({"answer": total, "seconds": seconds}))
