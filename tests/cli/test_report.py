"""What the report says: keys, sums, and a program whose truth is known."""

import json
import math

import pytest


def binomial_sigma(share, count):
    return math.sqrt(share * (1 - share) / count)


def function(report, name):
    """The row of the program's own function of that name."""
    return next(row for row in report["functions"] if row["function"] == name and row["origin"] == "own")


def test_stable_keys(burned):
    _, report, _ = burned
    assert {
        "schema", "hasten", "python", "command", "exit_code", "wall_s", "cpu_s", "peak_rss_bytes", "samples", "engine",
        "rate_hz", "sampling_cost", "lost", "broken_stacks", "processes", "threads", "functions", "lines", "causes",
    } <= set(report)  # fmt: skip
    assert report["command"][-1] == "burner.py"
    assert report["exit_code"] == 0
    assert report["rate_hz"] == pytest.approx(1000, rel=0.05)
    for row in report["functions"]:
        assert {"file", "function", "first_line", "cpu_share", "cpu_share_interval", "total_share", "self_cpu_s",
                "total_cpu_s", "split", "ceiling"} <= set(row)  # fmt: skip
        assert set(row["split"]) == {"bytecode", "runtime", "extension", "library", "kernel", "compiled", "native_threads"}
    for row in report["lines"]:
        assert {"file", "line", "function", "cpu_share", "cpu_share_interval", "total_share", "split"} <= set(row)
    for row in report["processes"]:
        assert {"pid", "parent_pid", "command", "exit", "cpu_s", "peak_rss_bytes"} <= set(row)
    # Nothing in this run measured them.
    for key in ("tasks", "signal"):
        assert key not in report


def test_shares_add_up(burned):
    _, report, _ = burned
    outside = report["outside_python"]["cpu_share"]
    for rows in ("functions", "lines", "groups"):
        assert sum(row["cpu_share"] for row in report[rows]) + outside == pytest.approx(1)
    for row in report["functions"] + report["lines"] + report["groups"]:
        assert sum(row["split"].values()) == pytest.approx(row["cpu_share"])
        low, high = row["cpu_share_interval"]
        assert 0 <= low <= row["cpu_share"] <= high <= 1
        assert row["cpu_share"] <= row["total_share"] + 1e-12 <= 1 + 1e-9
    # The process's first and last milliseconds, before the probe begins and after it ends, have no samples.
    assert report["cpu_s"] - 0.2 < report["sampled_cpu_s"] < 1.05 * report["cpu_s"]


def test_a_known_program(burned):
    _, report, _ = burned
    heavy, light = function(report, "heavy"), function(report, "light")
    assert report["samples"] > 200, "the program is too short for this test on this machine"
    both = heavy["cpu_share"] + light["cpu_share"]
    assert both > 0.85
    count = heavy["samples"] + light["samples"]
    # Three turns of four; but a shared machine does not give each of them the same time.
    assert heavy["cpu_share"] / both == pytest.approx(0.75, abs=0.06 + 4 * binomial_sigma(0.75, count))
    assert function(report, "<module>")["total_share"] > 0.9
    # One thread, always running or ready to: what is won is what the function takes.
    thread = next(row for row in report["threads"] if row["pid"] == row["tid"])
    # Its samples may by chance stand for more than it used; they stand for no more wall time than there was.
    ready_s = thread["cpu_s"] + thread["runnable_s"]
    taken = heavy["self_cpu_s"] * ready_s / max(thread["cpu_s"], report["sampled_cpu_s"])
    assert heavy["ceiling"] == pytest.approx(report["wall_s"] / (report["wall_s"] - taken), rel=0.02)


def test_lines_and_their_source(burned):
    _, report, _ = burned
    lines = [row for row in report["lines"] if row["function"] == "heavy" and row["cpu_share"] > 0.05]
    assert {row["line"] for row in lines} <= {3, 4}
    assert {row["source"].strip() for row in lines} <= {"for i in range(3_000_000):", "total += i * i"}


def test_the_verdict_names_it(burned):
    at, report, result = burned
    first = next(line for line in result.stderr.splitlines() if "burner.py" in line and "%" in line)
    assert "heavy" in first
    assert f"{100 * function(report, 'heavy')['cpu_share']:.1f} %" in first
    assert "ceiling" in result.stderr
    assert result.stderr.rstrip().endswith("capture burner.hasten")
    assert "\033" not in result.stderr, "no colours where nobody sees them"
    # And again from the capture.
    shown = at("view")
    assert shown.stdout == result.stderr


def test_view_as_json_is_the_report(burned):
    at, report, _ = burned
    assert json.loads(at("view", "--json", "-").stdout) == report


def test_packages_and_library_are_folded(hasten):
    hasten.write(
        "parses.py",
        "import json\n"
        "text = json.dumps([{'a': i, 'b': [i] * 10} for i in range(20000)], indent=1)\n"
        "def again():\n"
        "    for _ in range(3):\n"
        "        json.dumps(json.loads(text), indent=1)\n"
        "again()\n",
    )
    report = hasten.report("--rate", "1000", "parses.py")
    group = next(row for row in report["groups"] if row["name"] == "json")
    assert group["origin"] == "standard library"
    assert group["cpu_share"] > 0.5
    line = next(row for row in report["lines"] if row["function"] == "again" and row["line"] == 5)
    assert line["called"]["through"] == "json"
    assert line["called"]["cpu_share"] > 0.4
    shown = hasten("view").stdout
    assert "json (standard library)" in shown
    assert "encoder.py" not in shown, "packages have one row, not one a function"


def test_recursion_counts_once(hasten):
    hasten.write("fib.py", "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nfib(30)\n")
    report = hasten.report("--rate", "1000", "fib.py")
    assert 0.8 < function(report, "fib")["total_share"] <= 1


def test_every_thread_is_sampled(hasten):
    hasten.write(
        "threads.py",
        "import threading\n"
        "def burn(n):\n"
        "    while n:\n"
        "        n -= 1\n"
        "def one(): burn(6_000_000)\n"
        "def three(): burn(18_000_000)\n"
        "threads = [threading.Thread(target=one), threading.Thread(target=three)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n",
    )
    report = hasten.report("--rate", "1000", "threads.py")
    one, three = function(report, "one")["total_share"], function(report, "three")["total_share"]
    assert one + three > 0.85
    assert three / (one + three) == pytest.approx(0.75, abs=5 * binomial_sigma(0.75, report["samples"]) + 0.02)


def test_waiting_is_not_cpu_time(hasten):
    hasten.write("sleeps.py", "import time\ndef nap():\n    time.sleep(2)\nnap()\n")
    report = hasten.report("sleeps.py")
    assert report["wall_s"] > 1.9
    assert report["cpu_s"] < 0.5
    assert any(cause["kind"] == "waiting" for cause in report["causes"])
    assert "it waited the rest" in hasten("view").stdout


def test_too_short_a_program_says_so_and_offers_repeat(hasten):
    hasten.write("short.py", "def work():\n    return sum(range(1000))\nwork()\n")
    result = hasten("run", "short.py")
    assert result.returncode == 0
    assert "too short" in result.stderr
    assert "--repeat" in result.stderr


def test_repeat_merges_runs(hasten):
    hasten.write("short.py", "def work():\n    n = 0\n    for i in range(1_000_000):\n        n += i\n    print(n)\nwork()\n")
    once = hasten.report("--rate", "1000", "short.py")
    result = hasten("run", "--rate", "1000", "--repeat", "5", "--json", "five.json", "short.py")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "499999500000\n" * 5
    five = json.loads((hasten.folder / "five.json").read_text())
    assert five["runs"] == 5
    # Five times as long; on a busy machine one run may take as long as three.
    assert five["samples"] > 1.5 * once["samples"]
    assert five["wall_s"] > 1.5 * once["wall_s"]
    assert hasten.captures == ["short-2.hasten", "short.hasten"]
    work = [row for row in five["functions"] if row["function"] == "work"]
    assert len(work) == 1, "five runs of a function are one row"


def test_repeat_stops_at_a_failing_run(hasten):
    hasten.write("fails.py", "import sys\nprint('ran')\nsys.exit(3)\n")
    result = hasten("run", "--repeat", "4", "fails.py")
    assert (result.returncode, result.stdout) == (3, "ran\n")
    assert "stopped after run 1 of 4" in result.stderr
    assert hasten.captures == ["fails.hasten"]


def test_waiting_for_a_child_that_works_is_no_reason_to_give_up(hasten):
    hasten.write(
        "parent.py",
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'for i in range(20_000_000): pass'])\n",
    )
    report = hasten.report("--rate", "1000", "parent.py")
    assert report["cpu_s"] - report["sampled_cpu_s"] < 0.3 * report["cpu_s"]  # start-up is not sampled; the child is most of it
    assert len(report["processes"]) == 2
    assert not any(cause["kind"] == "waiting" for cause in report["causes"])


def test_a_child_that_is_not_python_is_said_to_be_unseen(hasten):
    hasten.write("parent.py", "import subprocess\nsubprocess.run(['sh', '-c', 'i=0; while [ $i -lt 900000 ]; do i=$((i+1)); done'])\n")
    report = hasten.report("parent.py")
    assert report["cpu_s"] - report["sampled_cpu_s"] > 0.3
    assert not any(cause["kind"] == "waiting" for cause in report["causes"])
    assert "used by programs that are not Python" in hasten("view").stdout


def test_a_peak_that_nobody_could_read_is_absent(hasten):
    ended = hasten.report("-c", "import os; x = bytearray(1_000_000); os._exit(0)")
    assert "peak_rss_bytes" not in ended or ended["peak_rss_bytes"] > 7_000_000


def test_the_interpreters_own_frames_are_no_rows(hasten):
    """From 3.12 on, calling a class puts a frame of the interpreter's own below the one of __init__."""
    hasten.write(
        "makes.py",
        "class A:\n    def __init__(self):\n        s = 0\n        for i in range(2000): s += i\n\n"
        "def make():\n    for _ in range(6_000): A()\n\nmake()\n",
    )
    assert hasten("run", "--rate", "1000", "--out", "x.hasten", "makes.py").returncode == 0
    lines = hasten("export", "--to", "collapsed", "x.hasten").stdout.splitlines()
    stacks = {line.rpartition(" ")[0] for line in lines if "A.__init__" in line}
    assert stacks == {"<module> (makes.py:1);make (makes.py:6);A.__init__ (makes.py:2)"}
