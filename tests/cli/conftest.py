"""Running `hasten` as a user does: as a process, in a directory of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

# Enough work for some hundred samples on any machine, and an exact answer.
BURNER = """\
def heavy():
    total = 0
    for i in range(3_000_000):
        total += i * i
    return total

def light():
    total = 0
    for i in range(1_000_000):
        total += i * i
    return total

for _ in range(2):
    heavy()
    light()
print("done")
"""


@dataclass
class Hasten:
    """A directory in which the command is run."""

    folder: Path

    def __call__(self, *words, **options):
        options = {"capture_output": True, "text": True, "timeout": 120, "cwd": self.folder, **options}
        return subprocess.run([sys.executable, "-m", "hasten", *map(str, words)], **options)

    def plain(self, *words, **options):
        """The same program without Hasten."""
        options = {"capture_output": True, "text": True, "timeout": 120, "cwd": self.folder, **options}
        return subprocess.run([sys.executable, *map(str, words)], **options)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def report(self, *words, expect=0, **options):
        """Run a program and return the report of --json."""
        file = self.folder / "report.json"
        result = self("run", "--json", file, *words, **options)
        assert result.returncode == expect, result.stderr
        return json.loads(file.read_text())

    @property
    def captures(self):
        return sorted(path.name for path in self.folder.glob("*.hasten"))


@pytest.fixture
def hasten(tmp_path):
    return Hasten(tmp_path)


@pytest.fixture(scope="session")
def hasten_in(tmp_path_factory):
    """For what several tests share: a function from a name to a Hasten in a directory of its own."""
    return lambda name: Hasten(tmp_path_factory.mktemp(name))


@pytest.fixture(scope="session")
def burned(tmp_path_factory):
    """A capture of BURNER, made once: (Hasten, report, the run's result)."""
    at = Hasten(tmp_path_factory.mktemp("burned"))
    at.write("burner.py", BURNER)
    file = at.folder / "report.json"
    result = at("run", "--rate", 1000, "--json", file, "burner.py")
    assert result.returncode == 0, result.stderr
    return at, json.loads(file.read_text()), result
