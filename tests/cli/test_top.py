"""`hasten top`: the picture of a report, and a process watched for real."""

import json
import os
import select
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from hasten.cli.top import head_line, picture

REPORT = {
    "wall_s": 2.0, "cpu_s": 1.0, "samples": 300, "peak_rss_bytes": 50_000_000, "cwd": "/home/u",
    "threads": [
        {"tid": 7, "name": "MainThread", "cpu_s": 1.0, "wall_s": 2.0, "runnable_s": 0.5, "wait_s": {"gil": 0.5, "io": 0.0}},
        {"tid": 8, "name": "w", "cpu_s": 0.0, "wall_s": 2.0, "runnable_s": 0.0, "wait_s": {"gil": 0.0, "io": 2.0}},
    ],
    "functions": [
        {"function": "f", "file": "/home/u/a.py", "first_line": 3, "cpu_share": 0.75, "total_share": 1.0, "self_cpu_s": 0.75},
        {"function": "g", "file": "/home/u/a.py", "first_line": 9, "cpu_share": 0.0, "total_share": 0.0, "self_cpu_s": 0.0},
    ],
    "lines": [
        {"function": "f", "file": "/home/u/a.py", "line": 4, "cpu_share": 0.75, "source": "  x += 1", "wait_s": {"gil": 0.5}},
        {"function": "g", "file": "/home/u/a.py", "line": 10, "cpu_share": 0.0, "wait_s": {"io": 2.0}},
    ],
}  # fmt: skip


def test_each_view_says_what_the_report_says():
    functions = picture(REPORT, "functions", 100, 40)
    assert "50 % of a CPU, 2 threads, memory 50 MB, 300 looks" in functions[0]
    assert functions[2].split() == ["75.0", "%", "100.0", "%", "f", "(a.py:3)"] and len(functions) == 3
    assert picture(REPORT, "lines", 100, 40)[2].split(maxsplit=3) == ["75.0", "%", "a.py:4", "x += 1"]
    threads = picture(REPORT, "threads", 100, 40)
    assert threads[2].split() == ["50", "%", "25", "%", "25", "%", "7", "MainThread", "(gil)"]
    waiting = picture(REPORT, "waiting", 100, 40)
    assert waiting[2].split()[-3:] == ["io", "a.py:10", "(g)"] and "gil" in waiting[3]


def test_a_picture_keeps_to_the_screen():
    lines = picture(REPORT, "functions", 20, 2)
    assert len(lines) == 2 and max(map(len, lines)) <= 20


def test_the_gil_and_processes():
    places = [{"file": "/home/u/a.py", "line": line, "function": name} for line, name in ((4, "f"), (10, "g"))]
    inside = {
        **REPORT, "engine": "perf clock", "gil": [{"holder": places[0], "waiter": places[1], "seconds": 0.5}],
        "processes": [{"pid": 7, "command": ["python", "a.py"], "cpu_s": 1.0, "peak_rss_bytes": 50_000_000}],
    }  # fmt: skip
    assert picture(inside, "gil", 100, 40)[2].strip() == "0.50 s  a.py:10 (g)  while it was held by a.py:4 (f)"
    assert picture(inside, "processes", 100, 40)[2].split() == ["7", "1.00", "s", "50", "MB", "python", "a.py"]
    assert "--inject" in picture({**REPORT, "engine": "from outside"}, "gil", 100, 40)[1]


@pytest.fixture
def burning():
    process = subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True)\ndef burns():\n  while True: sum(range(1000))\nburns()"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "up\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.process
def test_once(burning, tmp_path):
    command = [sys.executable, "-m", "hasten", "top", "--once", "--seconds", "1.5", "--json", tmp_path / "r.json", str(burning.pid)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "burns" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["functions"][0]["function"] == "burns"


@pytest.mark.process
def test_once_from_inside(burning, tmp_path):
    command = [sys.executable, "-m", "hasten", "top", "--inject", "--once", "--seconds", "1", "--json", tmp_path / "r.json", str(burning.pid)]
    for _ in range(2):  # as the live picture does: again and again
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert str(burning.pid) in done.stdout
        report = json.loads((tmp_path / "r.json").read_text())
        assert report["functions"][0]["function"] == "burns" and report["engine"] != "from outside"


@pytest.mark.process
def test_killed_it_leaves_no_file(burning, tmp_path):
    hasten = subprocess.Popen(
        [sys.executable, "-m", "hasten", "top", "--once", "--seconds", "60", str(burning.pid)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    seen = False
    while not seen:
        assert hasten.poll() is None
        with suppress(FileNotFoundError):  # a descriptor that has just been closed
            seen = any("hasten-top" in os.readlink(fd) for fd in Path(f"/proc/{hasten.pid}/fd").iterdir())
    hasten.kill()
    hasten.wait()
    assert not list(tmp_path.iterdir())


@pytest.mark.process
def test_keys_switch_and_end(burning):
    """In a terminal: a picture, another view, and the terminal as it was before."""
    import termios

    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen([sys.executable, "-m", "hasten", "top", "--seconds", "0.5", str(burning.pid)],
                               stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})  # fmt: skip
    seen = b""

    def read_until(text):
        nonlocal seen
        while text not in seen:
            assert select.select([ours], [], [], 30)[0], seen[-2000:]
            seen += os.read(ours, 65536)

    read_until(b"burns")
    os.write(ours, b"t")
    read_until(b"ready  waiting")
    os.write(ours, b"q")
    while process.poll() is None:
        if select.select([ours], [], [], 0.1)[0]:
            os.read(ours, 65536)
    assert process.returncode == 0
    assert termios.tcgetattr(theirs)[3] == before[3]
    assert burning.poll() is None


@pytest.mark.process
def test_the_end_of_the_process_is_said():
    sleeping = subprocess.Popen(["sleep", "60"])
    try:
        done = subprocess.run([sys.executable, "-m", "hasten", "top", str(sleeping.pid)], capture_output=True, text=True, timeout=60)
    finally:
        sleeping.kill()
        sleeping.wait()
    assert done.returncode == 125 and "runs no Python" in done.stderr


def test_a_command_of_several_lines_is_one_row():
    seen = {**REPORT, "processes": [{"pid": 7, "command": ["python", "-c", "import time\nt=1\x1b[2J"]}]}
    lines = picture(seen, "processes", 100, 40)
    assert len(lines) == 3 and lines[2].endswith(r"python -c import time\nt=1\x1b[2J")


def test_every_key_is_to_be_read_however_narrow():
    for columns in (200, 100, 80, 60, 40):
        head = head_line(1234567, "3.13.0rc2", columns)
        assert len(head) <= columns
        assert {"f", "l", "t", "w", "g", "p", "q"} <= set(head.split())


def test_what_is_no_number_is_no_process():
    done = subprocess.run([sys.executable, "-m", "hasten", "top", "x"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "'x' is not a process id" in done.stderr


@pytest.mark.process
def test_a_process_that_ends_meanwhile_is_no_failure(burning):
    ours, theirs = os.openpty()
    top = subprocess.Popen([sys.executable, "-m", "hasten", "top", "--seconds", "0.3", str(burning.pid)],
                           stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env={**os.environ, "TERM": "xterm"})  # fmt: skip
    seen = b""
    while b"burns" not in seen:
        assert select.select([ours], [], [], 30)[0], seen[-2000:]
        seen += os.read(ours, 65536)
    burning.kill()  # and nobody waits for it: it stays in /proc
    while top.poll() is None:
        if select.select([ours], [], [], 0.1)[0]:
            os.read(ours, 65536)
    assert top.returncode == 0
    assert top.stderr.read().decode().strip().endswith(f"process {burning.pid} has ended")
