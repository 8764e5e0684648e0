"""Two recorded runs for all formats, and recordings drawn as text, whose every number is known."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

# Direct and mutual recursion, a callee with several callers, a second thread; a second run adds another process.
PROGRAM = """\
import sys, threading

def sink(n):
    total = 0
    while n:
        total += n
        n -= 1
    return total

def even(n):
    return sink(60_000) + odd(n - 1) if n else 0

def odd(n):
    return sink(20_000) + even(n - 1) if n else 0

def direct(n):
    return sink(50_000) + direct(n - 1) if n else 0

if sys.argv[1:] == ["again"]:
    sink(1_500_000)
else:
    even(60)
    thread = threading.Thread(target=direct, args=(40,))
    thread.start()
    thread.join()
"""


@dataclass
class Recorded:
    """A capture of PROGRAM, and what Hasten itself says of it."""

    folder: Path
    report: dict
    stacks: dict  # of read_stacks
    # Before the first run, between the two, and after.
    wall_clock_ns: list[int]
    monotonic_ns: list[int]

    def export(self, name):
        """The bytes of `hasten export --to NAME`."""
        done = hasten(self.folder, "export", "--to", name, "program.hasten")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def cost(self, name):
        """The report's row of one of PROGRAM's functions."""
        (row,) = [row for row in self.report["functions"] if (row["function"], row["file"]) == (name, self.file)]
        return row

    @property
    def file(self):
        return str(self.folder / "program.py")

    @property
    def cpu_ns(self):
        return sum(cpu_ns for thread in self.stacks["threads"] for _, cpu_ns, _ in thread["samples"])

    @property
    def sample_count(self):
        return sum(len(thread["samples"]) for thread in self.stacks["threads"])


def hasten(folder, *words):
    return subprocess.run([sys.executable, "-m", "hasten", *words], cwd=folder, capture_output=True, timeout=120)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    from hasten import _core

    folder = tmp_path_factory.mktemp("recorded")
    (folder / "program.py").write_text(PROGRAM)
    wall_clock_ns, monotonic_ns = [time.time_ns()], [time.monotonic_ns()]
    for out, *words in (["1.hasten"], ["2.hasten", "again"]):
        done = hasten(folder, "run", "--rate", "1000", "--out", out, str(folder / "program.py"), *words)
        assert done.returncode == 0, done.stderr
        wall_clock_ns.append(time.time_ns())
        monotonic_ns.append(time.monotonic_ns())
    capture = str(folder / "program.hasten")
    _core.merge_captures([str(folder / "1.hasten"), str(folder / "2.hasten")], capture)
    report = _core.read_report(capture)
    assert report["samples"] > 100
    return Recorded(folder, report, _core.read_stacks(capture), wall_clock_ns, monotonic_ns)


@pytest.fixture
def drawn(monkeypatch):
    """Let the next export read samples drawn as text: columns are samples of one thread, a millisecond each,
    rows are depth. `f` is a function of /src/f.py at line 10, sampled at line 11; `-` is native code alone.
    Returns what read_stacks will give, to be changed at will."""

    def draw(*threads):
        functions, stacks, rows = [], [], []
        now_ns = 0
        for number, text in enumerate(threads):
            lines = [line for line in text.splitlines() if line.strip()]
            grid = [{word.start(): word[0] for word in re.finditer(r"\S+", line)} for line in lines]
            assert all(row.keys() <= grid[0].keys() for row in grid), "a word begins where no sample does"
            samples = []
            for column in grid[0]:
                names = [row[column] for row in grid if column in row and row[column] != "-"]
                for name in names:
                    if (name, f"/src/{name}.py", 10) not in functions:
                        functions.append((name, f"/src/{name}.py", 10))
                stack = [(functions.index((name, f"/src/{name}.py", 10)), 11) for name in names]
                if stack not in stacks:
                    stacks.append(stack)
                now_ns += 1_000_000
                samples.append((stacks.index(stack), 1_000_000, now_ns))
            rows.append({"pid": 7, "tid": 7 + number, "name": f"t{number}", "samples": samples, "awaits": []})
        process = {"pid": 7, "parent_pid": 1, "command": ["/bin/python", "x.py"], "start_ns": 0}
        read = {"functions": functions, "stacks": stacks, "threads": rows, "processes": [process], "tasks": []}
        monkeypatch.setattr("hasten._core.read_stacks", lambda path: read)
        return read

    return draw
