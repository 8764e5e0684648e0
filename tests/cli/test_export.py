"""`hasten export`: where it writes, and the text formats, read by rules that are not ours: flamegraph.pl's line grammar
and speedscope's published schema. Each binary format has its tests in tests/export/."""

import collections
import json
import os
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
        name, place = frames[-1].split(" ", 1)
        own[name, place.split(":")[0].lstrip("(")] += int(match["count"])
    assert total == pytest.approx(report["sampled_cpu_s"] * 1e9, abs=1)
    for row in report["functions"][:3]:
        assert own[row["function"], os.path.basename(row["file"])] == pytest.approx(row["self_cpu_s"] * 1e9, abs=1000)


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


BINARY = {"pstats": b"", "pprof": b"\x1f\x8b", "perfetto": b"\x0a"}  # how a file of that kind begins


@pytest.mark.parametrize("name", BINARY)
def test_bytes_to_standard_output_and_to_a_file(burned, name):
    at, _, _ = burned
    result = at("export", "--to", name, "-o", f"out.{name}", "burner.hasten", text=False)
    assert (result.returncode, result.stdout) == (0, b"")
    written = (at.folder / f"out.{name}").read_bytes()
    assert len(written) > 100 and written.startswith(BINARY[name])
    assert at("export", "--to", name, "burner.hasten", text=False).stdout == written
    assert at("export", "--to", name, "-o", "/dev/stdout", "burner.hasten", text=False).stdout == written


@pytest.fixture
def terminal():
    """A terminal for the command's output, and what it was asked to show."""
    ours, theirs = os.openpty()
    shown = []

    def read():
        os.write(theirs, b"end of output\n")
        while not b"".join(shown).endswith(b"end of output\r\n"):
            shown.append(os.read(ours, 65536))
        return b"".join(shown).removesuffix(b"end of output\r\n")

    yield theirs, read
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("output", ["-", "/dev/stdout", "its name"])
@pytest.mark.parametrize("name", BINARY)
def test_bytes_never_go_to_a_terminal(burned, terminal, name, output):
    at, _, _ = burned
    theirs, read = terminal
    output = os.ttyname(theirs) if output == "its name" else output
    result = at("export", "--to", name, "-o", output, capture_output=False, stdout=theirs, stderr=-1)
    assert result.returncode != 0
    why = f"{name} is binary, and the output is a terminal. Name a file: -o FILE, or pipe it"
    assert result.stderr == f"hasten export: {why}\n"
    assert read() == b""


def test_text_goes_to_a_terminal(burned, terminal):
    at, _, _ = burned
    theirs, read = terminal
    assert at("export", "--to", "collapsed", capture_output=False, stdout=theirs).returncode == 0
    assert b"heavy (burner.py:1)" in read()


@pytest.mark.parametrize("name", ["collapsed", "json", "speedscope", *BINARY])
def test_no_capture_no_export(hasten, name):
    hasten.write("x.hasten", "not a capture")
    result = hasten("export", "--to", name, "-o", "out", "x.hasten")
    assert result.returncode != 0
    assert result.stderr.count("\n") == 1 and "x.hasten" in result.stderr
    assert not (hasten.folder / "out").exists()


@pytest.mark.parametrize("name", ["collapsed", "json", "speedscope", *BINARY])
def test_a_capture_cut_short(burned, hasten, name):
    """Opens, with what it holds: maybe nothing."""
    at, _, _ = burned
    whole = (at.folder / "burner.hasten").read_bytes()
    for kept in (len(whole) // 2, len(whole) - 20):
        (hasten.folder / "cut.hasten").write_bytes(whole[:kept])
        result = hasten("export", "--to", name, "-o", "out", "cut.hasten")
        assert (result.returncode, result.stderr) == (0, "")


def test_help_names_every_format(hasten):
    text = hasten("export", "--help").stdout
    for name in ("collapsed", "json", "speedscope", *BINARY):
        assert re.search(rf"^  {name} ", text, re.MULTILINE)


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


def test_a_folder_that_is_not_there_is_named_as_the_user_did(burned):
    at, _, _ = burned
    done = at("export", "--to", "collapsed", "-o", "/nonexist/x")
    assert done.returncode == 125 and done.stderr.strip().endswith("'/nonexist/x'")
