"""One phase for each kind of time, named after it: the evaluation loop, CPython's C code, the kernel, a library, a sleep.

Each takes its own time. Phases come once each: kernel time is found between samples, so it needs room around it.
"""

import itertools
import json
import os
import sys
import time
import zlib

FLOATS = [0.5] * 30_000
BUFFER = bytearray(1 << 20)


def bytecode(rounds):
    """Moves between local variables: no call, no number, nothing outside the evaluation loop but the loop itself."""
    for _ in itertools.repeat(None, 1000 * rounds):
        a = b = c = d = e = f = g = h = i = j = None
        a = b = c = d = e = f = g = h = i = j = None
        a = b = c = d = e = f = g = h = i = j = None
        a = b = c = d = e = f = g = h = i = j = None
        a = b = c = d = e = f = g = h = i = j = None
        a = b = c = d = e = f = g = h = i = j = None
        a = b = c = d = e = f = g = h = i = j = None
        a = b = c = d = e = f = g = h = i = j = None
        a = b = c = d = e = f = g = h = i = j = None
        a = b = c = d = e = f = g = h = i = j = None


def runtime(rounds):
    """A loop in C inside CPython."""
    for _ in range(2 * rounds):
        sum(FLOATS)


def kernel(rounds):
    """System calls so large that what is outside the kernel does not count."""
    zeros = os.open("/dev/zero", os.O_RDONLY)
    for _ in range(10 * rounds):
        os.readv(zeros, [BUFFER])
    os.close(zeros)


def library(rounds):
    """A loop in C outside CPython."""
    for _ in range(rounds):
        zlib.crc32(BUFFER)


def waiting(rounds):
    """Ten sleeps, longer than the time between two looks of whoever watches from outside."""
    for _ in range(10):
        time.sleep(rounds * 0.00005)


def is_linked_in():
    """Whether this Python carries zlib inside itself, so that nobody can tell it from CPython's own code."""
    with open("/proc/self/maps") as maps:
        return not hasattr(zlib, "__file__") and "/libz" not in maps.read()


if __name__ == "__main__":
    rounds = int(sys.argv[1])
    seconds = {}
    for phase in (bytecode, runtime, kernel, library, waiting):
        clock = time.perf_counter if phase is waiting else time.thread_time
        begin = clock()
        phase(rounds)
        seconds[phase.__name__] = clock() - begin
    print(json.dumps({"seconds": seconds, "linked_in": is_linked_in()}))
