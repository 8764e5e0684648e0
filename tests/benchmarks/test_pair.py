"""The A/B runner: it must find a difference that is there, and refuse one that is not."""

import importlib.util
import sys
from pathlib import Path

import pytest

PAIR = Path(__file__).resolve().parents[2] / "benchmarks" / "pair.py"
spec = importlib.util.spec_from_file_location("pair", PAIR)
pair = importlib.util.module_from_spec(spec)
sys.modules["pair"] = pair
spec.loader.exec_module(pair)


def prints(text):
    return [sys.executable, "-S", "-c", f"print({text!r})"]


def printing_times(path, values):
    """A program that prints the next of `values` as its seconds at each run."""
    path.write_text("0")
    code = (
        f"p = {str(path)!r}; n = int(open(p).read()); open(p, 'w').write(str(n + 1)); "
        f"v = {values!r}; print('seconds:', v[n % len(v)])"
    )
    return [sys.executable, "-S", "-c", code]


def test_finds_a_factor_of_two_that_is_there(tmp_path):
    slow = printing_times(tmp_path / "a", [2.0, 2.02, 1.98])
    fast = printing_times(tmp_path / "b", [1.0, 1.01, 0.99])
    result = pair.compare(slow, fast, rounds=8, metric="printed")
    assert result.verdict == "faster"
    assert result.low < 2.0 < result.high or abs(result.ratio - 2.0) < 0.05
    assert pair.compare(fast, slow, rounds=8, metric="printed").verdict == "slower"


def test_refuses_a_verdict_when_the_interval_covers_one(tmp_path):
    a = printing_times(tmp_path / "a", [1.0, 1.3, 0.8, 1.1])
    b = printing_times(tmp_path / "b", [1.1, 0.8, 1.3, 1.0])
    result = pair.compare(a, b, rounds=8, metric="printed")
    assert result.low <= 1.0 <= result.high
    assert result.verdict == "cannot tell"
    assert "covers 1" in result.text()


def test_refuses_a_verdict_from_too_few_rounds(tmp_path):
    a, b = printing_times(tmp_path / "a", [5.0]), printing_times(tmp_path / "b", [1.0])
    result = pair.compare(a, b, rounds=3, metric="printed")
    assert result.ratio == 5.0
    assert result.verdict == "cannot tell"


def test_a_wrong_answer_has_no_speed():
    with pytest.raises(pair.RunFailed, match="is not in what it printed"):
        pair.compare(prints("42"), prints("43"), rounds=1, expect="42", same_output=False)


def test_two_programs_that_print_different_things_are_not_compared():
    with pytest.raises(pair.RunFailed, match="different things"):
        pair.compare(prints("42"), prints("43"), rounds=1)


def test_a_failing_run_is_named_with_its_exit_code():
    with pytest.raises(pair.RunFailed, match="exit code 7"):
        pair.compare([sys.executable, "-c", "raise SystemExit(7)"], prints(""), rounds=1)


def test_cpu_time_leaves_out_waiting():
    # One CPU second of difference cannot hide: the process that only waits for its child's pipe uses next to none.
    busy = [sys.executable, "-S", "-c", "import time\nwhile time.process_time() < 0.3: pass"]
    figure, _ = pair.run_once(busy, "cpu", None)
    idle, _ = pair.run_once([sys.executable, "-S", "-c", "import select; select.select([], [], [], 0.3)"], "cpu", None)
    assert figure >= 0.3
    assert idle < 0.15


def test_exit_codes_of_the_command(capsys):
    same = " ".join([sys.executable, "-S", "-c", "pass"])
    assert pair.main(["--a", same, "--b", f"{sys.executable} -c 'raise SystemExit(1)'", "--rounds", "1"]) == 2
    assert "exit code 1" in capsys.readouterr().err
    assert pair.main(["--a", same, "--b", same, "--rounds", "6", "--max-ratio", "1000"]) == 0
    assert "within 1000" in capsys.readouterr().out
