"""Pythons that are newer than the distribution's: Debian's packages, unpacked into a folder and never installed.

apt fetches them with lists, cache and a record of installed packages of its own, so that neither this machine's
sources nor its packages change. They need a newer libc than the machine may have; it comes with them, and only the
interpreters start with it, not what they start.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import elf_loader

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "new-pythons"
MINORS = ("3.14", "3.15")
SUITE = "forky"
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_SOURCE = f"deb [arch=amd64 signed-by={KEYS}] http://deb.debian.org/debian {SUITE} main\n"
# Proxies and the like of the machine stay; what it does after an update (to its own cache) does not.
_SETTINGS = """\
APT::Architecture "amd64";
APT::Architectures "";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Debug::NoLocking "true";
Dir::State "{folder}/state";
Dir::State::status "{folder}/state/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
#clear APT::Architectures;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::DEP-11;
"""


class Missing(Exception):
    """These Pythons cannot be had here; the text says why and what to do."""


def executables(folder: Path = FOLDER) -> dict[str, Path]:
    """Those that are there already, by minor version."""
    paths = {minor: folder / "root" / "usr" / "bin" / f"python{minor}" for minor in MINORS}
    return {minor: path for minor, path in paths.items() if (folder / "ready").exists() and path.exists()}


def ensure(folder: Path = FOLDER) -> dict[str, Path]:
    """Fetch and unpack them, unless they are there: some 30 MB of packages, 150 MB on disk.

    Raises: Missing.
    """
    # The interpreters name their loader by its whole path, so a folder that was moved is made anew.
    made = f"{SUITE} {' '.join(MINORS)} in {folder}"
    if (folder / "ready").exists() and (folder / "ready").read_text() == made:
        return executables(folder)
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Missing(f"{tool} is not here, and these Pythons are Debian's packages. Name others in HASTEN_NEW_PYTHONS.")
    if not KEYS.exists():
        raise Missing(f"no {KEYS}, which proves that packages are Debian's. Install the package debian-archive-keyring.")
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("state/lists/partial", "cache/archives/partial", "root"):
        (folder / part).mkdir(parents=True)
    (folder / "state" / "status").touch()  # nothing is installed: whatever a package needs comes along
    (folder / "sources.list").write_text(_SOURCE)
    (folder / "apt.conf").write_text(_SETTINGS.format(folder=folder))
    _apt(folder, "update", "-q")
    _apt(folder, "install", "-q", "--yes", "--download-only", *(f"python{minor}" for minor in MINORS))
    root = folder / "root"
    for package in sorted((folder / "cache" / "archives").glob("*.deb")):
        _run("dpkg-deb", "--extract", package, root)
    loader = root / "usr" / "lib64" / "ld-linux-x86-64.so.2"
    for minor in MINORS:
        elf_loader.set_loader(root / "usr" / "bin" / f"python{minor}", loader, root / "usr" / "lib" / "x86_64-linux-gnu")
    shutil.rmtree(folder / "cache")
    shutil.rmtree(folder / "state")
    (folder / "ready").write_text(made)
    return executables(folder)


def found() -> dict[str, Path]:
    """Those that HASTEN_NEW_PYTHONS names, a list of executables separated by colons, else what ensure() makes.

    Raises: Missing.
    """
    named = [Path(word) for word in os.environ.get("HASTEN_NEW_PYTHONS", "").split(os.pathsep) if word]
    return {path.name.removeprefix("python"): path for path in named} or ensure()


def _apt(folder: Path, *words: str) -> None:
    _run("apt-get", "-c", folder / "apt.conf", *words)


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)  # fmt: skip
    if done.returncode != 0:
        line = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise Missing(f"{' '.join(str(word) for word in command[:4])} ... failed: {line}")


if __name__ == "__main__":
    try:
        for name, path in found().items():
            print(name, path)
    except Missing as missing:
        sys.exit(f"new Pythons: {missing}")
