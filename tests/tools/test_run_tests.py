"""What `make test` reads from its runners, and that it cannot pass without tests."""

import sys
from types import SimpleNamespace

import pytest


@pytest.fixture
def run_tests(tools, tmp_path, monkeypatch):
    import run_tests

    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    return run_tests


@pytest.mark.parametrize(
    "line",
    [
        "============================== 8 passed in 3.70s ===============================",
        "========================= 1 failed, 20 passed in 3.02s =========================",
        "12 passed, 3 skipped in 1.20s",
        "============================ no tests ran in 0.01s =============================",
        "=============================== 1 error in 0.05s ===============================",
        "100% tests passed, 0 tests failed out of 7",
        "86% tests passed, 1 tests failed out of 7",
        "34 of 35 figures within their bounds, 1 outside",
    ],
)
def test_closing_lines_are_recognised(run_tests, line):
    text = f"tests/x.py ....\n{line}\nafterwards\n"
    assert run_tests.CLOSING_LINES.findall(text) == [line]


def test_a_step_stops_at_its_first_failing_command(run_tests, tmp_path):
    say = [sys.executable, "-c", "print('3 passed in 0.1s')"]
    fail = [sys.executable, "-c", "raise SystemExit(1)"]
    touch = [sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'w')"]
    assert run_tests.Step("a step", [say, fail, touch]).run() == (False, ["3 passed in 0.1s"])
    assert not (tmp_path / "ran").exists()
    assert run_tests.Step("a step", [say]).run() == (True, ["3 passed in 0.1s"])


def test_side_by_side_and_what_failed_once_more_alone(run_tests, tmp_path, capfd):
    say = [sys.executable, "-c", "print('3 passed in 0.1s')"]
    fail = [sys.executable, "-c", "print('1 failed in 0.1s'); raise SystemExit(1)"]
    steps = [
        run_tests.Step("broken", [fail], again=fail),
        run_tests.Step("whole", [say]),
        run_tests.Step("unstable", [fail], again=say),
    ]
    assert run_tests.run_side_by_side(steps, 2) == [
        ("broken", False, ["1 failed in 0.1s"] * 3),
        ("whole", True, ["3 passed in 0.1s"]),
        ("unstable", True, ["1 failed in 0.1s", "3 passed in 0.1s", "1 failed, then passed: UNSTABLE tests, see the first run's summary above"]),
    ]
    assert capfd.readouterr().out.count("1 failed in 0.1s\n") == 4


def test_a_run_without_steps_has_not_passed(run_tests, monkeypatch):
    python = SimpleNamespace(executable="python", python=SimpleNamespace(minor="3.11"))
    monkeypatch.setattr(run_tests.environment, "set_up", lambda **_: [python])
    monkeypatch.setattr(run_tests.environment, "fuzz_sources", lambda: [])
    monkeypatch.setattr(sys, "argv", ["run_tests.py", "--only", "nothing"])
    assert run_tests.main() == 1
