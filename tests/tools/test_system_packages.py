"""How missing system packages come onto a machine: as root, with sudo, or by a command to type."""

import os

import pytest


@pytest.fixture
def machine(tools, script, monkeypatch, tmp_path):
    """A Debian whose dpkg knows only g++ and cmake, and whose apt-get writes down what it is asked."""
    log = tmp_path / "apt.log"
    script("dpkg-query", 'for n; do case $n in g++|cmake) echo "$n installed";; gone) echo "$n config-files";; esac; done')
    script("apt-get", f'echo "$@" >> {log}; [ "$1" = update ] || exit ${{APT_FAILS:-0}}')
    for name in ("env", "sh"):
        os.symlink(f"/usr/bin/{name}", tmp_path / "bin" / name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    import system_packages

    system_packages.log = log
    return system_packages


def asked(machine):
    return machine.log.read_text() if machine.log.exists() else ""


def test_nothing_is_asked_when_all_is_there(machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    machine.ensure(["g++", "cmake"])
    assert asked(machine) == ""


def test_root_installs_only_what_is_missing(machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    machine.ensure(["g++", "llvm-19-dev", "gone", "cmake"])
    update, install = asked(machine).splitlines()
    assert update.startswith("update ")
    assert install.startswith("install ") and install.split()[-2:] == ["llvm-19-dev", "gone"]
    assert "--no-install-recommends" in install


def test_sudo_is_used_where_it_needs_no_password(machine, script, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    script("true", "exit 0")
    script("sudo", '[ "$1" = -n ] && shift; exec "$@"')
    machine.ensure(["ninja-build"])
    assert "ninja-build" in asked(machine)


@pytest.mark.parametrize("sudo", [None, "echo 'sudo: a password is required' >&2; exit 1"])
def test_without_rights_the_exact_command_is_said(machine, script, monkeypatch, sudo):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("sys.stdin", open(os.devnull))
    if sudo:
        script("sudo", sudo)
    with pytest.raises(machine.Missing) as stop:
        machine.ensure(["g++", "ninja-build", "ccache"])
    command = "sudo apt-get update && sudo apt-get install -y --no-install-recommends ninja-build ccache"
    assert str(stop.value).endswith("\n  " + command)
    assert asked(machine) == ""


def test_a_failing_apt_is_named(machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("APT_FAILS", "100")
    with pytest.raises(machine.Missing, match="exit code 100"):
        machine.ensure(["ninja-build"])
