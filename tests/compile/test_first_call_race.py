"""Many threads make the first calls of compiled functions at once: one compiles, none waits for ever."""

import subprocess
import sys

import pytest

PROGRAM = """
import faulthandler, sys, threading
faulthandler.dump_traceback_later(30, exit=True)  # a deadlock is to be seen as one
from hasten import jit
sys.setswitchinterval(1e-6)

@jit
def whole(n):
    total = 0
    for k in range(n):
        total += k * k % 7
    return total

@jit
def real(n, x):
    total = 0.0
    for k in range(n):
        total += x / (k + 1)
    return total

start = threading.Barrier(8)
found = []

def work(number):
    start.wait()
    found.append((whole(500), real(500, 2.0)) if number % 2 else (whole(500), real(500, 2)))

threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
expected = whole.__wrapped__(500), real.__wrapped__(500, 2.0)
assert found == [expected] * 8, found
"""


@pytest.mark.process
def test_first_calls_of_many_threads(tmp_path):
    script = tmp_path / "race.py"
    script.write_text(PROGRAM)
    for _ in range(5):  # each process has one first call
        ran = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr[-3000:]
