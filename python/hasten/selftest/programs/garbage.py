"""A program that collects garbage most of its time, and times every collection by gc.callbacks."""

import gc
import json
import sys
from time import thread_time

collecting_s = begin_s = 0.0
collections = 0


def note(phase, info):
    global collecting_s, begin_s, collections
    if phase == "start":
        begin_s = thread_time()
    else:
        collecting_s += thread_time() - begin_s
        collections += 1


def work(n):
    total = 0
    for i in range(n):
        total += i % 7
    return total


def make_cycles(count):
    for _ in range(count):
        row = [None, {}]
        row[0] = row


def rounds(count):
    total = 0
    for _ in range(count):
        total += work(50_000)
        make_cycles(5_000)
        gc.collect()
    return total


gc.disable()  # only where it is asked for: then a round is always alike, and nothing else is collected
kept = [[i, (i,)] for i in range(100_000)]  # what a collection looks through: so long that reading the clock does not count
gc.callbacks.append(note)
start_s = thread_time()
total = rounds(int(sys.argv[1]))
else_s = thread_time() - start_s - collecting_s
print(json.dumps({"answer": total, "collections": collections, "seconds": {"collecting": collecting_s, "else": else_s}}))
del kept  # else the interpreter looks through it at its end, untimed
