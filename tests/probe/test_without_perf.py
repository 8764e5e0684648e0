"""Where the kernel really refuses perf events (a container's filter, a strict setting), not only where a test chooses the other clock."""

import json
import subprocess
import sys
import textwrap

import pytest

from .conftest import TARGET

# Has the kernel refuse perf_event_open to itself and all that it becomes and starts, as a container's filter does, and becomes
# the command. The four instructions: load the call's number; is it that one; EACCES; else go on.
WITHOUT_PERF = """\
import ctypes, os, struct, sys
PERF_EVENT_OPEN, EACCES = 298, 13
code = struct.pack("HBBIHBBIHBBIHBBI", 0x20, 0, 0, 0, 0x15, 0, 1, PERF_EVENT_OPEN, 0x06, 0, 0, 0x50000 | EACCES, 0x06, 0, 0, 0x7FFF0000)
text = ctypes.create_string_buffer(code)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(text)))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
NO_NEW_PRIVS, SECCOMP, FILTER = 38, 22, 2
if libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(SECCOMP, FILTER, ctypes.addressof(program), 0, 0):
    sys.exit("no filters here")
os.execv(sys.argv[1], sys.argv[1:])
"""

PROGRAM = """\
import json, sys, time

def three():
    return sum(i * i for i in range(60_000))

def one():
    return sum(i * i for i in range(20_000))

print("ready", flush=True)
spent = [0.0, 0.0]
begin = time.thread_time()
while time.thread_time() < begin + float(sys.argv[1]):
    for which, function in enumerate((three, one)):
        start = time.thread_time()
        function()
        spent[which] += time.thread_time() - start
print(json.dumps(spent))
"""


def without_perf(*words, **options):
    done = subprocess.run([sys.executable, "-c", WITHOUT_PERF, sys.executable, "-m", "hasten", *map(str, words)],
                          capture_output=True, text=True, timeout=120, **options)  # fmt: skip
    if "no filters here" in done.stderr:
        pytest.skip("this kernel lets nobody filter system calls")
    return done


def share_of_three(report):
    total = {row["function"]: row["total_share"] for row in report["functions"]}
    return total["three"] / (total["three"] + total["one"])


def true_share(line):
    three, one = json.loads(line)
    return three / (three + one)


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(PROGRAM))
    return path


def test_run_takes_the_threads_clocks(script, tmp_path):
    done = without_perf("run", "--rate", 1000, "--json", "report.json", "--python", TARGET, script, 2, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["engine"] == "thread clocks"
    deviation = (0.25 * 0.75 / report["effective_samples"]) ** 0.5
    assert share_of_three(report) == pytest.approx(true_share(done.stdout.splitlines()[-1]), abs=4 * deviation)


def test_pid_goes_by_the_schedulers_clock(script, tmp_path):
    with subprocess.Popen([TARGET, script, "6"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        done = without_perf("run", "--pid", process.pid, "--seconds", 3, "--json", "report.json", cwd=tmp_path)
        line = process.communicate()[0]
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["engine"] == "from outside"
    # The scheduler tells CPU time by ticks of 4 ms.
    ticks = report["cpu_s"] / 0.004
    assert share_of_three(report) == pytest.approx(true_share(line), abs=4 * (0.25 * 0.75 / ticks) ** 0.5 + 0.02)


def test_doctor_says_which_clock_is_left(tmp_path):
    done = without_perf("doctor", cwd=tmp_path)
    assert "no perf clock (EACCES" in done.stdout and "threads are signalled by their CPU clocks instead" in done.stdout
