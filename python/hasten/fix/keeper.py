"""The folder of one session's trials, and who ends them if this process is killed.

A keeper is a small process of its own that waits for the end of a pipe. The kernel closes the pipe whatever ends this process,
kill -9 included; then the keeper ends the trial that runs, with everything that it started, and removes the folder. If the keeper dies
too (a machine that goes down), the next session removes the folder: its owner holds a lock on it as long as it lives.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile

PREFIX = "hasten-fix-"
_OWNER = "owner"

# Reads `+PID` and `-PID`, each a process group that has begun or has been waited for; `.` is an end in good order.
_KEEPER = """
import os, shutil, signal, sys
groups = set()
for line in sys.stdin.buffer:
    if line == b".\\n":
        break
    (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
else:
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            pass
    shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


class Keeper:
    """folder: mode 0700, removed by close() or, if that is never reached, by the keeper."""

    def __init__(self):
        remove_leftovers()
        self.folder = tempfile.mkdtemp(prefix=PREFIX)
        self._lock = _locked(self.folder)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _KEEPER, self.folder], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd="/", start_new_session=True)

    def begin(self, group):
        """A process group that must not outlive this process."""
        self._tell(b"+%d\n" % group)

    def end(self, group):
        """That group has been waited for; its number may be given to others."""
        self._tell(b"-%d\n" % group)

    def close(self):
        if self._process is None:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self._tell(b".\n")
        process, self._process = self._process, None
        process.stdin.close()
        process.wait()
        os.close(self._lock)

    def _tell(self, line):
        if self._process is None:
            return
        try:
            os.write(self._process.stdin.fileno(), line)
        except BrokenPipeError:
            pass  # somebody ended the keeper: this process still ends its trials itself


def remove_leftovers():
    """Removes folders of sessions whose owner is dead. Costs a look at the temporary folder."""
    with os.scandir(tempfile.gettempdir()) as entries:
        found = [e.path for e in entries if e.name.startswith(PREFIX) and e.is_dir(follow_symlinks=False)
                 and e.stat(follow_symlinks=False).st_uid == os.getuid()]
    for folder in found:
        try:
            fd = os.open(os.path.join(folder, _OWNER), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue  # it is being made, or is no folder of ours
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # its owner lives
        finally:
            os.close(fd)


def _locked(folder):
    """A descriptor that holds the folder's lock. The file gets its name when it is locked: nobody finds it without."""
    fd, path = tempfile.mkstemp(dir=folder)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.rename(path, os.path.join(folder, _OWNER))
    return fd
