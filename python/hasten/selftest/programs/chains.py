"""Two chains of calls in quick turns. A profiler that reads a stack while it changes mixes them up."""

import json
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
    for _ in range(n):
        total += hot_a(3)
        total += hot_b(3)
    return total


# Every caller that a function can have.
CALLERS = {
    "leaf_a": ["hot_a"],
    "leaf_b": ["hot_b"],
    "hot_a": ["main"],
    "hot_b": ["main"],
    "main": ["<module>"],
}

if __name__ == "__main__":
    print(json.dumps({"answer": main(int(sys.argv[1])), "callers": CALLERS}))
