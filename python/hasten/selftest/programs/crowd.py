"""Threads of known CPU time that fight for the GIL, and one that sleeps meanwhile. Each reads its own CPU clock."""

import json
import sys
import threading
import time

done = threading.Event()
seconds = {}
thread_ids = {}


def burn(turns):
    s = 0
    for i in range(turns):
        s += i % 7
    return s


def sleep():
    while not done.is_set():
        time.sleep(0.05)


def timed(name, function, *arguments):
    thread_ids[name] = threading.get_native_id()
    begin = time.thread_time()
    function(*arguments)
    seconds[name] = time.thread_time() - begin


rounds = 1000 * int(sys.argv[1])
workers = [
    threading.Thread(target=timed, args=("one", burn, rounds)),
    threading.Thread(target=timed, args=("three", burn, 3 * rounds)),
]
sleeper = threading.Thread(target=timed, args=("sleeper", sleep))
for thread in [*workers, sleeper]:
    thread.start()
for thread in workers:
    thread.join()
done.set()
sleeper.join()
print(json.dumps({"seconds": seconds, "threads": thread_ids}))
