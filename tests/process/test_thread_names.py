"""Threads are called what the program calls them."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

TARGET = os.environ.get("HASTEN_TEST_TARGET", sys.executable)
PYTHONS = [TARGET, *filter(None, os.environ.get("HASTEN_OTHER_PYTHONS", "").split(os.pathsep))]

# Its threads go on until its input ends. Instances keep their attributes in several ways.
PROGRAM = """\
import _thread, json, select, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

class Own(threading.Thread):
    def __init__(self, name):
        super().__init__(name=name)
        self.more = 1
    def run(self):
        work()

class WithManyAttributes(Own):
    def __init__(self, name):
        super().__init__(name)
        vars(self).update((f"attribute{i}", i) for i in range(100))

ids = []
def work():
    ids.append(threading.get_native_id())
    stop.wait()
    time.sleep(0)

stop = threading.Event()
threads = [threading.Thread(target=work), threading.Thread(target=work, name="a name of more than fifteen bytes"),
           Own("na\\u00efve"), Own("\\U0001f40d"), WithManyAttributes("many")]
for thread in threads:
    thread.start()
pool = ThreadPoolExecutor(1, thread_name_prefix="pool")
future = pool.submit(work)
_thread.start_new_thread(work, ())
while len(ids) < 7: time.sleep(0.001)
names = {thread.native_id: thread.name for thread in threading.enumerate()}
names[ids[-1]] = ""
print(json.dumps(names), flush=True)
while not select.select([0], [], [], 0.05)[0]: pass
while time.process_time() < 0.5: pass
stop.set()
pool.shutdown()
"""


def check(report, names):
    """What the system is told, by 3.14 and later, is cut to 15 bytes."""
    told = {str(thread["tid"]): thread["name"] for thread in report["threads"] if "name" in thread}
    whole = tuple(map(int, report["python"].split(".")[:2])) < (3, 14)
    for tid, name in names.items():
        if name:
            assert told[tid] == (name if whole else name.encode()[:15].decode(errors="ignore"))
        else:
            assert told[tid].startswith("python")  # as the system calls it


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


@pytest.mark.parametrize("python", PYTHONS)
def test_in_a_program_that_was_started(script, tmp_path, python):
    command = [sys.executable, "-m", "hasten", "run", "--python", python, "--json", "report.json", script]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        names = json.loads(process.stdout.readline())
        process.communicate("", timeout=60)
    check(json.loads((tmp_path / "report.json").read_text()), names)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("how", [[], ["--inject"]], ids=["outside", "inside"])
def test_in_a_program_that_runs_already(script, tmp_path, python, how):
    with subprocess.Popen([python, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        names = json.loads(process.stdout.readline())
        command = [sys.executable, "-m", "hasten", "run", "--pid", str(process.pid), *how, "--seconds", "0.5", "--json", "report.json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        process.communicate("", timeout=60)
    assert done.returncode == 0, done.stderr
    check(json.loads((tmp_path / "report.json").read_text()), names)
