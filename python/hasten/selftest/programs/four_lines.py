"""Four lines of equal cost: the same code and the same small numbers, so each takes a quarter of their time.

They begin with a constant, because CPython 3.11 and 3.12 fuse a store at the end of a line with a load of a variable
that begins the next; and the jump back of the loop has a line of its own.
"""

import json
import sys


def work(n):
    x = 3
    for _ in range(n):
        a = (3 * x + 5) * 7 - (5 * x + 7) * 3 + (9 * x + 11) - 13 * x + 17  # line a
        b = (3 * x + 5) * 7 - (5 * x + 7) * 3 + (9 * x + 11) - 13 * x + 17  # line b
        c = (3 * x + 5) * 7 - (5 * x + 7) * 3 + (9 * x + 11) - 13 * x + 17  # line c
        d = (3 * x + 5) * 7 - (5 * x + 7) * 3 + (9 * x + 11) - 13 * x + 17  # line d
        continue
    return a + b + c + d


print(json.dumps({"answer": work(int(sys.argv[1]))}))
