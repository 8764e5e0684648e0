"""Runs something in a forked copy of this process, so that a crash or a hang is an outcome like another."""

from __future__ import annotations

import os
import resource
import select
import signal

GRACE = 30  # so many times its CPU time may pass on the clock: the machine may be busy


def outcome(work, cpu_seconds: int) -> str | None:
    """What `work()` returned (a text or None), "crash SIGNAL", or "hang" after that much CPU time."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1), os.dup2(null, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        found = ""
        try:
            found = work() or ""
        except BaseException:  # noqa: BLE001 - a candidate that is not a program any more
            found = ""
        finally:
            os.write(writing, found.encode(errors="replace")[:60000])
            os._exit(0)
    os.close(writing)
    said = b""
    while True:
        ready, _, _ = select.select([reading], [], [], cpu_seconds * GRACE)
        if not ready:
            os.kill(pid, signal.SIGKILL)
        data = os.read(reading, 1 << 16) if ready else b""
        if not data:
            break
        said += data
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "hang" if number in (signal.SIGKILL, signal.SIGXCPU) else f"crash {signal.Signals(number).name}"
    return said.decode(errors="replace") or None
