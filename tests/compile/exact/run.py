"""Runs one program twice, plain and compiled, and compares every call."""

from __future__ import annotations

import contextlib
import linecache
import marshal
import re
import signal
import sys
import time

from observe import difference, observe

PLAIN_LIMIT_S = (
    0.5  # a call that CPython itself cannot finish in this time says nothing and is skipped
)


class TooLong(BaseException):
    pass


def stop(_signal, _frame):
    raise TooLong


@contextlib.contextmanager
def limited():
    """TooLong after PLAIN_LIMIT_S of CPU time."""
    signal.signal(signal.SIGVTALRM, stop)
    # Again and again: the program may catch everything.
    signal.setitimer(signal.ITIMER_VIRTUAL, PLAIN_LIMIT_S, 0.02)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


class Loaded:
    """The program's text executed in a namespace of its own; functions f0, f1, ... replaced by `wrap(f)`."""

    def __init__(self, code, wrap):
        self.names: dict = {"__name__": "program"}
        sys.modules.setdefault("program", type(sys)("program"))
        exec(code, self.names)
        self.functions = []
        for name in [n for n in self.names if re.fullmatch(r"f\d+", n)]:
            self.names[name] = wrap(self.names[name])
            self.functions.append(self.names[name])
        self.calls = [
            self.names[n]
            for n in sorted(
                (n for n in self.names if n.startswith("call_")), key=lambda n: int(n[5:])
            )
        ]

    def globals(self) -> list:
        return [self.names[n] for n in sorted(self.names) if re.fullmatch(r"G\d+", n)]


def module_of(text: str, filename: str) -> bytes:
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    return marshal.dumps(compile(text, filename, "exec", dont_inherit=True))


def load(module: bytes, wrap) -> Loaded:
    """With code objects of its own: CPython adapts them to what they meet."""
    return Loaded(marshal.loads(module), wrap)


def expectations(plain: Loaded, filename: str, tally: dict) -> list:
    """(number of the call, what CPython makes of it), up to where CPython itself gives up; None where no call is made."""
    steps: list = []
    for number, make in enumerate(plain.calls):
        action, name, *rest = make()
        if action != "call":
            assign(plain, action, name, rest)
            steps.append((number, None))
            continue
        try:
            with limited():
                expected = observe(plain.names[name], *rest, plain.globals(), filename)
        except TooLong:
            tally["too long"] = tally.get("too long", 0) + 1
            break  # arguments and globals may be half changed: the rest of this program is worthless
        if expected["outcome"][0] == "raised":
            error = expected["outcome"][1][0]
            if error in ("MemoryError", "RecursionError"):
                tally[error] = tally.get(error, 0) + 1
                break
            tally["raised " + error] = tally.get("raised " + error, 0) + 1
        steps.append((number, expected))
    return steps


def assign(side: Loaded, action: str, name: str, rest: list) -> None:
    side.names[name] = rest[0] if action == "set" else side.names[rest[0]]


def first_difference(compiled: Loaded, steps: list, filename: str, tally: dict) -> str | None:
    for number, expected in steps:
        action, name, *rest = compiled.calls[number]()
        if expected is None:
            assign(compiled, action, name, rest)
            continue
        tally["calls"] = tally.get("calls", 0) + 1
        actual = observe(compiled.names[name], *rest, compiled.globals(), filename)
        found = difference(expected, actual)
        if found:
            return f"call_{number} of {name}: {found}"
    return None


def run_program(text: str, filename: str, wrap, tally: dict) -> str | None:
    """Returns the first difference or None. `filename` must hold `text` on disk: the compiler reads it there."""
    begun = time.process_time()
    module = module_of(text, filename)
    steps = expectations(load(module, lambda f: f), filename, tally)
    compiled = load(module, wrap)
    middle = time.process_time()
    found = first_difference(compiled, steps, filename, tally)
    tally["seconds plain"] = tally.get("seconds plain", 0.0) + middle - begun
    tally["seconds compiled"] = tally.get("seconds compiled", 0.0) + time.process_time() - middle
    tally["functions"] = tally.get("functions", 0) + len(compiled.functions)
    if found:
        return found
    collect_reports(compiled.functions, tally)
    return next((f"refused: {key}" for key in tally if "contradicts itself" in key), None)


def collect_reports(functions, tally: dict) -> None:
    """Adds up what the compiled functions say of themselves: native calls, fallbacks and why, landings."""
    for function in functions:
        report = getattr(function, "report", None)
        if report is None:
            continue
        for key, value in counters(report()).items():
            tally[key] = tally.get(key, 0) + value


def counters(report: dict) -> dict:
    counts = {f"jit {key}": value for key, value in report.items() if type(value) is int}
    counts["jit native_calls"] = sum(version["calls"] for version in report["versions"])
    counts["jit landings"] = sum(landing["count"] for landing in report["landings"])
    counts["jit functions"] = 1
    for reason in report["reasons"]:
        why = re.sub(r"^.*?:\d+(:\d+)?: ", "", reason)
        counts[f"why {why}"] = 1
    return counts
