"""Captures against captures: the arithmetic on reports, and the command on real captures."""

import json
import math
import subprocess
import sys

import pytest

from hasten.fix import capture_sets
from hasten.fix.capture_sets import compare_captures, runs_of_report


def report_of(wall_s, cpu_s, waited_s=0.0, peak=10_000_000):
    return {"wall_s": wall_s, "cpu_s": cpu_s, "runs": 1, "complete": True, "peak_rss_bytes": peak,
            "processes": [{"pid": 7, "parent_pid": 1, "wall_s": wall_s, "cpu_s": cpu_s, "peak_rss_bytes": peak}],
            "threads": [{"pid": 7, "tid": 7, "runnable_s": waited_s}, {"pid": 7, "tid": 8, "runnable_s": 50.0}]}


def compared(monkeypatch, before, after):
    runs = {**{f"a{i}": runs_of_report(r) for i, r in enumerate(before)}, **{f"b{i}": runs_of_report(r) for i, r in enumerate(after)}}
    monkeypatch.setattr(capture_sets, "read_runs", runs.__getitem__)
    return compare_captures([k for k in runs if k[0] == "a"], [k for k in runs if k[0] == "b"])


def test_twice_as_fast_is_a_gain_of_two(monkeypatch):
    walls = [2.0, 2.02, 1.98, 2.01]
    document = compared(monkeypatch, [report_of(w, w) for w in walls], [report_of(w / 2, w / 4) for w in walls])
    assert math.isclose(document["wall"]["gain"], 2) and math.isclose(document["cpu"]["gain"], 4)
    assert document["better"] is True and document["exit_code"] == 0


def test_the_next_pair_is_less_sure_than_the_mean(monkeypatch):
    # By hand: the logarithms of the ratios are +-d around log 2; for 4 pairs Student's t is 3.182.
    d = 0.05
    after = [math.exp(s * d) for s in (1, -1, 1, -1)]
    document = compared(monkeypatch, [report_of(2.0, 1)] * 4, [report_of(a, 1) for a in after])
    spread = d * math.sqrt(4 / 3)
    low, high = document["wall"]["interval"]
    assert math.isclose(math.log(high / low) / 2, 3.182 * spread / 2, rel_tol=1e-3)
    next_low, next_high = document["wall"]["next_run"]
    assert math.isclose(math.log(next_high / next_low) / 2, 3.182 * spread * math.sqrt(1 + 1 / 4), rel_tol=1e-3)


def test_waiting_for_a_cpu_is_not_the_programs_time(monkeypatch):
    document = compared(monkeypatch, [report_of(1.0, 1.0)] * 3, [report_of(3.0, 1.0, waited_s=2.0)] * 3)
    assert math.isclose(document["wall"]["gain"], 1)
    assert document["better"] is False and document["exit_code"] == 1


def test_too_few_cannot_be_told(monkeypatch):
    document = compared(monkeypatch, [report_of(2, 2)] * 2, [report_of(1, 1)] * 2)
    assert document["exit_code"] == 3 and "at least 3" in document["reason"] and "wall" not in document


def test_unequal_sets_are_refused(monkeypatch):
    with pytest.raises(capture_sets.HastenError, match="3 runs before and 2 after"):
        compared(monkeypatch, [report_of(2, 2)] * 3, [report_of(1, 1)] * 2)


def test_a_tree_counts_as_one_run():
    report = report_of(2.0, 5.0)
    report["processes"].append({"pid": 9, "parent_pid": 7, "wall_s": 1.0, "cpu_s": 4.0, "peak_rss_bytes": 30_000_000})
    (run,) = runs_of_report(report)
    assert run.cpu_s == 9.0 and run.peak_bytes == 30_000_000


@pytest.mark.process
def test_the_command_on_real_captures(tmp_path):
    for name, count in (("slow", 1_500_000), ("fast", 300_000)):
        (tmp_path / f"{name}.py").write_text(f"n = 0\nfor i in range({count}):\n    n += i\nprint(n)\n")
        ran = subprocess.run([sys.executable, "-m", "hasten", "run", "--repeat", "4", f"{name}.py"], cwd=tmp_path,
                             capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    words = [sys.executable, "-m", "hasten", "prove", "--before", "slow.hasten", "--after", "fast.hasten", "--json", "o.json"]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    document = json.loads((tmp_path / "o.json").read_text())
    assert document["runs"] == 4, "each repetition is a run"
    assert document["cpu"]["gain"] > 1.2 and document["peak_before_bytes"] > 1e6
    assert ran.returncode == document["exit_code"] == (0 if document["wall"]["interval"][0] > 1.01 else 1), ran.stderr
    assert "4 runs a side" in ran.stdout and "the next pair of runs" in ran.stdout
    one = subprocess.run([*words[:4], "--before", "slow.hasten"], cwd=tmp_path, capture_output=True, text=True)
    assert one.returncode == 2 and one.stderr.count("\n") == 1
