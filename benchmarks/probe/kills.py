#!/usr/bin/env python3
"""Whether killing Hasten harms the program that it measures: a thousand SIGKILLs at random moments, three times.

    python benchmarks/probe/kills.py [--kills 1000] [--lanes 2] [--only attached|entered|started]

The program (attacked.py) computes what is known by arithmetic, starts threads, polls, and has children.

attached: `hasten run --pid` and, every fourth time, `hasten top` look at a program that runs on and on, and are killed at a
    moment drawn evenly from their life, start and end included. After each kill: no thread of the program or its children is
    stopped, and nobody traces it. After all: it lives, its answers are right, it has the descriptors, mapped files and signal
    handlers that it had, no file is left, and it is as fast as before: strips of work in turns with a program that
    nobody ever looked at, before and after.
entered: the same with `hasten run --pid --inject`. The probe stays in the program, so that it may have a signal handler and mapped
    files of Hasten's, and the clock of a thread that slept since; it must have nothing else.
started: `hasten run` is killed while the program that it started runs. The program goes on to the right answer and exit code 0, writes
    nothing to standard error, and the capture, once there is one, can be read. After all, programs whose Hasten was
    killed compute strips in turns with plain ones.

Exit code 1 if anything was harmed, or the 95 % interval of a ratio of speeds lies above 1.02.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import random
import select
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from attacked import CHILD_STEPS, THREAD_STEPS, A, C, P

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from overhead import median_and_interval

PROGRAM = Path(__file__).with_name("attacked.py")
HASTEN = [sys.executable, "-m", "hasten"]
LIMIT = 1.02
LOOK_S = 0.3  # how long an attachment looks if nobody kills it
ROUNDS = 40  # of a program that is started
STRIP_STEPS = 200_000
STRIPS = 60
PATIENCE_S = 60
STARTED = 6  # programs whose speed is measured after their Hasten was killed


class Harmed(Exception):
    """What a program that was measured suffered."""


def after(x: int, steps: int) -> int:
    """x -> (A x + C) mod P, so many times, by the sum of a geometric series."""
    power = pow(A, steps, P)
    return (power * x + C * (power - 1) * pow(A - 1, -1, P)) % P


def check_answer(answer: dict) -> None:
    """Raises: Harmed if a figure of it is not what arithmetic says."""
    for part in ("worker", "child", "strips"):
        steps, state = answer.get(part, [0, 0])
        if state != after(0, steps):
            raise Harmed(f"{part}: {state} after {steps} steps, must be {after(0, steps)}")
    for part in ("threads", "children"):
        count, total = answer[part]
        if total != sum(after(seed, THREAD_STEPS) for seed in range(count)):
            raise Harmed(f"the sum of {count} {part} is wrong")
    if answer["child"][0] % CHILD_STEPS or not answer["polls"] or not answer["threads"][0]:
        raise Harmed(f"it has not worked: {answer}")


class Served:
    """A program that does as it is told."""

    def __init__(self, command: list[str], pid: int = 0):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.pid = pid or self.process.pid

    def tell(self, *words: object) -> dict:
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        line = self.process.stdout.readline()
        if not line:
            raise Harmed(f"process {self.pid} ended")
        return json.loads(line)

    def strip(self) -> float:
        """CPU seconds of a strip of work."""
        return self.tell("strip", STRIP_STEPS)["cpu_s"]

    def end(self) -> int:
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(PATIENCE_S)


def family(pid: int) -> Iterator[int]:
    """A process and those below it."""
    yield pid
    try:
        children = [int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()]
    except OSError:  # it has just ended
        return
    for child in children:
        yield from family(child)


def check_running(pid: int) -> None:
    """Raises: Harmed if it is gone, a thread of it or of its children is stopped, or somebody traces one."""
    if not os.path.exists(f"/proc/{pid}/exe"):
        raise Harmed(f"process {pid} is gone")
    for member in family(pid):
        for status in Path(f"/proc/{member}/task").glob("*/status"):
            try:
                facts = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            except OSError:
                continue
            if facts["State"][0] in "Tt" or facts["TracerPid"] != "0":
                raise Harmed(f"{status}: {facts['State']}, traced by {facts['TracerPid']}")


def possessions(pid: int) -> dict[str, list[str]]:
    """What a process has that somebody could have left in it."""
    folder = Path(f"/proc/{pid}")
    files = {line.split(maxsplit=5)[5] for line in (folder / "maps").read_text().splitlines() if len(line.split()) > 5}
    signals = [line for line in (folder / "status").read_text().splitlines() if line.startswith(("SigCgt", "SigIgn", "SigBlk"))]
    return {
        "descriptors": sorted(os.readlink(fd) for fd in (folder / "fd").iterdir()),
        "mapped files": sorted(files),
        "signals": signals,
    }


class Moments:
    """When to kill: evenly over the life of a process, as long as such lives have been."""

    def __init__(self, draw: random.Random):
        self.draw, self.lives = draw, [1.0]

    def next_s(self) -> float:
        return self.draw.uniform(0, statistics.median(self.lives[-15:]))

    def lived(self, life_s: float) -> None:
        if self.lives == [1.0]:
            self.lives.clear()
        self.lives.append(life_s)


def killed_at(process: subprocess.Popen, moment_s: float, begin: float) -> bool:
    """Kill it then. False if it ended before."""
    try:
        process.wait(max(0.0, begin + moment_s - time.monotonic()))
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait() < 0


def state_of(capture: Path) -> str:
    """How far a capture has come. Raises: Harmed if it cannot be read."""
    from hasten import _core
    from hasten.errors import HastenError

    if not capture.exists():
        return "before its capture"
    try:
        report = _core.read_report(str(capture))
    except HastenError as error:
        raise Harmed(f"a capture of {capture.stat().st_size} bytes cannot be read: {error}") from None
    return "after its capture" if report["complete"] else "in its capture"


class Progress:
    """Counts kills and what was found, from several threads."""

    def __init__(self, what: str, kills: int):
        self.what, self.kills, self.lock = what, kills, threading.Lock()
        self.when: Counter = Counter()
        self.begun = 0
        self.harm: list[str] = []

    def note(self, when: str | None, harm: str = "") -> None:
        with self.lock:
            if when is not None:
                self.when[when] += 1
            if harm:
                self.harm.append(harm)
                print(f"\nharmed: {harm}", file=sys.stderr)
            print(f"\r{self.what}: {self.done} of {self.kills} kills", end="", file=sys.stderr, flush=True)

    @property
    def done(self) -> int:
        return sum(self.when.values())

    def summary(self) -> str:
        print(file=sys.stderr)
        return ", ".join(f"{count} {when}" for when, count in sorted(self.when.items()))


# --- attached ------------------------------------------------------------------------------------


def attack(pid: int, folder: Path, progress: Progress, draw: random.Random, inject: bool) -> None:
    """Attach to a process and be killed, until enough were."""
    moments = {"run": Moments(draw), "top": Moments(draw)}
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    number = 0
    while progress.done < progress.kills and len(progress.harm) < 10:
        number += 1
        kind = "top" if number % 4 == 0 and not inject else "run"
        capture = folder / f"{number}.hasten"
        words = ["top", "--once", pid] if kind == "top" else ["run", "--rate", 1000, "--out", capture, "--pid", pid]
        words += ["--inject"] * inject
        begin = time.monotonic()
        errors = folder.parent / f"{folder.name}.err"
        with errors.open("wb") as error_file:
            hasten = subprocess.Popen(
                [*HASTEN, *map(str, words), "--seconds", str(LOOK_S)], env=environment, stdout=subprocess.DEVNULL, stderr=error_file
            )
        spared = len(moments[kind].lives) < 3 or number % 25 < 2  # now and then one lives to its end
        killed = killed_at(hasten, PATIENCE_S if spared else moments[kind].next_s(), begin)
        try:
            if not killed:
                moments[kind].lived(time.monotonic() - begin)
                if hasten.returncode:
                    raise Harmed(f"hasten {kind} ended with exit code {hasten.returncode}: {errors.read_text()[-200:]}")
            check_running(pid)
            when = "of top" if kind == "top" else state_of(capture)
            progress.note(when if killed else None)
        except Harmed as harm:
            progress.note(None, str(harm))
        capture.unlink(missing_ok=True)
        errors.unlink()


def speeds(targets: list[Served], control: Served, strips: int) -> list[list[float]]:
    """CPU time of strips of each, over that of the control beside it."""
    ratios: list[list[float]] = [[] for _ in targets]
    for _ in range(strips):
        for at, target in enumerate(targets):
            pair = [target, control]
            random.shuffle(pair)
            spent = {side.pid: side.strip() for side in pair}
            ratios[at].append(spent[target.pid] / spent[control.pid])
    return ratios


def ours(what: str, possession: str) -> bool:
    """Whether the probe that stays in a program that was entered may have left this."""
    return what == "signals" and possession.startswith("SigCgt") or possession.startswith(("/memfd:hasten-", "anon_inode:[perf_event]"))


def attached(kills: int, lanes: int, strips: int, folder: Path, python: str, inject: bool = False) -> tuple[bool, str]:
    name = "entered" if inject else "attached"
    plain = [python, str(PROGRAM), "serve"]
    control, *targets = [Served(plain) for _ in range(1 + lanes)]
    everyone = [control, *targets]
    progress = Progress(name, kills)
    before, had = [], []
    try:
        for side in everyone:
            side.tell("rest")
        before = speeds(targets, control, strips)
        had = [possessions(target.pid) for target in targets]
        for side in everyone:
            side.tell("work")
        threads = []
        for at, target in enumerate(targets):
            lane = folder / name / f"lane{at}"
            (lane / "tmp").mkdir(parents=True)
            threads.append(threading.Thread(target=attack, args=(target.pid, lane, progress, random.Random(), inject)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        for side in everyone:
            side.tell("rest")
        for at, target in enumerate(targets):
            has = possessions(target.pid)
            for what in has:
                new = [one for one in has[what] if not (inject and ours(what, one))]
                old = [one for one in had[at][what] if not (inject and ours(what, one))]
                if new != old:
                    progress.note(None, f"{what} were {old}, are {new}")
            left = [path.name for path in folder.rglob("*") if path.is_file() or path.parent.name == "tmp"]
            if left:
                progress.note(None, f"{len(left)} files are left: {left[:5]}")
        now = speeds(targets, control, strips)
        for side in everyone:
            check_answer(side.tell("answer"))
            if side.end():
                raise Harmed(f"process {side.pid} ended with exit code {side.process.returncode}")
    except Harmed as harm:
        progress.note(None, str(harm))
        return False, f"{name}: {len(progress.harm)} harmed"
    when = progress.summary()
    ratios = [b / a for first, second in zip(before, now, strict=True) for a, b in zip(first, second, strict=True)]
    middle, low, high = median_and_interval(ratios)
    text = f"{name}: {progress.done} kills ({when}), {len(progress.harm)} harmed; speed {middle:.4f}x [{low:.4f} to {high:.4f}]"
    return not progress.harm and low <= LIMIT, text


def entered(kills: int, lanes: int, strips: int, folder: Path, python: str) -> tuple[bool, str]:
    if subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"]).returncode:
        return True, "entered: not tried: before 3.12 only the main thread lets the probe in, and here it waits; name a later --python"
    return attached(kills, lanes, strips, folder, python, inject=True)


# --- started -------------------------------------------------------------------------------------


def adopt_orphans() -> None:
    """What loses its parent becomes a child of this process, which so learns how it ends."""
    PR_SET_CHILD_SUBREAPER = 36
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("this kernel has no subreapers")


def output_of(pipe: int) -> bytes | None:
    """All that comes, until nobody has the other end. None if that takes too long."""
    text = b""
    deadline = time.monotonic() + PATIENCE_S
    while select.select([pipe], [], [], max(0, deadline - time.monotonic()))[0]:
        part = os.read(pipe, 1 << 16)
        if not part:
            return text
        text += part
    return None


def start_and_kill(capture: Path, moment_s: float) -> tuple[str, float, str]:
    """When it was killed ('' if it lived to its end), how long it lived, and the harm."""
    errors = capture.with_suffix(".err")
    source, sink = os.pipe()
    begin = time.monotonic()
    with errors.open("wb") as error_file:
        hasten = subprocess.Popen(
            [*HASTEN, "run", "--out", str(capture), str(PROGRAM), "once", str(ROUNDS)], stdout=sink, stderr=error_file
        )
    os.close(sink)
    output: list[bytes | None] = []
    reader = threading.Thread(target=lambda: output.append(output_of(source)))
    reader.start()  # else a full pipe would stop the program
    killed = killed_at(hasten, moment_s, begin)
    life_s = time.monotonic() - begin
    reader.join()
    os.close(source)
    try:
        if output[0] is None:
            raise Harmed(f"the program has not ended after {PATIENCE_S} s")
        statuses = []
        while True:  # all that had the pipe have ended, or are about to
            try:
                statuses.append(os.waitpid(-1, 0)[1])
            except ChildProcessError:
                break
        if any(statuses):
            raise Harmed(f"the program or a child of it ended with status {[hex(status) for status in statuses]}")
        if output[0]:
            check_answer(json.loads(output[0]))
        elif statuses or not killed:
            raise Harmed("the program ran and printed nothing")
        said = errors.read_text()
        if said and not said.startswith("hasten  "):  # its verdict, if it was killed at the very end
            raise Harmed(f"standard error: {said[-400:]}")
        when = state_of(capture) if statuses or output[0] else "before the program"
        return when if killed else "", life_s, ""
    except Harmed as harm:
        return "", life_s, str(harm)
    finally:
        capture.unlink(missing_ok=True)
        errors.unlink()


def killed_side() -> Served:
    """A program whose Hasten was killed while it worked."""
    with tempfile.TemporaryDirectory(prefix="hasten-kills-") as folder:
        side = Served([*HASTEN, "run", "--out", folder, str(PROGRAM), "serve"])
        side.tell("work")
        children = [pid for pid in family(side.process.pid) if pid != side.process.pid]
        side.pid = children[0]
        time.sleep(0.5)
        side.process.kill()
        side.process.wait()
        side.tell("rest")
    return side


def speed_after(pairs: int, strips: int) -> list[float]:
    """CPU time of programs whose Hasten was killed over that of plain ones: a ratio of medians for each pair."""
    ratios = []
    for _ in range(pairs):
        plain, side = Served([sys.executable, str(PROGRAM), "serve"]), killed_side()
        plain.tell("rest")
        ratios.append(statistics.median(speeds([side], plain, strips)[0]))
        check_answer(side.tell("answer"))
        plain.end()
        side.process.stdin.close()
        side.process.stdout.read()
    return ratios


def started(kills: int, lanes: int, strips: int, folder: Path, _python: str) -> tuple[bool, str]:
    progress = Progress("started", kills)
    moments = Moments(random.Random())
    folder = folder / "started"
    folder.mkdir()
    with ProcessPoolExecutor(lanes, initializer=adopt_orphans) as pool:
        number = 0
        waiting = set()
        while progress.done < kills and len(progress.harm) < 10:
            while len(waiting) < min(lanes, kills - progress.done):
                number += 1
                spared = len(moments.lives) < 3 or number % 25 < 2
                waiting.add(pool.submit(start_and_kill, folder / f"{number}.hasten", PATIENCE_S if spared else moments.next_s()))
            ready = {future for future in waiting if future.done()} or {next(iter(waiting))}
            waiting -= ready
            for future in ready:
                when, life_s, harm = future.result()
                progress.note(when or None, harm)
                if not when and not harm:
                    moments.lived(life_s)
        for future in waiting:
            future.result()
    left = [path.name for path in folder.iterdir()]
    if left:
        progress.note(None, f"{len(left)} files are left: {left[:5]}")
    when = progress.summary()
    try:
        middle, low, high = median_and_interval(speed_after(STARTED, strips))
    except Harmed as harm:
        return False, f"started: {progress.done} kills; {harm}"
    text = f"started: {progress.done} kills ({when}), {len(progress.harm)} harmed; speed {middle:.4f}x [{low:.4f} to {high:.4f}]"
    return not progress.harm and low <= LIMIT, text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--lanes", type=int, default=2, help="so many at once, each with a program of its own")
    parser.add_argument("--strips", type=int, default=STRIPS, help="of work, for the speed")
    parser.add_argument("--only", choices=("attached", "entered", "started"))
    parser.add_argument("--python", default=sys.executable, help="of the programs that run already; one is entered whose main thread waits, so that it needs 3.12")
    args = parser.parse_args()
    good = True
    for part in (attached, entered, started):
        if args.only in (None, part.__name__):
            with tempfile.TemporaryDirectory(prefix="hasten-kills-") as folder:
                fine, line = part(args.kills, args.lanes, args.strips, Path(folder), args.python)
            good = good and fine
            print(line, flush=True)
    print("nothing was harmed" if good else "HARMED, or slower than before")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
