"""Two threads that want the GIL all the time. What a thread neither computed nor lacked a processor for, it waited for the GIL."""

import json
import sys
import threading
import time

seconds = {}


def without_processor():
    """Seconds that this thread was ready to run but had no processor: the kernel's account."""
    with open("/proc/thread-self/schedstat") as file:
        return int(file.read().split()[1]) * 1e-9


def first(turns):
    begin = time.perf_counter(), time.thread_time(), without_processor()
    s = 0
    for i in range(turns):
        s += i % 7
    end = time.perf_counter(), time.thread_time(), without_processor()
    seconds["first"] = {"wall": end[0] - begin[0], "cpu": end[1] - begin[1], "ready": end[2] - begin[2]}


def second(turns):
    begin = time.perf_counter(), time.thread_time(), without_processor()
    s = 0
    for i in range(turns):
        s += i % 7
    end = time.perf_counter(), time.thread_time(), without_processor()
    seconds["second"] = {"wall": end[0] - begin[0], "cpu": end[1] - begin[1], "ready": end[2] - begin[2]}


turns = 3000 * int(sys.argv[1])
threads = [threading.Thread(target=function, args=(turns,)) for function in (first, second)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"seconds": seconds}))
