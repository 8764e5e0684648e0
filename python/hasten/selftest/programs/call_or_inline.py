"""The same sum by calls and inline, each timed by the thread's own CPU clock: calls must not look dearer than they are."""

import json
import sys
from time import thread_time


def step(x):
    return x * 3 % 1000 + 7


def calls(n):
    x = 1
    for _ in range(n):
        x = step(x)
    return x


def inlined(n):
    x = 1
    for _ in range(n):
        x = x * 3 % 1000 + 7
    return x


total = 0
seconds = {"calls": 0.0, "inlined": 0.0}
for _ in range(int(sys.argv[1])):
    begin = thread_time()
    for _ in range(10):  # so many that the clock's own cost does not count
        total += calls(200)
    between = thread_time()
    for _ in range(10):
        total += inlined(300)
    seconds["inlined"] += thread_time() - between
    seconds["calls"] += between - begin
print(json.dumps({"answer": total, "seconds": seconds}))
