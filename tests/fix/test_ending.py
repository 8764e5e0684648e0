"""Signals and sudden death in the middle of a trial: nothing runs on, nothing is left, the terminal is as it was."""

import os
import select
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from hasten.fix import keeper
from hasten.fix.ending import Ended, held, signals_end_it
from hasten.fix.keeper import Keeper, remove_leftovers

pytestmark = [pytest.mark.process, pytest.mark.one_python]

# Recorded, it ends; in a trial it says who it is, starts a child, and waits for ever.
WAITS = """\
import os, signal, subprocess, sys
def f(n):
    t = 0
    for i in range(n):
        if i % 50 in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]:
            t += 1
    return t
print(f(1000000))
if os.path.exists('say'):
    child = os.fork()
    if not child:
        signal.pause()
    with open('say', 'w') as file:
        file.write(f'{os.getpid()} {child}')
    signal.pause()
"""


@pytest.fixture
def waiting(tmp_path):
    """waiting(command) -> (hasten's process, the trial's pids, its folder): a session in the middle of its first trial."""
    started = []
    (tmp_path / "waits.py").write_text(WAITS)
    (tmp_path / "tmp").mkdir()

    def hasten(*words, **how):
        return subprocess.Popen([sys.executable, "-m", "hasten", *words], cwd=tmp_path, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
                                **({"stdin": subprocess.DEVNULL} | how))

    def start(command, **how):
        if command == "prove":
            (tmp_path / "waits.py").write_text(WAITS + "def g(n): return f(n)\n")
            words = ["prove", "waits.py:f=g", "--yes", "--command", "waits.py"]
        else:
            recorded = hasten("run", "waits.py")
            assert recorded.communicate(timeout=120) and recorded.returncode == 0
            words = ["fix", "--yes"]
        os.mkfifo(tmp_path / "say")
        process = hasten(*words, **how)
        started.append(process)
        pids = [int(word) for word in (tmp_path / "say").read_text().split()]  # waits for the program
        assert len(pids) == 2, process.communicate()
        (folder,) = (tmp_path / "tmp").iterdir()
        return process, pids, folder

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def wait_for_end(pid):
    """Of a process that is no child of ours."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([fd], [], [], 30)[0], f"process {pid} still runs"
    finally:
        os.close(fd)


def keeper_of(folder):
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (words := (entry / "cmdline").read_bytes().split(b"\0"))[-2:-1] == [os.fsencode(folder)]:
                return int(entry.name), words
        except OSError:
            continue
    raise AssertionError("no keeper")


@pytest.mark.parametrize("command", ["fix", "prove"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_trial_and_folder(waiting, tmp_path, command, number):
    process, pids, folder = waiting(command)
    guard, _ = keeper_of(folder)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number and "Traceback" not in err
    assert f"interrupted by {number.name}" in out + err
    for pid in (*pids, guard):
        wait_for_end(pid)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not list(tmp_path.glob("*.fix.json")), "nothing was proven, so nothing is kept"


def test_what_lies_in_the_folder_is_for_its_owner_alone(waiting):
    _, _, folder = waiting("fix")
    assert folder.stat().st_mode & 0o777 == 0o700
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert files and all(p.stat().st_mode & 0o077 == 0 for p in files), files


@pytest.mark.parametrize("command", ["fix", "prove"])
def test_killed_nothing_runs_on_and_nothing_is_left(waiting, tmp_path, command):
    process, pids, folder = waiting(command)
    guard, _ = keeper_of(folder)
    before = (tmp_path / "waits.py").read_bytes()
    process.kill()
    process.communicate()
    for pid in (*pids, guard):
        wait_for_end(pid)
    assert not folder.exists() and (tmp_path / "waits.py").read_bytes() == before


def test_if_the_keeper_is_killed_too_the_next_session_cleans_up(waiting, tmp_path, monkeypatch):
    process, pids, folder = waiting("fix")
    os.kill(keeper_of(folder)[0], signal.SIGKILL)
    process.kill()
    process.communicate()
    assert folder.exists()
    os.killpg(pids[0], signal.SIGKILL)
    monkeypatch.setattr(keeper.tempfile, "tempdir", str(tmp_path / "tmp"))
    again = Keeper()
    try:
        assert not folder.exists() and os.path.isdir(again.folder)
    finally:
        again.close()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_folders_of_the_living_and_of_others_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper.tempfile, "tempdir", str(tmp_path))
    (tmp_path / "hasten-fix-new").mkdir()
    (tmp_path / "hasten-fix-file").write_text("")
    (tmp_path / "other").mkdir()
    (tmp_path / "hasten-fix-dead").mkdir()
    (tmp_path / "hasten-fix-dead" / "owner").write_text("")
    living = Keeper()
    try:
        remove_leftovers()
        assert sorted(os.listdir(tmp_path)) == sorted(["hasten-fix-file", "hasten-fix-new", os.path.basename(living.folder), "other"])
    finally:
        living.close()
        living.close()


def test_a_signal_between_start_and_note_waits():
    with pytest.raises(Ended) as ended, signals_end_it():
        with held():
            os.kill(os.getpid(), signal.SIGTERM)
            reached = True
        raise AssertionError("it should have ended here")
    assert reached and ended.value.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_was_to_be_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_end_it():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_terminal_is_as_it_was(waiting):
    controller, terminal = os.openpty()
    before = termios.tcgetattr(terminal)
    process, pids, _ = waiting("fix", stdin=terminal)
    # A trial has no terminal: neither as its controlling one nor on a descriptor.
    for pid in pids:
        assert Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[4] == "0"
        assert not any(os.readlink(entry).startswith("/dev/pts") for entry in Path(f"/proc/{pid}/fd").iterdir())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert termios.tcgetattr(terminal) == before
    os.close(controller)
    os.close(terminal)
