"""Which Pythons the set-up finds, on machines that are not in order."""

import json
import sys

import pytest


@pytest.fixture
def pythons(tools, monkeypatch):
    monkeypatch.delenv("HASTEN_PYTHONS", raising=False)
    import pythons

    return pythons


def answers(version, headers=True, ensurepip=True, usual=True, executable="/opt/x/bin/python"):
    said = {"version": version, "executable": executable, "usual": usual, "headers": headers, "ensurepip": ensurepip}
    return f"echo '{json.dumps(said)}'"


def test_the_python_that_runs_this_is_found(pythons):
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in [python.minor for python in pythons.find()]


def test_a_shim_that_exits_127_is_no_python(pythons, script):
    shim = script("python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    script("python3.13", answers([3, 13, 0]))
    assert pythons.ask(str(shim)) is None
    assert [python.minor for python in pythons.find(path=str(shim.parent))] == ["3.13"]


@pytest.mark.parametrize("text", ["echo nonsense", "exit 0", "kill -9 $$", answers([3, 10, 2]), answers([3, 14, 0])])
def test_what_answers_nothing_useful_is_left_out(pythons, script, text):
    assert pythons.ask(str(script("python3", text))) is None


def test_other_implementations_are_left_out(pythons, script):
    assert pythons.ask(str(script("python3", answers([3, 11, 0], usual=False)))) is None


def test_of_two_with_one_version_the_usable_one_is_taken(pythons, script):
    script("python3", answers([3, 12, 1], headers=False, executable="/usr/bin/python3.12"))
    directory = script("python3.12", answers([3, 12, 4])).parent
    (found,) = pythons.find(path=str(directory))
    assert found.version == (3, 12, 4) and found.usable


def test_what_a_python_of_the_system_lacks_has_a_package(pythons, script):
    bare = pythons.ask(str(script("python3", answers([3, 12, 1], False, False, executable="/usr/bin/python3.12"))))
    assert not bare.usable
    assert bare.system_packages == ["python3.12-dev", "python3.12-venv"]
    assert bare.lacks() == "its headers (Python.h) and the modules venv and ensurepip"
    foreign = pythons.ask(str(script("python3", answers([3, 12, 1], False, True))))
    assert foreign.system_packages == []


def test_named_pythons_replace_the_search(pythons, script, monkeypatch):
    only = script("some-python", answers([3, 13, 2]))
    monkeypatch.setenv("HASTEN_PYTHONS", str(only))
    assert [python.version for python in pythons.find()] == [(3, 13, 2)]
