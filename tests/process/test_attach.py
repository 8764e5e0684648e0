"""A Python that runs already, measured from outside: it must be seen right, and must not notice."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from hasten import _core

pytestmark = pytest.mark.process

# One and one other: each is the other of some run.
TARGET = os.environ.get("HASTEN_TEST_TARGET", sys.executable)
PYTHONS = [TARGET, *[p for p in os.environ.get("HASTEN_OTHER_PYTHONS", "").split(os.pathsep) if p][-1:]]

PROGRAM = """\
import sys, threading, time

def hot_a(n):
    s = 0
    for i in range(n): s += i * i
    return s

def hot_b(n):
    s = 0
    for i in range(n): s += i * i
    return s

def sleeper():
    while True: time.sleep(0.1)

threading.Thread(target=sleeper, daemon=True).start()
print("ready", flush=True)
rounds = 0
spent = [0.0, 0.0]
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for which, (hot, n) in enumerate(((hot_a, 300_000), (hot_b, 100_000))):
        begin = time.thread_time()
        hot(n)
        spent[which] += time.thread_time() - begin
    rounds += 1
print(rounds, *spent)
"""


@pytest.fixture
def target(tmp_path):
    """Starts the program above on a Python and waits until it runs."""
    started = []

    def start(seconds, python=TARGET, text=PROGRAM):
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(text))
        process = subprocess.Popen([python, script, str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def attach(*words, **options):
    return subprocess.run([sys.executable, "-m", "hasten", "run", *map(str, words)], capture_output=True, text=True, timeout=60, **options)


@pytest.mark.parametrize("python", PYTHONS)
def test_shares_waits_and_threads_from_outside(target, tmp_path, python):
    process = target(4, python)
    done = attach("--pid", process.pid, "--seconds", 2.5, "--rate", 400, "--json", "report.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    rounds, spent_a, spent_b = process.communicate()[0].split()
    assert int(rounds) > 0 and process.returncode == 0
    truth = float(spent_a) / (float(spent_a) + float(spent_b))
    rows = {row["function"]: row for row in report["functions"]}
    both = rows["hot_a"]["cpu_share"] + rows["hot_b"]["cpu_share"]
    assert both > 0.75
    # The scheduler accounts by ticks of 4 ms: so many of them fell into the time that was seen.
    ticks = report["cpu_s"] / 0.004
    assert rows["hot_a"]["cpu_share"] / both == pytest.approx(truth, abs=4 * (truth * (1 - truth) / ticks) ** 0.5 + 0.02)
    # What it did not sleep, it was ready and without a CPU: on a busy machine that is much.
    sleeper = max(report["threads"], key=lambda row: row["wait_s"]["sleep"])
    assert rows["sleeper"]["wait_s"]["sleep"] == pytest.approx(2.5 - sleeper["runnable_s"], abs=0.4)
    assert report["engine"] == "from outside" and "split" not in rows["hot_a"]
    assert "sampling_cost" not in report and "sampling cost" not in done.stderr  # it was not measured
    assert report["broken_stacks"] <= 0.02 * report["samples"]
    legal = {"hot_a", "hot_b", "sleeper", "<module>"}
    assert {row["function"] for row in report["functions"] if row["origin"] == "own"} <= legal


def test_a_thread_that_often_sleeps_computed_before_it_slept(target, tmp_path):
    """The scheduler writes down a thread's CPU time when it goes to sleep; the sleep must not get what came before it."""
    process = target(3, text="""
        import sys, time
        def compute():
            for i in range(40_000): i * i
        def rest():
            time.sleep(0.002)
        print("ready", flush=True)
        spent = [0.0, 0.0]
        end = time.monotonic() + float(sys.argv[1])
        while time.monotonic() < end:
            begin = time.thread_time()
            compute()
            between = time.thread_time()
            rest()
            spent[0] += between - begin
            spent[1] += time.thread_time() - between
        print(*spent)
        """)
    done = attach("--pid", process.pid, "--seconds", 2, "--rate", 400, "--json", "report.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    rows = {row["function"]: row for row in report["functions"]}
    compute_s, rest_s = map(float, process.communicate()[0].split())
    truth = rest_s / (compute_s + rest_s)
    assert truth < 0.15  # the sleep itself is 60 % of the time
    chance = 4 * (truth * (1 - truth) / report["samples"]) ** 0.5
    both = rows["compute"]["cpu_share"] + rows["rest"]["cpu_share"]
    assert both > 0.7  # on a busy machine some falls on the loop around them
    assert rows["rest"]["cpu_share"] / both == pytest.approx(truth, abs=chance + 0.03)
    assert rows["rest"]["wait_s"]["sleep"] > 0.3


def test_threads_of_a_few_milliseconds_are_seen(target, tmp_path):
    process = target(4, text="""\
        import sys, threading, time
        def short():
            end = time.thread_time() + 0.008
            while time.thread_time() < end: pass
            computed.append(time.thread_time())
        def between():
            end = time.thread_time() + 0.004
            while time.thread_time() < end: pass
        computed = []
        print("ready", flush=True)
        begin, end = time.thread_time(), time.monotonic() + float(sys.argv[1])
        while time.monotonic() < end:
            thread = threading.Thread(target=short)
            thread.start()
            thread.join()
            between()
        print(sum(computed), time.thread_time() - begin)
        """)
    done = attach("--pid", process.pid, "--seconds", 3, "--json", "report.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    short_s, main_s = map(float, process.stdout.readline().split())
    share = {row["function"]: row["total_share"] for row in json.loads((tmp_path / "report.json").read_text())["functions"]}
    seen = share["short"] / (share["short"] + share["between"])
    assert seen == pytest.approx(short_s / (short_s + main_s), abs=0.12), share


def test_ctrl_c_ends_it_with_a_report(target, tmp_path):
    process = target(6)
    hasten = subprocess.Popen([sys.executable, "-m", "hasten", "run", "--pid", str(process.pid)], cwd=tmp_path,
                              stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert "until Ctrl-C" in hasten.stderr.readline()
    capture = tmp_path / f"pid-{process.pid}.hasten"
    while not capture.exists() or _core.read_report(str(capture))["samples"] < 20:
        assert hasten.poll() is None
        os.sched_yield()
    hasten.send_signal(signal.SIGINT)
    _, verdict = hasten.communicate(timeout=30)
    assert hasten.returncode == 0
    assert "hot_a" in verdict
    assert process.poll() is None


def test_the_end_of_the_process_ends_it_too(target, tmp_path):
    process = target(1)
    done = attach("--pid", process.pid, cwd=tmp_path)
    assert done.returncode == 0 and "hot_a" in done.stderr


KILLED_BESIDE = """\
import select, sys
print("ready", flush=True)
rounds = total = 0
while not select.select([0], [], [], 0.002)[0]:
    total += sum(range(20000))
    rounds += 1
print(rounds, total)
"""


def test_killing_us_anywhere_leaves_it_unharmed(target, tmp_path):
    """SIGKILL at random moments: we only read. benchmarks/probe/kills.py does it a thousand times."""
    process = target(0, text=KILLED_BESIDE)
    draw = random.Random(7)
    killed = 0
    for round_number in range(8):
        hasten = subprocess.Popen(
            [sys.executable, "-m", "hasten", "run", "--pid", str(process.pid), "--rate", "2000", "--out", f"{round_number}.hasten"],
            cwd=tmp_path, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            hasten.wait(timeout=draw.uniform(0.05, 0.6))
        except subprocess.TimeoutExpired:
            hasten.kill()
        killed += hasten.wait() == -signal.SIGKILL
        for status in Path(f"/proc/{process.pid}/task").glob("*/status"):
            assert not re.search(r"State:\t[Tt]|TracerPid:\t[1-9]", status.read_text())
    output, _ = process.communicate("\n", timeout=30)
    rounds, total = map(int, output.split())
    assert killed == 8 and process.returncode == 0
    assert rounds > 0 and total == rounds * sum(range(20000))


def test_what_cannot_be_measured_is_said_in_one_line(tmp_path):
    sleeping = subprocess.Popen(["sleep", "60"])
    try:
        nothing = attach("--pid", 2**22 - 1, cwd=tmp_path)
        no_python = attach("--pid", sleeping.pid, cwd=tmp_path)
        wrong = attach("--pid", "abc", cwd=tmp_path)
        mixed = attach("--pid", sleeping.pid, "script.py", cwd=tmp_path)
    finally:
        sleeping.kill()
        sleeping.wait()
    assert (nothing.returncode, nothing.stderr.strip()) == (125, f"hasten run: there is no process {2**22 - 1}")
    assert no_python.returncode == 125 and no_python.stderr.strip() == f"hasten run: process {sleeping.pid} runs no Python"
    assert wrong.returncode == 2 and "not a process id" in wrong.stderr
    assert mixed.returncode == 2
    assert not list(tmp_path.glob("*.hasten"))


def test_what_has_ended_and_what_is_the_kernels_is_no_question_of_rights(tmp_path):
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    ended = attach("--pid", zombie.pid, cwd=tmp_path)
    zombie.wait()
    assert (ended.returncode, ended.stderr) == (
        125, f"hasten run: process {zombie.pid} has ended; only its parent has not noticed yet\n"
    )  # fmt: skip
    if "kthreadd" in (Path("/proc/2/comm").read_text() if Path("/proc/2/comm").exists() else ""):
        kernels = attach("--pid", 2, cwd=tmp_path)
        assert kernels.stderr == "hasten run: process 2 is a thread of the kernel\n"


PRETENDS = """\
#include <stdio.h>
char _PyRuntime[8192], PyCode_Type[512];
#ifdef VERSION
unsigned long Py_Version = VERSION;
#endif
int main(void) { puts("ready"); fflush(stdout); getchar(); return 0; }
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize("version, said", [("", "a Python before 3.11"), ("-DVERSION=0x036300f0", "Python 3.99.0")])
def test_a_python_too_old_or_too_new_is_named(tmp_path, version, said):
    """A program with the symbols of such a Python."""
    (tmp_path / "it.c").write_text(PRETENDS)
    subprocess.run(["gcc", "-rdynamic", *version.split(), "it.c", "-o", "it"], cwd=tmp_path, check=True)
    process = subprocess.Popen([tmp_path / "it"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    refused = attach("--pid", process.pid, cwd=tmp_path)
    process.communicate(b"\n")
    assert refused.returncode == 125 and len(refused.stderr.splitlines()) == 1
    assert refused.stderr.startswith(f"hasten run: process {process.pid} is {said}. ") and "3.11" in refused.stderr


CONTAINED = """\
import threading, time, os
def in_main():
    print("ready", flush=True)
    while True: sum(range(1000))
def sleeps():
    while True: time.sleep(0.05)
assert os.getpid() < 100
threading.Thread(target=sleeps, daemon=True).start()
in_main()
"""


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("unshare") is None, reason="needs root, to make namespaces")
def test_a_container_is_seen_from_the_host(tmp_path):
    """Other numbers for its threads, and a script that only it can see."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (tmp_path / "program.py").write_text(CONTAINED)
    inside = f"mount -t tmpfs none {hidden} && cp program.py {hidden}/ && exec {TARGET} {hidden}/program.py"
    outer = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", inside],
                             cwd=tmp_path, stdout=subprocess.PIPE, text=True)  # fmt: skip
    if outer.stdout.readline() != "ready\n":
        pytest.skip("no namespaces here")
    pid = int(Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text())
    try:
        done = attach("--pid", pid, "--seconds", 1, "--json", "report.json", cwd=tmp_path)
        # Without rights one line says how: root, but without the capability.
        drop = "import ctypes, os, sys; ctypes.CDLL(None).prctl(24, 19, 0, 0, 0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
        refused = subprocess.run([sys.executable, "-c", drop, "-m", "hasten", "run", "--pid", str(pid)],
                                 cwd=tmp_path, capture_output=True, text=True, timeout=60)  # fmt: skip
    finally:
        outer.kill()
        outer.wait()
        outer.stdout.close()
    assert done.returncode == 0, done.stderr
    assert not (hidden / "program.py").exists()
    report = json.loads((tmp_path / "report.json").read_text())
    rows = {row["function"]: row for row in report["functions"]}
    assert rows["in_main"]["cpu_share"] > 0.9
    assert rows["sleeps"]["wait_s"]["sleep"] > 0
    assert any(row.get("source", "").strip() == "while True: sum(range(1000))" for row in report["lines"])
    assert refused.returncode == 125 and len(refused.stderr.splitlines()) == 1
    assert "SYS_PTRACE" in refused.stderr and "run Hasten inside that container" in refused.stderr


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("unshare") is None, reason="needs root, to pretend a kernel setting")
@pytest.mark.parametrize("scope, remedy", [("1", "sysctl kernel.yama.ptrace_scope=0 (it is 1)"), ("3", "start the program with hasten run")])
def test_the_kernels_ptrace_scope_is_named(tmp_path, scope, remedy):
    """A made-up /proc/sys/kernel, and a process of the same user that is out of reach: it had other rights before."""
    (tmp_path / "kernel" / "yama").mkdir(parents=True)
    (tmp_path / "kernel" / "yama" / "ptrace_scope").write_text(scope + "\n")
    (tmp_path / "try.py").write_text(
        "import os\n"
        "from hasten import _core, errors\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "until, end = os.pipe()\n"
        "child = os.fork()\n"
        "if child == 0: os.close(end); os.read(until, 1); os._exit(0)\n"
        "try: _core.python_version_of(child)\n"
        "except errors.HastenError as error: print(error.code, error.hint)\n"
    )
    command = f"mount --bind {tmp_path}/kernel /proc/sys/kernel && exec {sys.executable} {tmp_path}/try.py"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", command], capture_output=True, text=True, timeout=60)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("no namespaces here")
    assert done.stdout.startswith("attach.not_allowed") and remedy in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to try it as another user")
def test_without_permission_the_remedy_is_named(target, tmp_path):
    process = target(5)
    os.chmod(tmp_path, 0o777)
    # Another user cannot read this installation: it is loaded before.
    text = (
        "import os, sys\n"
        "from hasten import _core, errors\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: _core.attach(int(sys.argv[1]), sys.argv[2])\n"
        "except errors.HastenError as error: print(error.code, error, error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", text, str(process.pid), str(tmp_path / "x.hasten")],
                          capture_output=True, text=True, timeout=30)  # fmt: skip
    assert done.stdout.startswith("attach.not_allowed"), done.stdout + done.stderr
    assert f"does not let this user read process {process.pid}" in done.stdout and "sudo" in done.stdout


def test_an_exec_ends_the_reading_and_is_said(tmp_path):
    """The program that stands in its place is no start-up of the first."""
    (tmp_path / "two.py").write_text(
        "import os, sys, time\n"
        "end = time.thread_time() + 1\n"
        "def first():\n"
        "    while time.thread_time() < end: sum(range(2000))\n"
        "if len(sys.argv) == 1:\n"
        "    print('ready', flush=True)\n"
        "    first()\n"
        "    os.execv(sys.executable, [sys.executable, __file__, 'again'])\n"
        "sys.stdin.read()\n"
    )
    target = subprocess.Popen([sys.executable, str(tmp_path / "two.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert target.stdout.readline() == b"ready\n"
        report_file = tmp_path / "r.json"
        done = attach("--pid", target.pid, "--json", report_file, cwd=tmp_path)  # no --seconds: the exec ends it
        assert target.poll() is None
    finally:
        target.stdin.close()
        target.wait()
    report = json.loads(report_file.read_text())
    assert f"process {target.pid} was not measured: it replaced the program that was read (exec)" in done.stderr
    first, second = report["processes"]
    assert second["after_exec"] and second["pid"] == first["pid"] and second["command"][-1] == "again"
    assert report["outside_python"]["cpu_share"] < 0.2
