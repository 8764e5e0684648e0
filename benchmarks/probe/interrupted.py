#!/usr/bin/env python3
"""Whether any call of libc returns EINTR because of Hasten: a million signals onto calls that the kernel never restarts.

    benchmarks/probe/interrupted.py [--signals 1000000] [--engine perf|threads]

poll, select, epoll_wait, nanosleep, sem_timedwait and recv with a time-out in turn (tests/probe/interruptible.c), sampled at
20 kHz until so many signals have come. Must be 0 of all calls.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("poll", "select", "epoll_wait", "nanosleep", "sem_timedwait", "recv")
SOURCE = Path(__file__).resolve().parents[2] / "tests" / "probe" / "interruptible.c"
PROGRAM = """
import ctypes, json, sys
library = ctypes.CDLL(sys.argv[1])
library.interrupted.restype = ctypes.c_long
print(json.dumps([library.interrupted(call, ctypes.c_long(rounds)) for call, rounds in enumerate(json.loads(sys.argv[2]))]))
"""
COLLECT = """
import json, sys
from hasten import _core
command, capture, engine = json.loads(sys.argv[1])
ended = _core.collect(command, capture, rate_hz=20_000, engine=engine)
print(json.dumps([ended.exit_code, ended.why_not_sampled]), file=sys.stderr)
"""
ROUNDS = [50_000] * 5 + [5_000]  # a time-out of recv takes at least a tick of the kernel, some 4 ms


def once(folder: Path, engine: str) -> tuple[list[int], int]:
    """How many calls of each kind were interrupted, and how many signals came."""
    from hasten import _core

    (folder / "calls.py").write_text(PROGRAM)
    capture = folder / "x.hasten"
    command = [sys.executable, str(folder / "calls.py"), str(folder / "calls.so"), json.dumps(ROUNDS)]
    plan = json.dumps([command, str(capture), engine])
    done = subprocess.run([sys.executable, "-c", COLLECT, plan], capture_output=True, text=True, check=True)
    report = _core.read_report(str(capture))
    capture.unlink()
    return json.loads(done.stdout), report["samples"] + report["lost"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("perf", "threads"), default="")
    args = parser.parse_args()
    signals = calls = 0
    interrupted = [0] * len(NAMES)
    with tempfile.TemporaryDirectory(prefix="hasten-interrupted-") as name:
        folder = Path(name)
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", SOURCE, "-o", folder / "calls.so", "-lpthread"], check=True)
        while signals < args.signals:
            counts, came = once(folder, args.engine)
            if came == 0:
                raise SystemExit("no signal came: the program was not sampled")
            signals += came
            calls += sum(ROUNDS)
            interrupted = [a + b for a, b in zip(interrupted, counts, strict=True)]
            print(f"\r{signals} of {args.signals} signals", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{signals} signals onto {calls} calls: " + ", ".join(f"{n} {c}" for n, c in zip(NAMES, interrupted, strict=True)))
    return 1 if any(interrupted) else 0


if __name__ == "__main__":
    sys.exit(main())
