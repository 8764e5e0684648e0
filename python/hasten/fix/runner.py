"""Runs the program under trial: same Python, arguments, directory and environment as it was recorded with.

Each run is a fresh process; its output goes to files, its report to a descriptor. Nothing here judges.
"""

from __future__ import annotations

import json
import marshal
import os
import resource
import select
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

from hasten.fix.ending import held
from hasten.fix.evidence import foreign_prefixes
from hasten.fix.keeper import Keeper
from hasten.fix.outputs import Output
from hasten.fix.trial import NOTEBOOK_STARTER
from hasten.fix.written import Written

_START = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trial", "start.py")
OUTPUT_BYTES_MAX = 1 << 30


class OutOfTime(Exception):
    """The run did not end within the time that was left; it was stopped."""


@dataclass
class Run:
    """One run of the whole program."""

    wall_s: float            # without the time in which the main thread waited for a CPU that others used, or was ours
    elapsed_s: float         # by the wall clock: what the budget pays
    exit_code: int           # negative: killed by that signal
    stdout: Output           # what was printed
    stderr: Output
    stderr_tail: str
    peak_rss_bytes: int | None  # None: it did not say, and the kernel's count is our own
    events: list = field(default_factory=list)
    files: dict = field(default_factory=dict)   # path -> Output of each file that the program writes

    def output(self, key):
        """What it wrote: key is "stdout", "stderr" or "file PATH"."""
        return self.files[key[5:]] if key.startswith("file ") else getattr(self, key)

    def forget_lines(self):
        """Keeps the digests alone: a session holds many runs."""
        for output in (self.stdout, self.stderr, *self.files.values()):
            output.lines = None


class Runner:
    """Starts runs. `overlay` maps a path to the bytes to run in its place."""

    def __init__(self, program):
        self.program = program
        self.run_count = 0
        self.written = Written(program.cwd)  # watched after each run, once they are known
        self._keeper = Keeper()
        self._child = None

    def close(self):
        self.stop()
        self._keeper.close()

    def stop(self):
        """Ends a run that is under way, with everything that it started."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
        if child is not None:
            self._keeper.end(child.pid)

    def plain(self, limit_s):
        """The program as it is, without the harness."""
        program = self.program
        words = {"script": [], "module": ["-m", program.target], "code": ["-c", program.target],
                 "notebook": [NOTEBOOK_STARTER]}[program.kind]
        rest = program.argv if program.kind in ("script", "notebook") else program.argv[1:]
        return self._run([program.python, *program.flags, *words, *rest], None, limit_s)

    def trial(self, overlay, limit_s, mode="time", **more):
        """The program with other text for some files."""
        program = self.program
        spec = {"mode": mode, "kind": program.kind, "target": program.target, "argv": program.argv,
                "orig_argv": program.command, "path0": program.path0, "overlay": dict(overlay), **more}
        if mode != "time":
            spec["foreign"] = foreign_prefixes()
        command = [program.python, *(f for f in program.flags if f != "-i"), _START]
        # Two processes are compared, in which sets must have the same order.
        return self._run(command, spec, limit_s, {"PYTHONHASHSEED": "0"} if mode == "record" else {})

    def _run(self, command, spec, limit_s, environment=None):
        if limit_s <= 0:
            raise OutOfTime
        folder = tempfile.mkdtemp(dir=self._keeper.folder)
        paths = [os.path.join(folder, name) for name in ("stdout", "stderr")]
        reader, writer = os.pipe()
        if spec is not None:
            spec["report_fd"] = writer
            spec_path = os.path.join(folder, "spec")
            with _new(spec_path) as file:
                file.write(marshal.dumps(spec, 2))  # version 2: every supported Python reads it
            command = [*command, spec_path]
        self.run_count += 1
        try:
            with _new(paths[0]) as out, _new(paths[1]) as err:
                start = time.perf_counter()
                # A session of its own: a run out of time takes its children with it, and none comes at the terminal, whose
                # settings (getpass) or foreground group it could leave changed.
                with held():
                    child = self._child = subprocess.Popen(
                        command, cwd=self.program.cwd, env=self.program.environ() | (environment or {}), stdin=subprocess.DEVNULL,
                        stdout=out, stderr=err, pass_fds=(writer,) if spec is not None else (), start_new_session=True)
                    self._keeper.begin(child.pid)
            os.close(writer)
            writer = -1
            events, usage, status, wall_s, elapsed_s = self._watch(child, reader, start, limit_s)
        finally:
            self.stop()
            os.close(reader)
            if writer >= 0:
                os.close(writer)
        with open(paths[1], "rb") as file:
            file.seek(max(0, os.path.getsize(paths[1]) - 400))
            tail = file.read().decode("utf-8", "replace")
        wall_s = max(1e-6, wall_s - sum(e["ns"] for e in events if e["event"] == "own") * 1e-9)
        run = Run(wall_s, elapsed_s, os.waitstatus_to_exitcode(status), Output.read(paths[0]), Output.read(paths[1]), tail,
                  _peak_bytes(events, usage), events)
        self._note_files(run)
        for path in paths:
            os.unlink(path)
        return run

    def _watch(self, child, reader, start, limit_s):
        """Reads events until the program has ended. Raises OutOfTime, with the events so far as .args[0]."""
        events = []
        pending = b""
        pidfd = os.pidfd_open(child.pid)
        poll = select.poll()
        poll.register(reader, select.POLLIN)
        poll.register(pidfd, select.POLLIN)
        try:
            while True:
                left = limit_s - (time.perf_counter() - start)
                if left <= 0:
                    self.stop()
                    raise OutOfTime(events)
                ready = dict(poll.poll(int(left * 1000) + 1))
                if reader in ready:
                    chunk = os.read(reader, 1 << 16)
                    if not chunk:
                        poll.unregister(reader)
                    pending += chunk
                    *lines, pending = pending.split(b"\n")
                    events += [json.loads(line) for line in lines]
                elif pidfd in ready:
                    elapsed_s = time.perf_counter() - start
                    wall_s = elapsed_s - _delay_s(child.pid)
                    _, status, usage = os.wait4(child.pid, 0)
                    child.returncode = status
                    events += _drain(reader, pending)
                    return events, usage, status, wall_s, elapsed_s
        finally:
            os.close(pidfd)

    def _note_files(self, run):
        for event in run.events:
            if event["event"] == "effect" and event["kind"] == "file":
                event["is_result"] = self.written.note(event["detail"])
        for path in self.written.results:
            run.files[path] = Output.read(path) if os.path.isfile(path) else Output("absent")


def _new(path):
    """A file that nobody else may read: it holds source text, or what the program printed."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _peak_bytes(events, usage):
    for event in events:
        if event["event"] == "peak":
            return event["bytes"]
    # A child's peak begins with its parent's size at the fork: below that nothing is known.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage.ru_maxrss * 1024 if usage.ru_maxrss > own else None


def _delay_s(pid):
    """How long the main thread of an ended, unreaped process stood ready while others had the CPU."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[1]) * 1e-9
    except (OSError, IndexError, ValueError):
        return 0.0


def _drain(reader, pending):
    """What is left in the pipe, without waiting for children that still hold its other end."""
    os.set_blocking(reader, False)
    try:
        while chunk := os.read(reader, 1 << 16):
            pending += chunk
    except BlockingIOError:
        pass
    return [json.loads(line) for line in pending.split(b"\n")[:-1]]
