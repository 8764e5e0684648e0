"""Four lines of equal cost: the same code and the same small numbers, so each takes a quarter of their time.

Each turns some times within itself. The same bytecodes in a row do not take the same time on every line, since the
processor guesses the next one from those before: that was up to a tenth of a line, for any profiler and for clocks. In
a loop of its own, each line comes to the same guesses. The jump back of the outer loop has a line of its own.
"""

import json
import sys


def work(n):
    x = 3
    turns = range(20)
    for _ in range(n):
        for _ in turns: a = (3 * x + 5) * 7 - (5 * x + 7) * 3 + (9 * x + 11) - 13 * x + 17  # line a
        for _ in turns: b = (3 * x + 5) * 7 - (5 * x + 7) * 3 + (9 * x + 11) - 13 * x + 17  # line b
        for _ in turns: c = (3 * x + 5) * 7 - (5 * x + 7) * 3 + (9 * x + 11) - 13 * x + 17  # line c
        for _ in turns: d = (3 * x + 5) * 7 - (5 * x + 7) * 3 + (9 * x + 11) - 13 * x + 17  # line d
        continue
    return a + b + c + d


print(json.dumps({"answer": work(int(sys.argv[1]))}))
