"""Finds the Pythons of this machine that Hasten supports, and says what each of them lacks.

Every candidate is asked, by running it: a name on PATH proves nothing (a pyenv shim may name a version that is not
selected and exit 127), and neither does a directory.
"""

from __future__ import annotations

import glob
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SUPPORTED = ((3, 11), (3, 12), (3, 13))

_QUESTIONS = """
import importlib.util, json, os, sys, sysconfig
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "usual": sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED"),
    "headers": os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
    "ensurepip": all(importlib.util.find_spec(name) is not None for name in ("ensurepip", "venv")),
}))
"""


@dataclass(frozen=True)
class Python:
    """One installed interpreter (never a virtual environment: the one it was made from)."""

    executable: str
    version: tuple[int, ...]  # three numbers
    headers: bool
    ensurepip: bool

    @property
    def minor(self) -> str:
        """'3.12'."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def usable(self) -> bool:
        """Can make a virtual environment and compile an extension."""
        return self.headers and self.ensurepip

    @property
    def of_system(self) -> bool:
        """It is the distribution's own, so that what it lacks comes from the distribution's packages."""
        return Path(self.executable).parent == Path("/usr/bin")

    @property
    def system_packages(self) -> list[str]:
        """Debian's names of what it lacks."""
        lacks = [("dev", self.headers), ("venv", self.ensurepip)]
        return [f"python{self.minor}-{part}" for part, there in lacks if self.of_system and not there]

    def lacks(self) -> str:
        """What is missing, for a person."""
        parts = [("its headers (Python.h)", self.headers), ("the modules venv and ensurepip", self.ensurepip)]
        return " and ".join(name for name, there in parts if not there)


def ask(executable: str) -> Python | None:
    """What `executable` says of itself, or None if it does not run or is nothing that Hasten supports."""
    try:
        answer = subprocess.run(
            [executable, "-I", "-c", _QUESTIONS],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30,
        )
        said = json.loads(answer.stdout) if answer.returncode == 0 else {}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    if not said.get("usual") or tuple(said["version"][:2]) not in SUPPORTED:
        return None
    return Python(said["executable"], tuple(said["version"]), said["headers"], said["ensurepip"])


def candidates(path: str | None = None) -> list[str]:
    """Where a Python may be: PATH in its order, then the places where version managers put them."""
    names = ["python3", "python"] + [f"python{major}.{minor}" for major, minor in SUPPORTED]
    found = []
    for directory in (path if path is not None else os.environ.get("PATH", "")).split(os.pathsep):
        found += [os.path.join(directory, name) for name in names]
    if path is None:
        pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
        for pattern in (
            "/usr/bin/python3.1[1-3]",
            "/usr/local/bin/python3.1[1-3]",
            f"{pyenv}/versions/*/bin/python3.1[1-3]",
            os.path.expanduser("~/.local/share/uv/python/*/bin/python3.1[1-3]"),
            "/opt/python*/bin/python3.1[1-3]",
        ):
            found += sorted(glob.glob(pattern))
    return [name for name in dict.fromkeys(found) if os.access(name, os.X_OK)]


def find(path: str | None = None) -> list[Python]:
    """The supported Pythons, one a minor version, oldest first: of several the first that is usable, else the first.

    HASTEN_PYTHONS, a list of executables separated by colons, replaces the search.
    """
    named = os.environ.get("HASTEN_PYTHONS") if path is None else None
    chosen: dict[str, Python] = {}
    for executable in named.split(os.pathsep) if named else candidates(path):
        python = ask(executable)
        if python and (python.minor not in chosen or (python.usable and not chosen[python.minor].usable)):
            chosen[python.minor] = python
    return sorted(chosen.values(), key=lambda python: python.version)


def primary(pythons: list[Python]) -> Python:
    """The one that gets `.venv`: what `python3` is if it is among them, else the oldest usable.

    REQUIRES: pythons is not empty.
    """
    here = ask("python3")
    for python in pythons:
        if here and python.usable and python.minor == here.minor:
            return python
    return next((python for python in pythons if python.usable), pythons[0])


if __name__ == "__main__":
    for one in find():
        print(one.minor, one.executable, "usable" if one.usable else f"lacks {one.lacks()}")
    sys.exit(0)
