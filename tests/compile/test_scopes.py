"""Globals that are written, nested functions, cells: what each scenario tells, compiled and by CPython itself."""

import importlib.util
import os
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

COMPILED = []


def compile_and_note(function):
    compiled = hasten.jit(strict=os.environ.get("HASTEN_JIT_TIER") == "interpreter")(function)
    COMPILED.append(compiled)
    return compiled


def load(name, jit):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    module.jit = jit
    spec.loader.exec_module(module)
    return vars(module)


FILES = ("scopes", "scopes_future", "nested_calls")
PLAIN = {name: load(name, lambda function: function) for name in FILES}
NATIVE = {name: load(name, compile_and_note) for name in FILES}
SCENARIOS = [(file, name) for file in FILES for name in PLAIN[file] if name.startswith("scenario_")]


@pytest.mark.parametrize(("file", "name"), SCENARIOS)
def test_same_as_python(file, name):
    expected = PLAIN[file][name]()
    for _ in range(2):
        got = NATIVE[file][name]()
        assert repr(got) == repr(expected)
        expected = PLAIN[file][name]()


def test_nothing_is_refused():
    for file, name in SCENARIOS:
        NATIVE[file][name]()
    reports = [function.report() for function in COMPILED]
    assert any(report["compiles"] or report["interpreter_calls"] for report in reports)
    assert not [reason for report in reports for reason in report["reasons"] if ": C1" in reason]
