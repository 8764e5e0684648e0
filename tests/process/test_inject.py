"""A Python that runs already and takes the probe in: what only the inside tells, and that the program is none the worse."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

# One and one other: each is the other of some run.
TARGET = os.environ.get("HASTEN_TEST_TARGET", sys.executable)
PYTHONS = [TARGET, *[p for p in os.environ.get("HASTEN_OTHER_PYTHONS", "").split(os.pathsep) if p][-1:]]

# Works in turns with a thread that waits for its lock, and has a child now and then. Stops at the end of its input.
PROGRAM = """\
import json, os, select, subprocess, sys, threading, time

lock = threading.Lock()
waited = 0.0
stopping = False

def wait_for_lock():
    global waited
    while not stopping:
        begin = time.monotonic()
        lock.acquire()
        waited += time.monotonic() - begin
        lock.release()
        time.sleep(0.005)

def hold():
    with lock:
        time.sleep(0.05)

def compute(n):
    return sum(i * i for i in range(n))

def seen():
    return [sorted(sys.modules), sorted(os.environ), sorted(vars(sys)), sorted(globals())]

thread = threading.Thread(target=wait_for_lock)
thread.start()
json.dumps(0)
before = seen()
wrong = rounds = 0
print("ready", flush=True)
while not select.select([0], [], [], 0)[0]:
    hold()
    wrong += compute(100_000) != 333328333350000
    if rounds % 4 == 0:
        done = subprocess.run([sys.executable, "-c", "import os; print(sum(i * i for i in range(200_000)), 'LD_PRELOAD' in os.environ)"],
                              capture_output=True, text=True)
        wrong += done.stdout != "2666646666700000 False\\n" or done.stderr != ""
    rounds += 1
stopping = True
thread.join()
print(json.dumps({"rounds": rounds, "wrong": wrong, "waited": waited, "changed": before[:3] != seen()[:3]}))
"""


@pytest.fixture
def target(tmp_path):
    """Starts a program on a Python and waits until it runs."""
    started = []

    def start(python=TARGET, text=PROGRAM, **more):
        script = tmp_path / f"program{len(started)}.py"
        script.write_text(textwrap.dedent(text))
        process = subprocess.Popen(
            [python, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


def enter(process, *words, **options):
    command = [sys.executable, "-m", "hasten", "run", "--pid", str(process.pid), "--inject", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def ended(process):
    """What it prints at its end; it must have noticed nothing."""
    output, errors = process.communicate("\n", timeout=60)
    assert (process.returncode, errors) == (0, "")
    answer = json.loads(output)
    assert answer["wrong"] == 0 and not answer["changed"] and answer["rounds"] > 0
    return answer


@pytest.mark.parametrize("python", PYTHONS)
def test_waits_and_children_are_told_from_inside(target, tmp_path, python):
    process = target(python)
    done = enter(process, "--seconds", 3, "--json", "report.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    answer = ended(process)
    assert report["engine"] != "from outside" and report["wall_s"] == pytest.approx(3, abs=0.3)
    rows = {row["function"]: row for row in report["functions"] if row["origin"] == "own"}
    split = rows["compute.<locals>.<genexpr>"]["split"]
    assert split["bytecode"] + split["runtime"] > 0  # few samples may all be in one of the two
    # Both threads wait for most of the time, one of them for the other's lock. It waited longer than it was looked at.
    assert 1.0 < rows["wait_for_lock"]["wait_s"]["lock"] <= answer["waited"]
    main = next(thread for thread in report["threads"] if thread["tid"] == process.pid)
    told = main["cpu_s"] + main["runnable_s"] + sum(main["wait_s"].values())
    assert told == pytest.approx(main["wall_s"], rel=0.1)
    children = [row for row in report["processes"] if row["pid"] != process.pid]
    assert len(children) >= 3 and all("why_not_sampled" not in row for row in children)


def clocks(pid):
    """How many descriptors of the probe's a process has: the program's own come and go with its children."""
    count = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            count += "perf_event" in os.readlink(f"/proc/{pid}/fd/{name}")
    return count


def test_it_can_be_entered_again_and_again(target, tmp_path):
    process = target()
    descriptors = []
    for number in range(3):
        done = enter(process, "--seconds", 0.5, "--json", f"{number}.json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        report = json.loads((tmp_path / f"{number}.json").read_text())
        assert "hold" in {row["function"] for row in report["functions"]}
        assert max(thread["wait_s"]["lock"] + thread["wait_s"]["sleep"] for thread in report["threads"]) <= report["wall_s"] * 1.05
        descriptors.append(clocks(process.pid))
    ended(process)
    assert descriptors[-1] <= descriptors[0] + 2  # of its two threads


@pytest.mark.skipif(not os.access("/proc/sys/kernel/ns_last_pid", os.W_OK), reason="needs the right to choose the next process's number")
def test_a_shorter_number_than_the_last_visitors(target, tmp_path):
    """The probe keeps where its collector is: the place of an earlier one must not shine through."""
    process = target()
    last = Path("/proc/sys/kernel/ns_last_pid")
    before = last.read_text()
    for number in ("21000", "700"):
        last.write_text(number)
        done = enter(process, "--seconds", 0.3, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    last.write_text(before)
    ended(process)


def test_a_loop_that_ran_before(target, tmp_path):
    process = target(text="""
        import asyncio, json, sys
        async def tick():
            while True:
                await asyncio.sleep(0.02)
        async def main():
            task = asyncio.create_task(tick(), name="ticker")
            print("ready", flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            task.cancel()
        asyncio.run(main())
        print(json.dumps({"wrong": 0, "changed": False, "rounds": 1}))
    """)
    done = enter(process, "--seconds", 1.5, "--json", "report.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    ended(process)
    ticker = next(row for row in report["tasks"] if row["name"] == "ticker")
    assert ticker["await_s"] == pytest.approx(report["wall_s"], abs=0.4)


def test_killing_hasten_does_not_harm_it(target, tmp_path):
    """SIGKILL at random moments. benchmarks/probe/kills.py --only entered does it a thousand times."""
    process = target()
    draw = random.Random(7)
    command = [sys.executable, "-m", "hasten", "run", "--pid", str(process.pid), "--inject"]
    for number in range(8):
        hasten = subprocess.Popen([*command, "--out", f"{number}.hasten"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            hasten.wait(draw.uniform(0.05, 1.2))
        except subprocess.TimeoutExpired:
            pass
        hasten.kill()
        hasten.wait()
        assert process.poll() is None
    done = enter(process, "--seconds", 0.5, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    ended(process)


def test_what_runs_under_hasten_is_not_entered(tmp_path):
    command = [sys.executable, "-m", "hasten", "run", "-c", "print('ready', flush=True); input()"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as hasten:
        assert hasten.stdout.readline() == "ready\n"
        child = int(next(iter(open(f"/proc/{hasten.pid}/task/{hasten.pid}/children").read().split())))
        done = subprocess.run(
            [sys.executable, "-m", "hasten", "run", "--pid", str(child), "--inject"], capture_output=True, text=True, cwd=tmp_path
        )  # fmt: skip
        assert done.returncode == 125
        assert f"process {child} runs under `hasten run` already" in done.stderr
        hasten.communicate("\n")
        assert hasten.returncode == 0


def test_a_program_that_comes_to_no_safe_point_is_left_alone(target, tmp_path):
    process = target(text="""
        import signal
        signal.signal(signal.SIGUSR1, lambda *_: None)
        print("ready", flush=True)
        signal.pause()
        input()
        print('{"wrong": 0, "changed": false, "rounds": 1}')
    """)
    done = enter(process, cwd=tmp_path)
    assert done.returncode == 125
    assert f"process {process.pid} ran no Python code for 10 s that could let the probe in" in done.stderr
    assert list(tmp_path.glob("*.hasten")) == []
    process.send_signal(signal.SIGUSR1)  # now the call is made that was taken back
    ended(process)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to try it on another user's process")
def test_another_users_process_is_told_apart(target, tmp_path):
    process = target(text="""
        import os
        os.setuid(65534)
        print("ready", flush=True)
        input()
        print('{"wrong": 0, "changed": false, "rounds": 1}')
    """)
    done = enter(process, cwd=tmp_path)
    assert done.returncode == 125
    assert f"process {process.pid} runs as user 65534" in done.stderr and "sudo -u '#65534' hasten" in done.stderr
    ended(process)


def test_inject_goes_with_pid(tmp_path):
    done = subprocess.run([sys.executable, "-m", "hasten", "run", "--inject", "x.py"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and "--inject goes with --pid" in done.stderr
