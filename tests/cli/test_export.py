"""Exports, read by rules that are not ours: flamegraph.pl's line grammar and speedscope's published schema."""

import collections
import json
import re

import pytest

# flamegraph.pl: everything up to the last space is the stack, the rest a number.
COLLAPSED = re.compile(r"^(?P<stack>.+) (?P<count>\d+)$")

# https://www.speedscope.app/file-format-schema.json, the parts that concern a "sampled" profile.
UNITS = {"none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"}


@pytest.fixture
def report(burned):
    return burned[1]


def test_collapsed(burned, report):
    at, _, _ = burned
    text = at("export", "--to", "collapsed").stdout
    total = 0
    own = collections.Counter()
    for line in text.splitlines():
        match = COLLAPSED.match(line)
        assert match, line
        frames = match["stack"].split(";")
        assert all(frames)
        total += int(match["count"])
        own[frames[-1].split(" ")[0]] += int(match["count"])
    assert total == pytest.approx(report["sampled_cpu_s"] * 1e9, abs=1)
    for row in report["functions"][:3]:
        assert own[row["function"]] == pytest.approx(row["self_cpu_s"] * 1e9, abs=1000)


def test_collapsed_stacks_start_outermost(burned):
    at, _, _ = burned
    text = at("export", "--to", "collapsed").stdout
    assert re.search(r"<module> \(burner\.py:1\);heavy \(burner\.py:1\) \d+", text)


def test_speedscope(burned, report):
    at, _, _ = burned
    document = json.loads(at("export", "--to", "speedscope").stdout)
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    assert set(document) <= {"$schema", "shared", "profiles", "name", "activeProfileIndex", "exporter"}
    frames = document["shared"]["frames"]
    for frame in frames:
        assert isinstance(frame["name"], str)
        assert set(frame) <= {"name", "file", "line", "col"}
        assert isinstance(frame.get("line", 1), int)
    total = 0
    for profile in document["profiles"]:
        assert set(profile) == {"type", "name", "unit", "startValue", "endValue", "samples", "weights"}
        assert profile["type"] == "sampled"
        assert profile["unit"] in UNITS
        assert len(profile["samples"]) == len(profile["weights"])
        assert all(weight > 0 for weight in profile["weights"])
        assert all(0 <= index < len(frames) for stack in profile["samples"] for index in stack)
        # speedscope draws from startValue to endValue and would cut what lies beyond.
        assert profile["endValue"] - profile["startValue"] == sum(profile["weights"])
        total += sum(profile["weights"])
    assert total == pytest.approx(report["sampled_cpu_s"] * 1e9, abs=1)
    assert {"heavy", "light", "<module>"} <= {frame["name"] for frame in frames}


def test_json_is_the_report(burned, report):
    at, _, _ = burned
    assert json.loads(at("export", "--to", "json").stdout) == report


def test_to_a_file(burned):
    at, _, _ = burned
    result = at("export", "--to", "collapsed", "-o", "out.txt", "burner.hasten")
    assert (result.returncode, result.stdout) == (0, "")
    assert (at.folder / "out.txt").read_text() == at("export", "--to", "collapsed").stdout


def test_names_that_would_break_the_grammar(hasten):
    hasten.write(
        "odd.py",
        "source = 'n = 0\\nfor i in range(3_000_000):\\n    n += i\\n'\n"
        "exec(compile(source, 'a;b c\\nd.py', 'exec'))\n",
    )
    assert hasten("run", "--rate", "1000", "odd.py").returncode == 0
    for line in hasten("export", "--to", "collapsed").stdout.splitlines():
        assert COLLAPSED.match(line), line


def test_an_unknown_format_is_a_usage_error(burned):
    at, _, _ = burned
    result = at("export", "--to", "pdf")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "speedscope" in result.stderr
