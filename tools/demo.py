"""`make demo`: set-up, then find, fix and prove on the Julia set; says at the end where everything lies."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import environment
import system_packages
from environment import ROOT

PROGRAM = Path("examples/julia_set.py")


def hasten(env: environment.Environment, *arguments: str) -> None:
    """Runs one command of Hasten as a user would, in the top directory. Raises: Failed."""
    command = [str(env.directory / "bin" / "hasten"), *arguments]
    print(f"\n$ hasten {' '.join(arguments)}", flush=True)
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # The program is started by the `python` of this environment, as if it had been activated.
    settings["PATH"] = f"{env.directory / 'bin'}{os.pathsep}{settings.get('PATH', '')}"
    done = subprocess.run(command, cwd=ROOT, env=settings)
    if done.returncode != 0:
        raise environment.Failed(f"hasten {arguments[0]} ended with exit code {done.returncode}")


def newest(where: Path, pattern: str) -> Path:
    """The youngest file of that pattern. Raises: Failed if there is none."""
    found = sorted(where.glob(pattern), key=lambda file: file.stat().st_mtime)
    if not found:
        raise environment.Failed(f"no {pattern} in {where}")
    return found[-1]


def run(where: Path) -> None:
    """Everything; files go to `where`. Raises: Failed, Missing."""
    start = time.monotonic()
    env = environment.set_up(every_python=False, tests=False)[0]
    print(f"set-up took {time.monotonic() - start:.1f} s")
    where.mkdir(parents=True, exist_ok=True)
    shown = where.relative_to(ROOT)
    hasten(env, "run", "--json", f"{shown}/run.json", "--out", str(shown), str(PROGRAM))
    capture = newest(where, "*.hasten")
    hasten(env, "fix", "--yes", "--json", f"{shown}/fix.json", str(capture.relative_to(ROOT)))
    print(f"\ncapture  {capture}")
    print(f"JSON     {where / 'run.json'}")
    print(f"         {where / 'fix.json'}")
    patch = capture.with_suffix(".patch")  # written beside the capture if, and only if, something is proven
    if not patch.exists():
        raise environment.Failed("hasten fix proved nothing this time, so there is no patch; fix.json says why")
    print(f"patch    {patch}")


if __name__ == "__main__":
    try:
        run(ROOT / "build" / "demo")
    except (environment.Failed, system_packages.Missing) as stop:
        sys.exit(f"demo stopped: {stop}")
