"""The generator and its harness, tried on stand-ins for a wrong compiler; no native code is needed here."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_python
EXACT = Path(__file__).parent / "exact"
RULES = ["wrap", "c_div", "c_mod", "round", "float_compare", "negative_index", "zero_locals", "copied_lists", "no_negative_zero", "lost_line", "shift_wide", "float_floor", "min_ties"]  # fmt: skip


def exact(tmp_path, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "ignore", EXACT, "--keep", tmp_path, "--jobs", "1", "--density", "1", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_plain_against_plain_shows_no_difference(tmp_path):
    done = exact(tmp_path, "--wrap", "plain", "--seeds", "0:50")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 differences" in done.stdout


@pytest.mark.parametrize("rule", RULES)
def test_a_known_departure_is_found(tmp_path, rule):
    done = exact(
        tmp_path,
        "--wrap",
        f"stand_ins:rule_{rule}",
        "--calls",
        "80000",
        "--fixed",
        "0",
        "--start",
        "0",
        "--stop-at",
        "1",
        "--no-shrink",
    )
    assert done.returncode == 1, f"{rule} was not found\n{done.stdout}{done.stderr}"
    assert "CPython" in done.stdout and "crash" not in done.stdout


def test_a_failing_program_is_made_small(tmp_path):
    done = exact(
        tmp_path,
        "--wrap",
        "stand_ins:rule_c_mod",
        "--calls",
        "20000",
        "--fixed",
        "0",
        "--start",
        "0",
        "--stop-at",
        "1",
    )
    small = sorted(tmp_path.glob("small_*.py"))
    assert small, done.stdout + done.stderr
    assert len(small[0].read_text().splitlines()) < 15
    again = exact(tmp_path, "--wrap", "stand_ins:rule_c_mod", "--replay", small[0])
    assert again.returncode == 1, again.stdout
    plain = exact(tmp_path, "--wrap", "plain", "--replay", small[0])
    assert plain.returncode == 0, plain.stdout


def test_a_worker_that_dies_or_hangs_is_reported_and_the_rest_goes_on(tmp_path):
    done = exact(
        tmp_path,
        "--wrap",
        "stand_ins:dies_on_floor_division",
        "--seeds",
        "0:10",
        "--stop-at",
        "99",
        "--no-shrink",
    )
    assert "SIGSEGV" in done.stdout
    assert done.returncode == 1


def test_a_seed_gives_the_same_program_in_every_process():
    source = "import program; print(*[program.generate(seed) for seed in range(20)])"
    texts = {
        subprocess.run(
            [sys.executable, "-c", source],
            cwd=EXACT,
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": salt},
        ).stdout
        for salt in ("1", "2")
    }
    assert len(texts) == 1
    assert texts.pop().count("def call_") > 300
