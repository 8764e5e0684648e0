"""Where the shell limits the addresses of a process (ulimit -v)."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

MB = 1024  # in the unit of ulimit


def limited(kilobytes, *command, **options):
    """Runs a command with so many kilobytes of addresses."""
    script = f'ulimit -v {kilobytes} && exec "$@"'
    return subprocess.run(["sh", "-c", script, "sh", *map(str, command)], capture_output=True, text=True, timeout=120, **options)


@pytest.fixture(scope="module")
def least():
    """The smallest limit, to 1 MB, with which Python itself runs."""
    fails, runs = 1, 1024
    assert limited(runs * MB, sys.executable, "-c", "pass").returncode == 0
    while runs - fails > 1:
        middle = (fails + runs) // 2
        if limited(middle * MB, sys.executable, "-c", "pass").returncode == 0:
            runs = middle
        else:
            fails = middle
    return runs * MB


def measured(least, tmp_path, text):
    command = [sys.executable, "-m", "hasten", "run", "--json", "report.json", "-c", text]
    done = limited(least + 64 * MB, *command, cwd=tmp_path)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    return done.stdout, done.stderr, json.loads((tmp_path / "report.json").read_text())


def test_a_program_is_measured_with_64_mb_more_than_python_needs(least, tmp_path):
    text = "from time import thread_time\nwhile thread_time() < 0.5: sum(range(1000))\nprint('done')"
    output, _, report = measured(least, tmp_path, text)
    assert output == "done\n" and report["samples"] > 10 and report["unsampled_threads"] == 0


THREADS = """\
import threading
threading.stack_size(64 << 10)
gate = threading.Event()
threads = [threading.Thread(target=gate.wait) for _ in range(60)]
for thread in threads: thread.start()
room = 0
held = []
try:
    while True: held.append(bytearray(1 << 20))
except MemoryError:
    room = len(held)
held = None
gate.set()
for thread in threads: thread.join()
print(room)
"""


def test_the_rings_of_many_threads_leave_the_program_its_room(least, tmp_path):
    """A ring takes 1 MB, all of them an eighth of what is allowed; which threads had none is said."""
    plain = limited(least + 64 * MB, sys.executable, "-c", THREADS)
    output, errors, report = measured(least, tmp_path, THREADS)
    allowed_mb = (least + 64 * MB) // MB
    # Beside the rings: the library itself, the region's head, a watch a thread.
    assert int(output) >= int(plain.stdout) - allowed_mb // 8 - 6
    sampled = allowed_mb // 8 - 1  # the main thread has one, too
    assert report["unsampled_threads"] == 60 - sampled
    assert f"{60 - sampled} threads could not be sampled" in errors
