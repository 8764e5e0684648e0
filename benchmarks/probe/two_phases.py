"""The same two functions as the 75/25 pair, each called once, one after the other: its own CPU clock tells their shares."""

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


n = 2000 * int(sys.argv[1])
begin = thread_time()
total = three(n)
between = thread_time()
total += one(n)
end = thread_time()
print(json.dumps({"answer": total, "seconds": {"three": between - begin, "one": end - between}}))
