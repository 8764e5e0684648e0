"""One program under the profiler, in a process of its own, and what the capture says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hasten.errors import HastenError

# The collector takes over signal handlers and standard streams: it gets a process of its own.
_COLLECT = """\
import json, sys
from hasten import _core
from hasten.errors import HastenError
command, capture, rate_hz, engine = json.loads(sys.argv[1])
try:
    ended = _core.collect(command, capture, rate_hz=rate_hz, engine=engine)
except HastenError as error:
    sys.exit(str(error))
if ended.exit_code or ended.signal:
    sys.exit(f"it ended with signal {ended.signal}" if ended.signal else f"it ended with exit code {ended.exit_code}")
"""
_LIMIT_S = 120  # some forty times what a run takes
_TELLING_S = 0.2  # a run that long tells how long others will be


@dataclass
class Sample:
    """What one thread was doing, and how much CPU time that stands for."""

    thread: int
    frames: list[tuple[str, int]]  # function and line, outermost first
    cpu_s: float


@dataclass
class Run:
    """What the profiler says of a program, and what the program says of itself."""

    script: Path
    report: dict  # of `hasten run --json`
    samples: list[Sample]
    said: dict  # what the program printed

    def function(self, name: str) -> dict:
        """The row of one of the program's functions; a row of nothing if it was never seen."""
        for row in self.report["functions"]:
            if row["function"] == name and row["file"] == str(self.script):
                return {"wait_s": {}, **row}
        return {"total_share": 0.0, "split": {}, "wait_s": {}}

    def line_share(self, number: int) -> float:
        """Share of CPU time of one of the program's lines."""
        script = str(self.script)
        return sum(row["cpu_share"] for row in self.report["lines"] if row["line"] == number and row["file"] == script)

    def drawn_s(self, sample: Sample) -> float:
        """The part of the sample's CPU time that is drawn by lot.

        The perf clock draws one gap a sample, and what a sample stands for beyond that is kernel time, which is
        measured. The other clock draws all that passed since the sample before.
        """
        if self.report["engine"] == "perf clock" and self.report["rate_hz"]:
            return min(sample.cpu_s, 1 / self.report["rate_hz"])
        return sample.cpu_s

    @property
    def withheld_s(self) -> float:
        """How long its threads were ready to run while the machine ran others."""
        return sum(thread["runnable_s"] for thread in self.report["threads"])

    @property
    def withheld_share(self) -> float:
        """The same, of the time that they were ready or running."""
        ready_s = self.withheld_s + sum(thread["cpu_s"] for thread in self.report["threads"])
        return self.withheld_s / ready_s if ready_s else 0.0

    @property
    def why_not_sampled(self) -> str:
        """Empty if there are samples."""
        if self.report["samples"]:
            return ""
        reasons = [row["why_not_sampled"] for row in self.report["processes"] if "why_not_sampled" in row]
        return reasons[0] if reasons else "no samples"


def measured(python: str, script: Path, rounds: int, *, rate_hz: float, engine: str = "") -> Run:
    """Run a program under the profiler. It gets `rounds` as its argument and prints one JSON object.

    Raises: HastenError if it could not be run or measured.
    """
    from hasten import _core

    with tempfile.TemporaryDirectory(prefix="hasten-selftest-") as folder:
        capture = str(Path(folder) / "x.hasten")
        plan = json.dumps([[python, str(script), str(rounds)], capture, rate_hz, engine])
        try:
            done = subprocess.run(
                [sys.executable, "-c", _COLLECT, plan],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise HastenError(f"{script.name} did not end within {_LIMIT_S} s", code="selftest.run") from None
        if done.returncode:
            last = (done.stderr.splitlines() or [f"exit code {done.returncode}"])[-1]
            raise HastenError(f"cannot run {script.name} under the profiler: {last}", code="selftest.run")
        report = _core.read_report(capture)
        read = _core.read_stacks(capture)
    names = [name for name, _, _ in read["functions"]]
    samples = [
        Sample(thread["tid"], [(names[function], line) for function, line in read["stacks"][stack]], cpu_ns * 1e-9)
        for thread in read["threads"]
        for stack, cpu_ns, *_ in thread["samples"]
    ]
    return Run(script, report, samples, json.loads(done.stdout))


def rounds_for(python: str, script: Path, cpu_s: float) -> int:
    """How many rounds take that much CPU time, from short runs without the profiler."""
    start_s = _cpu_seconds(python, script, 1)
    rounds = 50
    while (taken_s := _cpu_seconds(python, script, rounds) - start_s) < _TELLING_S:
        rounds *= 4
    return max(1, round(rounds * cpu_s / taken_s))


def _cpu_seconds(python: str, script: Path, rounds: int) -> float:
    child = subprocess.Popen([python, str(script), str(rounds)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _, status, usage = os.wait4(child.pid, 0)
    except BaseException:
        child.kill()
        child.wait()
        raise
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise HastenError(f"{script.name} ended with exit code {child.returncode}", code="selftest.run")
    return usage.ru_utime + usage.ru_stime
