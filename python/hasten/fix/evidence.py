"""What a capture tells `hasten fix`: how to run the program again, and which lines are worth a change."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import dataclass, field

from hasten.errors import HastenError

# Variables that a capture records, because they change what a Python program does.
RECORDED_PREFIXES = ("PYTHON", "LC_")
RECORDED_NAMES = ("LANG", "LANGUAGE", "TZ")
_FLAGS_WITH_VALUE = ("W", "X")
_STARTER_END = os.path.join("hasten", "fix", "trial", "notebook.py")  # of this installation or of the one that recorded


class Refusal(HastenError):
    """`hasten fix` will not touch this capture; one line says why."""


@dataclass
class Program:
    """A recorded command line, taken apart as Python itself does it."""

    python: str
    flags: list[str]
    kind: str              # "script", "module", "code" or "notebook"
    target: str            # absolute path, module name, or code
    argv: list[str]        # sys.argv as the program sees it at its start
    cwd: str
    command: list[str]
    environment: dict[str, str] | None = None  # the recorded variables; None: take today's
    path0: str | None = None  # sys.path[0]; None where Python adds none

    @classmethod
    def from_command(cls, command, cwd, environment=None, executable=""):
        """Raises Refusal for what cannot be started again (an interactive session, code from a pipe)."""
        if not command:
            raise Refusal("the capture does not say how the program was started")
        python = command[0]
        if not os.path.isabs(python):
            python = os.path.join(cwd, python) if "/" in python else executable or python
        flags, rest = _split_flags(command[1:])
        safe_path = any(f.startswith("-") and not f.startswith("--") and set(f[1:].partition("X")[0]) & set("IP")
                        for f in flags if f[1:2] not in _FLAGS_WITH_VALUE)
        if not rest or rest[0] == "-":
            raise Refusal("the program came from standard input, which cannot be read again")
        if rest[0] == "-c":
            return cls(python, flags, "code", rest[1], ["-c", *rest[2:]], cwd, command, environment,
                       None if safe_path else "")
        if rest[0] == "-m":
            return cls(python, flags, "module", rest[1], ["-m", *rest[2:]], cwd, command, environment,
                       None if safe_path else cwd)
        script = os.path.join(cwd, rest[0])
        if not os.path.isfile(script):
            raise Refusal(f"{rest[0]} is not a file; what can be run are scripts, -m MODULE and -c CODE", hint="")
        if os.path.basename(script) == "notebook.py" and len(rest) > 1 and script.endswith(_STARTER_END):
            notebook = os.path.join(cwd, rest[1])
            return cls(python, flags, "notebook", notebook, [notebook, *rest[2:]], cwd, command, environment,
                       None if safe_path else os.path.dirname(notebook))
        # As the interpreter does: the script's own path is made absolute, nothing more; sys.path[0] has its links resolved.
        return cls(python, flags, "script", script, rest, cwd, command, environment,
                   None if safe_path else os.path.dirname(os.path.realpath(script)))

    def environ(self):
        """Today's environment with the recorded variables as they were."""
        environ = dict(os.environ)
        if self.environment is not None:
            for name in list(environ):
                if name.startswith(RECORDED_PREFIXES) or name in RECORDED_NAMES:
                    del environ[name]
            environ.update(self.environment)
        environ["HASTEN_JIT_CACHE"] = "off"  # code from an earlier run would make this one look faster than a first run is
        return environ

    @property
    def name(self):
        base = os.path.basename(self.target)
        return {"script": base, "notebook": base, "module": f"-m {self.target}", "code": "-c"}[self.kind]


def _split_flags(words):
    """(the interpreter's own options, [-c or -m or script, ...])."""
    flags = []
    i = 0
    while i < len(words):
        word = words[i]
        if word in ("-", "--") or not word.startswith("-"):
            return flags, words[i + (word == "--"):]
        for letter in ("c", "m"):
            at = word.find(letter, 1)
            if at > 0 and not word.startswith("--") and not any(v in word[1:at] for v in _FLAGS_WITH_VALUE):
                if at > 1:
                    flags.append(word[:at])
                value = [word[at + 1:]] if word[at + 1:] else words[i + 1:i + 2]
                after = words[i + 1:] if word[at + 1:] else words[i + 2:]
                return flags, [f"-{letter}", *value, *after]
        flags.append(word)
        if word[1:2] in _FLAGS_WITH_VALUE and len(word) == 2:
            i += 1
            flags += words[i:i + 1]
        i += 1
    return flags, []


@dataclass
class Evidence:
    """A report (the keys of `hasten run --json`), the program behind it, and its sources as they were."""

    report: dict
    program: Program
    sources: dict[str, bytes] = field(default_factory=dict)
    exit_code: int = 0

    def __post_init__(self):
        wall_s = self.report.get("wall_s") or 0.0
        cpu_s = self.report.get("cpu_s") or self.report.get("sampled_cpu_s") or wall_s
        # Shares are of CPU time, gains of wall time: a program that waits half the time halves every gain.
        self.wall_s = wall_s / max(1, self.report.get("runs") or 1)
        # Time spent ready, without a CPU, shrinks with the work as well.
        runnable_s = sum(thread.get("runnable_s", 0.0) for thread in self.report.get("threads", ()))
        self.busy = min(1.0, (cpu_s + runnable_s) / wall_s) if wall_s else 1.0

    def share_of_lines(self, path, first, last):
        """The share of wall time spent in or below these lines; at most one function's lines are added up,
        so that a callee on the same lines is not counted twice."""
        by_function = {}
        for row in self.report.get("lines", ()):
            if row["file"] == path and first <= row["line"] <= last:
                key = (row["function"], row.get("first_line"))
                by_function[key] = by_function.get(key, 0.0) + row["total_share"]
        return min(1.0, max(by_function.values(), default=0.0)) * self.busy

    def interpreter_share(self, path, first, last):
        """The share of wall time in the interpreter (bytecode, runtime) for code defined on these lines."""
        share = 0.0
        for row in self.report.get("functions", ()):
            if row["file"] == path and first <= row["first_line"] <= last:
                share += interpreter_part(row) * row["cpu_share"]
        return min(1.0, share) * self.busy


def interpreter_part(row):
    """Of a row's own time, the part in bytecode and runtime; C functions that it calls count as its own time."""
    split = row.get("split") or {}
    whole = sum(split.values())
    if whole <= 0:
        return 1.0
    return (split.get("bytecode", 0) + split.get("runtime", 0)) / whole


def read_evidence(capture, changed_sources=False):
    """The evidence of a capture file. Raises Refusal or FormatError, in one line, where fix must not go on.

    changed_sources: sources may have changed since; only the command line is of interest then.
    """
    from hasten._core import read_program, read_report

    facts = read_program(capture)
    name = os.path.basename(capture)
    if not facts:
        raise Refusal(f"{name} holds no program", hint="record it with: hasten run SCRIPT")
    if facts.get("signal"):
        raise Refusal(f"the program of {name} was killed by signal {facts['signal']}; fix needs one that ended by itself")
    if "exit_code" not in facts:
        raise Refusal(f"{name} does not say how the program ended: it was cut short; record it again with: hasten run")
    if facts["stdin"] in ("pipe", "socket", "file"):
        what = {"pipe": "a pipe", "socket": "a socket", "file": "a file"}[facts["stdin"]]
        raise Refusal(f"standard input of {name} was {what}, which cannot be read again",
                      hint="let the program open its input by name, and record it again")
    for path, text in facts["sources"].items():
        try:
            with open(path, "rb") as file:
                same = file.read() == text
        except OSError:
            same = False
        if not same and not changed_sources:
            raise Refusal(f"{path} has changed since {name} was recorded", hint="record it again with: hasten run")
    program = Program.from_command(facts["command"], facts["cwd"], facts["environment"], facts["executable"])
    sources = {path: text for path, text in facts["sources"].items() if not path.endswith(_STARTER_END)}
    return Evidence(read_report(capture), program, sources, facts["exit_code"])


def foreign_prefixes():
    """Folders whose modules are not the program's own: the standard library, installed packages, Hasten."""
    import hasten

    paths = {p for name, p in sysconfig.get_paths().items() if name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths.add(os.path.dirname(os.path.abspath(hasten.__file__)))
    return sorted(os.path.join(p, "") for p in paths | {os.path.realpath(p) for p in paths})
