"""How each profiler is had, started on a program and read: one row of TOOLS for each.

Reading makes the same few figures out of every tool's own machine-readable output (Told). Weights are in whatever the
tool counts; only shares of them are compared.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import own_venv

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import new_pythons

from hasten.selftest.judges import marked_lines

Frame = tuple[str, int]  # function and line
PROGRAM_FUNCTIONS = {"three": "three", "one": "one", "calls": "calls", "step": "calls", "inlined": "inlined"}


class Told(NamedTuple):
    """What one tool tells of one run of a program."""

    lines: dict[str, float]  # weight of the lines marked `# line NAME`, by name
    functions: dict[str, float]  # weight of the functions, with what they call
    stacks: list[tuple[list[str], float]] | None  # the program's functions, outermost first; None: the tool has no stacks
    samples: float | None
    lost: float | None  # share of the samples that the tool itself says are missing; None: it does not say


class Had(NamedTuple):
    """A tool that is there."""

    version: str
    python: str  # what runs the program
    command: list[str]  # the tool's own beginning of a command line


class Tool(NamedTuple):
    """A row of the table. `start` makes the command line, `read` takes the output file, standard error and script."""

    name: str
    have: Callable[[], Had]
    start: Callable[[Had, float, Path, list[str]], list[str]]  # what is had, interval in s, output file, script and arguments
    read: Callable[[Had, Path, str, Path], Told]


def from_stacks(stacks: Iterable[tuple[list[Frame], float]], script: Path, samples: float, lost: float | None) -> Told:
    """The figures of a tool that tells whole stacks, cut to the program's own frames, outermost first."""
    names = marked_lines(script.read_text())
    wanted = set(PROGRAM_FUNCTIONS.values())
    lines, functions, kept = Counter(), Counter(), []
    for frames, weight in stacks:
        if not frames:
            continue
        if frames[-1][0] == "work" and frames[-1][1] in names:
            lines[names[frames[-1][1]]] += weight
        first = next((name for name, _ in frames if name in wanted), None)
        if first:
            functions[first] += weight
        kept.append(([name for name, _ in frames], weight))
    return Told(lines, functions, kept, samples, lost)


def collapsed(text: str, frame: re.Pattern, script: Path) -> list[tuple[list[Frame], float]]:
    """Stacks from lines of frames parted by ';' and a weight; frames that `frame` does not find in the script fall out."""
    stacks = []
    for row in text.splitlines():
        if row.startswith("#") or " " not in row:
            continue
        words, weight = row.rsplit(" ", 1)
        found = (frame.fullmatch(word) for word in words.split(";"))
        frames = [(m["name"], int(m["line"])) for m in found if m and Path(m["file"]).name == script.name]
        stacks.append((frames, float(weight)))
    return stacks


def number_in(text: str, pattern: str) -> float | None:
    """The first number that the pattern's group finds, colours apart."""
    found = re.search(pattern, re.sub(r"\x1b\[[\d;]*m", "", text))
    return float(found.group(1).replace(",", "")) if found else None


_PLACE_IN_BRACKETS = re.compile(r"(?P<name>\S+) \((?P<file>[^()]*):(?P<line>\d+)\)")
_FILE_NAME_LINE = re.compile(r"(?P<file>[^;]*):(?P<name>[^:;]+):(?P<line>\d+)")


# Hasten


def _have_hasten(python: Callable[[], str], engine: str) -> Callable[[], Had]:
    # The command has no option for the engine, because it takes the best; so the thread clock is asked for inside.
    code = (
        "import sys; from hasten import _core, cli; own = _core.collect; "
        f"_core.collect = lambda *words, **more: own(*words, **{{**more, 'engine': {engine!r}}}); sys.exit(cli.main())"
    )

    def have() -> Had:
        from hasten import __version__

        return Had(__version__, python(), [sys.executable, "-c", code])

    return have


def _start_hasten(had: Had, interval_s: float, out: Path, program: list[str]) -> list[str]:
    rate = str(round(1 / interval_s))
    return [*had.command, "run", "--python", had.python, "--rate", rate, "--out", f"{out}.hasten", *program]


def _read_hasten(had: Had, out: Path, said: str, script: Path) -> Told:
    def export(form: str) -> str:
        command = [sys.executable, "-m", "hasten", "export", "--to", form, f"{out}.hasten"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    report = json.loads(export("json"))
    names = marked_lines(script.read_text())
    lines, functions = Counter(), Counter()
    for row in report["lines"]:
        if row["file"] == str(script) and row["line"] in names:
            lines[names[row["line"]]] += row["self_cpu_s"]
    for row in report["functions"]:
        if row["file"] == str(script):
            functions[row["function"]] += row["total_cpu_s"]
    stacks = [([name for name, _ in frames], w) for frames, w in collapsed(export("collapsed"), _PLACE_IN_BRACKETS, script)]
    asked = report["samples"] + report["lost"]
    return Told(lines, functions, stacks, report["samples"], (report["lost"] + report["broken_stacks"]) / max(1, asked))


# From PyPI


def _have(name: str, *packages: str, program: str = "") -> Callable[[], Had]:
    def have() -> Had:
        folder = own_venv.made(f"peers/{name}", list(packages))
        return Had(own_venv.version(folder, packages[0]), str(folder / "python"), [str(folder / (program or name))])

    return have


def _start_py_spy(had: Had, interval_s: float, out: Path, program: list[str]) -> list[str]:
    return [*had.command, "record", "-r", str(round(1 / interval_s)), "-f", "raw", "-o", str(out), "--", had.python, *program]


def _read_py_spy(had: Had, out: Path, said: str, script: Path) -> Told:
    samples, errors = number_in(said, r"Samples: (\d+)") or 0, number_in(said, r"Errors: (\d+)") or 0
    return from_stacks(
        collapsed(out.read_text(), _PLACE_IN_BRACKETS, script), script, samples, errors / max(1, samples + errors)
    )


def _have_austin() -> Had:
    had = _have("austin", "austin-dist", "austin-python")()
    if subprocess.run([*had.command, "--version"], capture_output=True).returncode == 0:
        return had
    # Its binary needs a newer libc than this machine's: the one that came with the new Pythons starts it.
    for python in _newer_pythons().values():
        root = python.parents[2]
        paths = f"{root}/usr/lib/x86_64-linux-gnu:{root}/lib/x86_64-linux-gnu"
        command = [f"{root}/usr/lib64/ld-linux-x86-64.so.2", "--library-path", paths, *had.command]
        if subprocess.run([*command, "--version"], capture_output=True).returncode == 0:
            return had._replace(command=command)
    raise own_venv.Missing("its binary does not start with this machine's libc; `make test-new` fetches a newer one")


def _start_austin(had: Had, interval_s: float, out: Path, program: list[str]) -> list[str]:
    return [*had.command, "-i", f"{round(interval_s * 1e6)}us", "-o", str(out), had.python, *program]


def _read_austin(had: Had, out: Path, said: str, script: Path) -> Told:
    text = Path(f"{out}.txt")
    converter = Path(had.python).parent / "mojo2austin"
    subprocess.run([converter, out, text], check=True, capture_output=True)
    stacks = collapsed(text.read_text(), _FILE_NAME_LINE, script)
    failed = number_in(said, r"Error rate[ .]*(\d+)/") or 0
    of = number_in(said, r"Error rate[ .]*\d+/(\d+)") or 0
    return from_stacks(stacks, script, len(stacks), failed / of if of else None)


def _start_pyinstrument(had: Had, interval_s: float, out: Path, program: list[str]) -> list[str]:
    return [*had.command, "-i", str(interval_s), "-r", "pyisession", "-o", str(out), *program]


def _read_pyinstrument(had: Had, out: Path, said: str, script: Path) -> Told:
    # Its JSON has no lines; the session that it saves, which is JSON too, has each sample with them.
    session = json.loads(out.read_text())
    stacks = []
    for words, weight in session["frame_records"]:
        frames = []
        for word in words:
            name, file, *rest = word.split("\0")
            line = re.search(r"\x01l(\d+)", rest[-1]) if rest else None
            if file == str(script):
                frames.append((name, int(line[1]) if line else 0))
        stacks.append((frames, weight))
    return from_stacks(stacks, script, session["sample_count"], None)


def _start_scalene(had: Had, interval_s: float, out: Path, program: list[str]) -> list[str]:
    script, *rest = program
    options = ["--cpu-only", "--cpu-sampling-rate", str(interval_s), "--cpu-percent-threshold", "0"]
    return [*had.command, "run", *options, "-o", f"{out}.json", script, "---", *rest]


def _read_scalene(had: Had, out: Path, said: str, script: Path) -> Told:
    # It tells functions without what they call: step() counts for the one that calls it.
    profile = json.loads(Path(f"{out}.json").read_text())
    rows = profile["files"].get(str(script), {"lines": [], "functions": []})
    names = marked_lines(script.read_text())
    lines, functions = Counter(), Counter()
    for row in rows["lines"]:
        if row["lineno"] in names:
            lines[names[row["lineno"]]] += _scalene_weight(row)
    for row in rows["functions"]:
        if row["line"] in PROGRAM_FUNCTIONS:
            functions[PROGRAM_FUNCTIONS[row["line"]]] += _scalene_weight(row)
    stacks = []
    for frames, totals in profile["stacks"]:
        found = (re.fullmatch(r"(?P<file>.*) (?P<name>\S+):\d+;?", frame) for frame in frames)
        stacks.append(([m["name"] for m in found if m and m["file"] == str(script)], totals["count"]))
    return Told(lines, functions, stacks, sum(count for _, count in stacks), None)


def _scalene_weight(row: dict) -> float:
    return row["n_cpu_percent_python"] + row["n_cpu_percent_c"] + row["n_sys_percent"]


def _start_line_profiler(had: Had, interval_s: float, out: Path, program: list[str]) -> list[str]:
    return [*had.command, "-l", "-p", program[0], "-o", str(out), *program]


def _read_line_profiler(had: Had, out: Path, said: str, script: Path) -> Told:
    code = (
        "import json, line_profiler, sys; stats = line_profiler.load_stats(sys.argv[1]);"
        "print(json.dumps([[*key, rows] for key, rows in stats.timings.items()]))"
    )
    done = subprocess.run([had.python, "-c", code, out], capture_output=True, text=True, check=True)
    names = marked_lines(script.read_text())
    lines, functions = Counter(), Counter()
    for _, _, function, rows in json.loads(done.stdout):
        functions[function] += sum(time for _, _, time in rows)
        for line, _, time in rows:
            if line in names:
                lines[names[line]] += time
    return Told(lines, functions, None, None, None)


# In the standard library of CPython 3.15


def _newer_pythons() -> dict[str, Path]:
    """Those named or fetched already: nothing is fetched for a comparison."""
    return new_pythons.found() if os.environ.get("HASTEN_NEW_PYTHONS") else new_pythons.executables()


def _newest_python() -> str:
    there = _newer_pythons()
    if "3.15" not in there:
        raise own_venv.Missing("no Python 3.15 in build/new-pythons; `make test-new` fetches it")
    return str(there["3.15"])


def _have_tachyon() -> Had:
    python = _newest_python()
    version = subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return Had(version, python, [python, "-m", "profiling.sampling", "run"])


def _start_tachyon(*options: str) -> Callable[[Had, float, Path, list[str]], list[str]]:
    return lambda had, interval_s, out, program: [
        *had.command, "-r", str(round(1 / interval_s)), *options, "--collapsed", "-o", str(out), *program
    ]  # fmt: skip


def _read_tachyon(had: Had, out: Path, said: str, script: Path) -> Told:
    samples = number_in(said, r"Captured ([\d,]+) samples") or 0
    failed = samples * (number_in(said, r"Error rate: ([\d.]+)") or 0) / 100
    missed = number_in(said, r"missed ([\d,]+) samples") or 0
    stacks = collapsed(out.read_text(), _FILE_NAME_LINE, script)
    return from_stacks(stacks, script, samples - failed, (failed + missed) / max(1, samples + missed))


TOOLS = (
    Tool("Hasten", _have_hasten(lambda: sys.executable, "perf"), _start_hasten, _read_hasten),
    Tool("Hasten, thread clock", _have_hasten(lambda: sys.executable, "threads"), _start_hasten, _read_hasten),
    Tool("Hasten on 3.15", _have_hasten(_newest_python, "perf"), _start_hasten, _read_hasten),
    Tool("profiling.sampling", _have_tachyon, _start_tachyon(), _read_tachyon),
    Tool("  with --blocking", _have_tachyon, _start_tachyon("--blocking"), _read_tachyon),
    Tool("py-spy", _have("py-spy", "py-spy"), _start_py_spy, _read_py_spy),
    Tool("Austin", _have_austin, _start_austin, _read_austin),
    Tool("pyinstrument", _have("pyinstrument", "pyinstrument"), _start_pyinstrument, _read_pyinstrument),
    Tool("Scalene", _have("scalene", "scalene"), _start_scalene, _read_scalene),
    Tool("line_profiler", _have("line_profiler", "line_profiler", program="kernprof"), _start_line_profiler, _read_line_profiler),
)
