"""Terminals, Ctrl-C, Ctrl-Z and signals sent to Hasten itself. Every step waits for the event before it."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

import pytest

pytestmark = pytest.mark.process
PATIENCE_S = 60


class Terminal:
    """`hasten` as the foreground job of a terminal of its own."""

    def __init__(self, hasten, *words, launcher=None):
        self.master, slave = pty.openpty()

        def become_session_leader():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, *([launcher] if launcher else ["-m", "hasten"]), *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=hasten.folder,
            preexec_fn=become_session_leader,
        )
        os.close(slave)
        self.seen = ""

    def wait_for(self, pattern):
        """Read until the pattern has been printed."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.seen):
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no {pattern!r} in: {self.seen}"
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            assert data, f"ended without {pattern!r}: {self.seen}"
            self.seen += data.decode(errors="replace").replace("\r\n", "\n")

    def type(self, text):
        os.write(self.master, text.encode())

    def finish(self):
        """Read to the end; the exit code."""
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 65536):
                self.seen += data.decode(errors="replace").replace("\r\n", "\n")
        return self.process.wait(PATIENCE_S)

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.master)


@pytest.fixture
def terminal(hasten):
    opened = []

    def open_terminal(*words, **options):
        opened.append(Terminal(hasten, *words, **options))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


def test_the_program_has_the_terminal(hasten, terminal):
    hasten.write(
        "ask.py",
        "import os, sys\n"
        "print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty(), os.tcgetpgrp(0) == os.getpgrp())\n"
        "print('hello', input('name? '))\n",
    )
    t = terminal("run", "ask.py")
    t.wait_for(r"name\? ")
    t.type("Ada\n")
    assert t.finish() == 0
    assert "True True True True" in t.seen
    assert "hello Ada" in t.seen


FOREVER = """\
def forever():
    n = 0
    while True:
        n += 1
        if n == 5_000_000:
            print("ready", flush=True)

forever()
"""


def test_ctrl_c_once_ends_the_program_and_reports(hasten, terminal):
    hasten.write("forever.py", FOREVER)
    t = terminal("run", "forever.py")
    t.wait_for("ready")
    t.type("\x03")
    t.wait_for("capture forever.hasten")
    assert t.finish() == -signal.SIGINT
    assert t.seen.count("KeyboardInterrupt") == 1, t.seen
    assert "forever" in t.seen.split("where the time went")[1]
    assert "SIGINT" in t.seen


def test_a_program_may_survive_ctrl_c(hasten, terminal):
    hasten.write(
        "stubborn.py",
        "import sys\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    while True:\n"
        "        pass\n"
        "except KeyboardInterrupt:\n"
        "    print('goodbye')\n"
        "    sys.exit(9)\n",
    )
    t = terminal("run", "stubborn.py")
    t.wait_for("ready")
    t.type("\x03")
    assert t.finish() == 9
    assert "goodbye" in t.seen
    assert hasten.captures == ["stubborn.hasten"]


# What a shell does with a job: a process group of its own in the terminal's foreground. (In the session leader's
# own group the kernel would drop Ctrl-Z, for nobody could wake that group again.)
SHELL = """\
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", "hasten", "run", *sys.argv[1:]])
_, status = os.waitpid(job, os.WUNTRACED)
print("job stopped" if os.WIFSTOPPED(status) else "job ended", flush=True)
os.tcsetpgrp(0, job)
os.killpg(job, signal.SIGCONT)
_, status = os.waitpid(job, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_ctrl_z_stops_both_and_both_go_on(hasten, terminal):
    hasten.write("shell.py", SHELL)
    hasten.write("stops.py", "print('ready', flush=True)\nprint('got', input())\nraise SystemExit(6)\n")
    t = terminal("stops.py", launcher="shell.py")
    t.wait_for("ready")
    t.type("\x1a")
    t.wait_for("job stopped")  # Hasten stops with its program, or the shell never gets its prompt back
    t.type("on\n")
    assert t.finish() == 6
    assert "got on" in t.seen
    assert hasten.captures == ["stops.hasten"]


def test_ctrl_c_arrives_once(hasten, terminal):
    hasten.write(
        "counts.py",
        "import signal, sys\n"
        "seen = []\n"
        "def note(*_):\n"
        "    seen.append(1)\n"
        "    signal.setitimer(signal.ITIMER_REAL, 0.5)\n"  # time enough for a second one
        "signal.signal(signal.SIGINT, note)\n"
        "signal.signal(signal.SIGALRM, lambda *_: sys.exit(40 + len(seen)))\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    signal.pause()\n",
    )
    t = terminal("run", "counts.py")
    t.wait_for("ready")
    t.type("\x03")
    assert t.finish() == 41, t.seen


def start(hasten, *words, **options):
    process = subprocess.Popen(
        [sys.executable, "-m", "hasten", "run", *words],
        cwd=hasten.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"])
def test_signals_sent_to_hasten_reach_the_program(hasten, name):
    number = signal.Signals[name]
    hasten.write(
        "handles.py",
        "import os, signal, sys\n"
        f"signal.signal({int(number)}, lambda *_: os._exit(5))\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    signal.pause()\n",
    )
    process = start(hasten, "handles.py")
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 5, errors
    assert hasten.captures == ["handles.hasten"]


def test_sigterm_without_a_handler(hasten):
    hasten.write("forever.py", FOREVER)
    process = start(hasten, "forever.py")
    process.terminate()
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGTERM
    assert "forever" in errors


def test_if_hasten_is_killed_the_program_runs_on(hasten):
    hasten.write(
        "outlives.py",
        "import os, sys\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"  # until the test closes it: Hasten is dead by then
        "n = 0\n"
        "for i in range(3_000_000):\n"
        "    n += i\n"
        "open('answer', 'w').write(str(n))\n"
        "os.rename('answer', 'answer.txt')\n",
    )
    process = start(hasten, "outlives.py", stdin=subprocess.PIPE)
    process.kill()
    process.wait(PATIENCE_S)
    process.stdin.close()
    process.stdout.read()  # the end of the pipe is the end of the program
    assert (hasten.folder / "answer.txt").read_text() == str(sum(range(3_000_000)))
    process.stderr.close()
    process.stdout.close()
    # And what had been written by then can be opened.
    shown = hasten("view", "outlives.hasten")
    assert shown.returncode == 0, shown.stderr
