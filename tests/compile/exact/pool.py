"""Worker processes with a crash guard: a worker that dies or stops answering costs one seed, and names it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
HANG_S = 60.0  # of CPU time: other work on the machine must not look like a hang
WAIT_S = 900.0  # a worker that waits for ever takes none
SEEDS_PER_WORKER = 60  # a fresh process now and then: what one program leaves behind must not hide in another
# What the workers run with, in turns. Without LLVM's optimization they compile eight times as fast, and see the same of ours; the
# interpreter compiles nothing, and has all that native code leaves to it.
OPTIMIZED, QUICK, CHANGING, INTERPRETER = (
    {"HASTEN_JIT_TIER": tier} for tier in ("optimized", "quick", "changing", "interpreter")
)
BACKGROUND = OPTIMIZED | {"HASTEN_JIT_BACKGROUND": "wait"}
MODES = (OPTIMIZED, QUICK, QUICK, INTERPRETER, BACKGROUND, QUICK, CHANGING, QUICK)


@dataclass
class Finding:
    seed: int
    what: str
    mode: dict  # one of MODES


@dataclass
class Totals:
    tally: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)
    programs: int = 0

    def add(self, tally: dict) -> None:
        for key, value in tally.items():
            self.tally[key] = self.tally.get(key, 0) + value

    @property
    def calls(self) -> int:
        return self.tally.get("calls", 0)


class Worker:
    def __init__(self, command: list[str], env: dict, mode: dict, log: Path):
        self.log = log
        self.mode = mode
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("wb"),
            env=env | mode,
            start_new_session=True,
        )
        self.seed: int | None = None
        self.deadline = self.cpu_deadline = 0.0
        self.done = 0
        self.buffer = b""

    def give(self, seed: int) -> None:
        self.seed = seed
        self.deadline = time.monotonic() + WAIT_S
        self.cpu_deadline = self.cpu_seconds() + HANG_S
        try:
            self.process.stdin.write(b"%d\n" % seed)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it died: read() sees the end of its output

    def cpu_seconds(self) -> float:
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def hangs(self) -> bool:
        return self.cpu_seconds() > self.cpu_deadline or time.monotonic() > self.deadline

    def lines(self) -> list[dict] | None:
        """What it said since the last time; None at the end of its output."""
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        if not data:
            return None
        *whole, self.buffer = (self.buffer + data).split(b"\n")
        return [json.loads(line) for line in whole]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def death(self) -> str:
        code = self.process.wait()
        name = signal.Signals(-code).name if code < 0 else f"exit {code}"
        tail = self.log.read_text(errors="replace")[-1500:]
        return f"crash: the worker ended with {name}\n{tail}"


def run_seeds(
    seeds,
    *,
    directory: Path,
    wrap: str = "jit",
    jobs: int = 2,
    python: str = sys.executable,
    stop_when=lambda totals: False,
    env: dict | None = None,
    progress=None,
    density: int = 1,
    cover: int = 0,
) -> Totals:
    """Runs every seed of the iterator, until `stop_when(totals)`."""
    directory.mkdir(parents=True, exist_ok=True)
    command = [
        python,
        "-X",
        "faulthandler",
        str(HERE / "worker.py"),
        "--directory",
        str(directory),
        "--wrap",
        wrap,
        "--density",
        str(density),
        "--cover",
        str(cover),
    ]
    environment = dict(os.environ, PYTHONHASHSEED="0", HASTEN_JIT_CACHE="off", **(env or {}))
    totals, selector, workers = Totals(), selectors.DefaultSelector(), {}
    report = progress or (lambda _: None)
    seeds = iter(seeds)
    started = 0

    def feed(worker: Worker | None, slot: int) -> None:
        nonlocal started
        seed = None if stop_when(totals) else next(seeds, None)
        if worker and (seed is None or worker.done >= SEEDS_PER_WORKER):
            selector.unregister(worker.process.stdout)
            worker.stop()
            worker = None
            workers.pop(slot, None)
        if seed is None:
            return
        if worker is None:
            mode = MODES[started % len(MODES)]
            started += 1
            worker = Worker(command, environment, mode, directory / f"worker_{started}.log")
            workers[slot] = worker
            selector.register(worker.process.stdout, selectors.EVENT_READ, slot)
        worker.give(seed)

    def lose(slot: int, what: str) -> None:
        worker = workers.pop(slot)
        selector.unregister(worker.process.stdout)
        totals.findings.append(Finding(worker.seed, what, worker.mode))
        feed(None, slot)

    try:
        for slot in range(jobs):
            feed(None, slot)
        while workers:
            for key, _ in selector.select(timeout=1.0):
                slot = key.data
                worker = workers[slot]
                said = worker.lines()
                if said is None:
                    if worker.process.wait() in (-signal.SIGTERM, -signal.SIGINT):
                        raise KeyboardInterrupt("a worker was ended from outside")
                    lose(slot, worker.death())
                    continue
                for line in said:
                    if "end" not in line:
                        continue
                    totals.programs += 1
                    totals.add(line["tally"])
                    if line["found"]:
                        totals.findings.append(Finding(line["end"], line["found"], worker.mode))
                    worker.done += 1
                    feed(worker, slot)
                report(totals)
            for slot, worker in list(workers.items()):
                if worker.hangs():
                    os.kill(
                        worker.process.pid, signal.SIGABRT
                    )  # faulthandler prints where it hangs
                    worker.process.wait()
                    lose(
                        slot,
                        "hang: no answer in %d s of CPU time\n%s"
                        % (HANG_S, worker.log.read_text(errors="replace")[-1500:]),
                    )
    finally:
        for worker in workers.values():
            worker.kill()
    return totals
