"""The system packages that Hasten is built from, and how they come onto this machine."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys

# Debian 12 and Ubuntu 24.04 have all of these under these names.
BUILD = [
    "g++",
    "cmake",
    "ninja-build",
    "ccache",
    "llvm-19-dev",
    # What LLVM's own CMake file asks for, and apt leaves out without its recommendations:
    "libzstd-dev",
    "zlib1g-dev",
    "libxml2-dev",
    "libfmt-dev",
    "libxxhash-dev",
]
TEST = ["libgtest-dev", "clang-format-19"]
FUZZ = ["clang-19", "libclang-rt-19-dev"]


class Missing(Exception):
    """Packages are missing and may not be installed from here; the text says what to type."""


def missing(names: list[str]) -> list[str]:
    """Those of `names` that dpkg does not know as installed."""
    answer = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    installed = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def privilege() -> list[str] | None:
    """What to put before apt-get: nothing for root, sudo where it works, None where neither is there."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    if sys.stdin.isatty():
        return [sudo]  # it may ask for the password
    silent = subprocess.run([sudo, "-n", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [sudo, "-n"] if silent.returncode == 0 else None


def install_command(names: list[str]) -> list[str]:
    """The command, without privilege, as a person would type it."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *names]


def ensure(names: list[str]) -> None:
    """Installs what is missing of `names`.

    Raises: Missing, with the exact command, if that needs rights that are not there, or if apt-get failed.
    """
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        print(f"not a Debian-like system: taking it that the like of these is installed: {' '.join(names)}")
        return
    lacking = missing(names)
    if not lacking:
        return
    before = privilege()
    by_hand = f"sudo apt-get update && sudo {shlex.join(install_command(lacking))}"
    if before is None:
        raise Missing(f"system packages are missing, and neither root nor sudo is there to install them. Type:\n  {by_hand}")
    print("installing system packages:", " ".join(lacking), flush=True)
    # env: sudo drops the environment. The lock: another apt may be at work on a fresh machine; wait for it.
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    wait = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", "-q"]
    for command in (["apt-get", "update"], install_command(lacking)):
        # A source that does not answer makes `update` fail though the packages may be had: only `install` decides.
        done = subprocess.run([*before, *quiet, *command[:2], *wait, *command[2:]], stdin=subprocess.DEVNULL)
        if done.returncode != 0 and command[1] == "install":
            raise Missing(f"apt-get failed (exit code {done.returncode}). Put that right, or type:\n  {by_hand}")
