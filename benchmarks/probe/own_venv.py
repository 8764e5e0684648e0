"""A virtual environment for programs of others, with the newest releases from PyPI, under build/ and nowhere else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "build"


class Missing(Exception):
    """It cannot be had here; the text says why."""


def made(name: str, packages: list[str]) -> Path:
    """The environment's bin directory; made and filled unless it is there already with the same packages.

    Raises: Missing.
    """
    folder = BUILD / name
    ready = folder / "ready"
    wanted = f"{sys.version} {' '.join(packages)} in {folder}"
    if ready.exists() and ready.read_text() == wanted:
        return folder / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "venv", folder)
    _run(folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--upgrade", *packages)
    ready.write_text(wanted)
    return folder / "bin"


def version(folder: Path, package: str) -> str:
    """The release of a package in an environment, given its bin directory."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([folder / "python", "-c", code], capture_output=True, text=True).stdout.strip()


def _run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Missing(f"{Path(str(command[0])).name} {command[1]} {command[2]} failed: {last}")
