"""Where captures go, and what becomes of files that are none, damaged, or from tomorrow."""

import os
import stat
import struct

import pytest


def test_names_count_up_and_nothing_is_overwritten(hasten):
    hasten.write("app.py", "print(1)\n")
    (hasten.folder / "app-2.hasten").write_text("mine")
    for _ in range(3):
        assert hasten("run", "app.py").returncode == 0
    assert hasten.captures == ["app-2.hasten", "app-3.hasten", "app-4.hasten", "app.hasten"]
    assert (hasten.folder / "app-2.hasten").read_text() == "mine"


def test_only_the_owner_may_read_a_capture(hasten):
    hasten.write("app.py", "pass\n")
    hasten("run", "app.py", umask=0)
    assert stat.S_IMODE((hasten.folder / "app.hasten").stat().st_mode) == 0o600


def test_out_names_a_directory_or_a_capture(hasten):
    hasten.write("app.py", "pass\n")
    (hasten.folder / "there").mkdir()
    assert hasten("run", "--out", "there", "app.py").returncode == 0
    assert hasten("run", "--out", "there/mine.hasten", "app.py").returncode == 0
    assert sorted(os.listdir(hasten.folder / "there")) == ["app.hasten", "mine.hasten"]
    again = hasten("run", "--out", "there/mine.hasten", "app.py")
    assert again.returncode == 125
    assert "never overwritten" in again.stderr
    nowhere = hasten("run", "--out", "nowhere", "app.py")
    assert nowhere.returncode == 125
    assert nowhere.stderr.count("\n") == 1


def test_a_json_file_that_cannot_be_written_is_said_before_the_program_runs(hasten):
    hasten.write("app.py", "print('ran')\n")
    result = hasten("run", "--json", "nowhere/report.json", "app.py")
    assert (result.returncode, result.stdout) == (125, "")
    assert result.stderr.count("\n") == 1


def test_the_newest_capture_is_meant_when_none_is_named(hasten):
    nothing = hasten("view")
    assert nothing.returncode == 125
    assert "hasten run" in nothing.stderr
    hasten.write("one.py", "def first(n):\n    return sum(i * i for i in range(n))\nfirst(3_000_000)\n")
    hasten.write("two.py", "def second(n):\n    return sum(i * i for i in range(n))\nsecond(3_000_000)\n")
    hasten("run", "one.py")
    hasten("run", "two.py")
    assert "two.py" in hasten("view").stdout
    assert "one.py" in hasten("view", "one.hasten").stdout


@pytest.fixture
def whole(burned, hasten):
    at, _, _ = burned
    data = (at.folder / "burner.hasten").read_bytes()
    copy = hasten.folder / "copy.hasten"
    copy.write_bytes(data)
    return copy


def refused(result, *words):
    assert result.returncode == 125
    assert result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("command", [["view"], ["export", "--to", "collapsed"]])
def test_what_is_not_a_capture_is_refused_by_name(hasten, command):
    (hasten.folder / "other.hasten").write_bytes(b"")
    refused(hasten(*command, "other.hasten"), "other.hasten is empty")
    for text in (b"print('hello')\n", b"\x7fELF" + bytes(100), os.urandom(5000)):
        (hasten.folder / "other.hasten").write_bytes(text)
        refused(hasten(*command, "other.hasten"), "other.hasten", "not a")
    refused(hasten(*command, "missing.hasten"), "missing.hasten")
    refused(hasten(*command, hasten.folder), str(hasten.folder))


def test_a_newer_capture_is_refused_by_name(hasten, whole):
    data = bytearray(whole.read_bytes())
    # docs/format.md: the major version is the 16-bit number after the eight bytes of the magic.
    assert struct.unpack_from("<H", data, 8) == (1,)
    struct.pack_into("<H", data, 8, 99)
    whole.write_bytes(data)
    refused(hasten("view", whole), "copy.hasten", "newer")


def test_a_capture_cut_short_opens_and_says_what_is_missing(hasten, whole):
    data = whole.read_bytes()
    opened = 0
    for part in (0.3, 0.5, 0.7, 0.9, 0.99):
        whole.write_bytes(data[: int(len(data) * part)])
        result = hasten("view", whole)
        assert "Traceback" not in result.stderr
        if result.returncode == 0:
            opened += 1
            assert "note    " in result.stdout, f"nothing is said of a capture cut at {part}"
        else:
            refused(result, "copy.hasten")
    assert opened >= 3


def test_damage_is_never_shown_as_figures(hasten, whole):
    data = whole.read_bytes()
    for at in range(40, len(data), max(1, len(data) // 15)):
        damaged = bytearray(data)
        damaged[at] ^= 0x55
        whole.write_bytes(damaged)
        result = hasten("view", whole)
        assert "Traceback" not in result.stderr
        if result.returncode == 0:
            assert "note    " in result.stdout, f"a flipped byte at {at} went unnoticed"
        else:
            refused(result, "copy.hasten")


def test_a_capture_is_never_written_over(hasten):
    """The word behind --json may be meant as the capture to show."""
    assert hasten("run", "--out", "one.hasten", "-c", "print(1)").returncode == 0
    before = (hasten.folder / "one.hasten").read_bytes()
    for words in (["view", "--json", "one.hasten"], ["export", "--to", "collapsed", "-o", "one.hasten", "one.hasten"]):
        result = hasten(*words)
        assert result.returncode != 0
        assert result.stderr.strip().splitlines()[-1].endswith("one.hasten is a capture. captures are never overwritten; name another file")
        assert (hasten.folder / "one.hasten").read_bytes() == before
