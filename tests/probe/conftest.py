"""Programs under the probe, and what their captures say."""

import importlib.util
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from hasten import _core

# Runs a program under the probe in a process of its own: the collector takes over signal handlers and
# standard streams, and a hang must not hang the tests.
_RUNNER = """\
import json, sys
from hasten import _core
plan = json.loads(sys.argv[1])
ended = _core.collect(plan["command"], plan["capture"], rate_hz=plan["rate_hz"], engine=plan["engine"],
                      native=plan["native"])
print(json.dumps({name: getattr(ended, name) for name in
                  ("exit_code", "signal", "samples", "why_not_sampled", "capture_failure")}), file=sys.stderr)
"""


# One probe serves every Python: the programs can run in another one than the tests.
TARGET = os.environ.get("HASTEN_TEST_TARGET", sys.executable)


@dataclass
class Ran:
    exit_code: int
    signal: int
    samples: int
    why_not_sampled: str
    stdout: str
    stderr: str
    capture: Path

    @property
    def report(self):
        return _core.read_report(str(self.capture))

    def stacks(self):
        """(thread name, [(function, line), ...] outermost first, CPU nanoseconds) of every sample."""
        read = _core.read_stacks(str(self.capture))
        for thread in read["threads"]:
            for stack_idx, cpu_ns, _end_ns in thread["samples"]:
                frames = [(read["functions"][f][0], line) for f, line in read["stacks"][stack_idx]]
                yield thread["name"], frames, cpu_ns

    def cpu_share(self, function):
        """Inclusive share of a function, counted once in recursion."""
        total = inside = 0
        for _, frames, cpu_ns in self.stacks():
            total += cpu_ns
            inside += cpu_ns if any(name == function for name, _ in frames) else 0
        return inside / total if total else 0.0


@pytest.fixture(scope="session")
def known():
    """The module known_library.py beside this file."""
    spec = importlib.util.spec_from_file_location("known_library", Path(__file__).with_name("known_library.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def needs():
    """Skips unless the Python that the programs run in has this module."""

    def need(module):
        if subprocess.run([TARGET, "-c", f"import {module}"], capture_output=True).returncode != 0:
            pytest.skip(f"no {module} in {TARGET}")

    return need


@pytest.fixture(params=["perf", "threads"])
def engine(request):
    return request.param


@pytest.fixture
def probe(tmp_path):
    """Run Python text under the probe."""
    count = 0

    def run(text, *arguments, rate_hz=1000, engine="", python=TARGET, stdin=subprocess.DEVNULL, env=None, native=False):
        import json

        nonlocal count
        count += 1
        script = tmp_path / f"program{count}.py"
        script.write_text(textwrap.dedent(text))
        capture = tmp_path / f"{count}.hasten"
        command = [python, str(script), *map(str, arguments)]
        plan = {"command": command, "capture": str(capture), "rate_hz": rate_hz, "engine": engine, "native": native}
        result = subprocess.run(
            [sys.executable, "-c", _RUNNER, json.dumps(plan)],
            capture_output=True, text=True, timeout=120, cwd=tmp_path, stdin=stdin,
            env=None if env is None else {**os.environ, **env},
        )
        *rest, last = result.stderr.splitlines() or [""]
        assert result.returncode == 0, result.stderr
        ended = json.loads(last)
        assert ended.pop("capture_failure") == ""
        return Ran(**ended, stdout=result.stdout, stderr="\n".join(rest), capture=capture)

    return run
