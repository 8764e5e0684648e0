"""Three functions by turns, each much shorter than the time between samples: one computes, one calls the kernel, one touches new memory.

Nearly all of the second and of the third is kernel time, which no clock outside the kernel sees where it passes.
"""

import json
import mmap
import os
import sys
import time

BUFFER = bytearray(1 << 17)
ZEROS = os.open("/dev/zero", os.O_RDONLY)


def computes():
    total = 0
    for i in range(2000):
        total += i * i
    return total


def reads():
    for _ in range(6):
        os.readv(ZEROS, [BUFFER])


def touches():
    memory = mmap.mmap(-1, 1 << 18)
    for place in range(0, 1 << 18, mmap.PAGESIZE):
        memory[place] = 1
    memory.close()


if __name__ == "__main__":
    clock = time.thread_time
    seconds = {"computes": 0.0, "reads": 0.0, "touches": 0.0}
    for _ in range(int(sys.argv[1])):
        for function in (computes, reads, touches):
            begin = clock()
            function()
            seconds[function.__name__] += clock() - begin
    print(json.dumps({"seconds": seconds}))
