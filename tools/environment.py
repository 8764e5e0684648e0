"""Brings one virtual environment to the state of the sources: made, with the wheel built and installed.

Nothing is done twice: a stamp in the environment holds the hash of what the wheel is made from and of what was
installed, so that a second `make demo` starts at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pythons
import system_packages

ROOT = Path(__file__).resolve().parents[1]
BUILD_NEEDS = ["nanobind>=2.4", "scikit-build-core>=0.10"]  # pyproject.toml says the same to pip
# Compared with or lived beside in tests, no part of Hasten; a Python for which one has no wheel goes without.
PEERS = ["numba"]
_SOURCES = ["CMakeLists.txt", "pyproject.toml", "tools/cmake", "src", "python"]
_NOT_IN_WHEEL = ("_test.cc", "_fuzz.cc", "_bench.cc", ".md", ".pyc", ".so")


class Failed(Exception):
    """A step failed; the text names the step and where its output is."""


def sources_hash(root: Path = ROOT) -> str:
    """Changes when, and only when, a file that the wheel is made from does."""
    total = hashlib.sha256()
    for name in _SOURCES:
        top = root / name
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if file.is_file() and not file.name.endswith(_NOT_IN_WHEEL):
                total.update(f"{file.relative_to(root)}\0{file.stat().st_mode & 0o111}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def directory_of(python: pythons.Python, is_primary: bool) -> Path:
    """`.venv` for the primary Python, `.venv-3.12` for another."""
    return ROOT / (".venv" if is_primary else f".venv-{python.minor}")


class Environment:
    """A virtual environment of one Python, and what it takes to bring Hasten into it."""

    def __init__(self, python: pythons.Python, directory: Path):
        self.python = python
        self.directory = directory
        self.executable = directory / "bin" / "python"
        self._stamp = directory / "hasten-stamp.json"

    def ensure(self, *, tests: bool) -> None:
        """Makes whatever is missing or out of date. Raises: Failed."""
        self._ensure_made()
        stamp = self._read_stamp()
        wanted = BUILD_NEEDS
        if stamp.get("build") != wanted:
            self._pip("its build tools", "install", *wanted)
            self._write_stamp(stamp, build=wanted)
        hash_now = sources_hash()
        if stamp.get("sources") != hash_now or not self._has_hasten():
            wheel = self._build_wheel()
            self._pip("the wheel", "install", "--no-deps", "--force-reinstall", str(wheel))
            self._pip("what the wheel needs", "install", str(wheel))
            self._write_stamp(stamp, sources=hash_now, wheel=str(wheel))
        wanted = [(ROOT / "pyproject.toml").read_text(), PEERS]
        if tests and stamp.get("tests") != wanted:
            self._pip("what the tests need", "install", f"{stamp['wheel']}[test]")
            for peer in PEERS:
                try:
                    self._pip(peer, "install", "--only-binary", ":all:", peer)
                except Failed as why:
                    print(f"Python {self.python.minor} goes without {peer} (tests that need it say so): {why}")
            self._write_stamp(stamp, tests=wanted)

    def _ensure_made(self) -> None:
        there = pythons.ask(str(self.executable)) if self.executable.exists() else None
        if there is not None and there.minor == self.python.minor and (self.directory / "bin" / "pip").exists():
            return
        if self.directory.exists():
            shutil.rmtree(self.directory)
        self._run("makes the virtual environment", [self.python.executable, "-m", "venv", str(self.directory)])

    def _has_hasten(self) -> bool:
        return any(self.directory.glob("lib/python*/site-packages/hasten/__init__.py"))

    def _build_wheel(self) -> Path:
        tag = "cp" + self.python.minor.replace(".", "")
        target = ROOT / "build" / "wheels" / tag
        shutil.rmtree(target, ignore_errors=True)
        # As the presets have it: then the C++ tests find their objects in ccache.
        options = ["--no-build-isolation", "--no-deps", "--config-settings=cmake.define.HASTEN_WERROR=ON"]
        self._pip("the wheel's build", "wheel", *options, "--wheel-dir", str(target), str(ROOT))
        return next(target.glob("hasten-*.whl"))

    def _pip(self, what: str, *arguments: str) -> None:
        self._run(f"{arguments[0]}s {what}", [str(self.executable), "-m", "pip", *arguments])

    def _run(self, what: str, command: list[str]) -> None:
        log = ROOT / "build" / "logs" / f"set-up-{self.python.minor}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        # Two compilers side by side need 2 GB with LLVM's headers; ninja's own guess would start more.
        settings = dict(os.environ, CMAKE_BUILD_PARALLEL_LEVEL=str(os.cpu_count() or 1), PIP_DISABLE_PIP_VERSION_CHECK="1")
        settings.pop("PYTHONPATH", None)
        print(f"[Python {self.python.minor}] {what} ...", end=" ", flush=True)
        start = time.monotonic()
        with log.open("a") as file:
            file.write(f"\n$ {' '.join(command)}\n")
            file.flush()
            done = subprocess.run(command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        print(f"{time.monotonic() - start:.0f} s", flush=True)
        if done.returncode != 0:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
            raise Failed(f"exit code {done.returncode} from: {' '.join(command)}\n{last}\n(all of it: {log})")

    def _read_stamp(self) -> dict:
        try:
            return json.loads(self._stamp.read_text())
        except (OSError, ValueError):
            return {}

    def _write_stamp(self, stamp: dict, **news: object) -> None:
        stamp.update(news)
        self._stamp.write_text(json.dumps(stamp))


def fuzz_sources() -> list[Path]:
    """The fuzzers that exist; without any, no second compiler is needed."""
    return sorted((ROOT / "src").rglob("*_fuzz.cc"))


def set_up(*, every_python: bool, tests: bool) -> list[Environment]:
    """System packages, then one environment a Python, the primary one first.

    Raises: Failed or system_packages.Missing, with what to do.
    """
    found = pythons.find()
    names = system_packages.BUILD + (system_packages.TEST if tests else [])
    if tests and fuzz_sources():
        names = names + system_packages.FUZZ
    if not found:
        raise Failed("no Python 3.11, 3.12 or 3.13 on this machine. Install one, or name it in HASTEN_PYTHONS.")
    of_interest = found if every_python else [pythons.primary(found)]
    system_packages.ensure(names + [name for python in of_interest for name in python.system_packages])
    found = pythons.find()  # what was installed just now counts
    usable = [python for python in found if python.usable]
    for python in found:
        if not python.usable:
            print(f"Python {python.minor} ({python.executable}) is left out: it lacks {python.lacks()}.")
    if not usable:
        raise Failed("no Python with headers and venv. Install them for one of the above.")
    first = pythons.primary(usable)
    chosen = [first] + [python for python in usable if python is not first and every_python]
    environments = [Environment(python, directory_of(python, python is first)) for python in chosen]
    for environment in environments:
        environment.ensure(tests=tests)
    return environments


if __name__ == "__main__":
    try:
        set_up(every_python="--every-python" in sys.argv, tests="--tests" in sys.argv)
    except (Failed, system_packages.Missing) as stop:
        sys.exit(f"set-up stopped: {stop}")
