"""`hasten run`, then `hasten fix`, as a user types them."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process

# Nothing but a search through a list, long enough that the evidence is plain on a busy machine too.
WORDS = """
    # spells words; keep this comment
    def find(words, known):
        missing = []
        for w in words:
            if w not in known:  # the slow line
                missing.append(w)
        return missing

    known = [str(i) for i in range(4000)]
    words = [str(i * 7919 % 4100) for i in range(6000)]
    print(sum(len(find(words[k::12], known)) for k in range(12)))
"""


def hasten(*words, cwd, stdin=subprocess.DEVNULL, **more):
    return subprocess.run([sys.executable, "-m", "hasten", *words], cwd=cwd, stdin=stdin, capture_output=True, text=True,
                          timeout=300, **more)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder with program, capture and the results of `hasten fix --yes`."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "words.py").write_text(textwrap.dedent(WORDS).lstrip("\n"))
    ran = hasten("run", "words.py", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    fixed = hasten("fix", "--yes", "--budget", "100", "--json", "result.json", cwd=folder)
    assert fixed.returncode == 0, fixed.stderr
    return folder, fixed, json.loads((folder / "result.json").read_text())


def test_the_set_is_proven_with_its_figures(recorded):
    folder, fixed, result = recorded
    (proven,) = [f for f in result["fixes"] if f["verdict"] == "proven"]
    assert proven["kind"] == "set for membership"
    assert (proven["file"], proven["line"], proven["function"]) == (str(folder / "words.py"), 5, "find")
    assert proven["calls"] == proven["identical"] == 12
    assert proven["interval"][0] > 1.05
    assert proven["interval"][0] <= proven["program_speedup"] <= proven["interval"][1]
    assert proven["program_before_s"] > proven["program_after_s"] > 0
    assert proven["needs"] == [] and "known_set" in proven["patch"]
    assert result["program_comparable"] is True
    assert result["program_runs"] >= 3 + 2 * 3
    assert "1 fix proven" in fixed.stdout and "same output" in fixed.stdout


def test_the_files_are_untouched_and_results_lie_beside(recorded):
    folder, _, result = recorded
    assert (folder / "words.py").read_text() == textwrap.dedent(WORDS).lstrip("\n")
    assert (folder / "words.fix.json").stat().st_mode & 0o777 == 0o600
    assert (folder / "words.patch").read_text() == result["patch"]


def test_diff_and_why_run_nothing(recorded):
    folder, _, result = recorded
    before = (folder / "words.fix.json").stat().st_mtime_ns
    assert hasten("fix", "--diff", cwd=folder).stdout == result["patch"]
    why = hasten("fix", "--why", cwd=folder).stdout
    assert "compile find" in why and "refused, because" in why
    assert (folder / "words.fix.json").stat().st_mtime_ns == before


def test_the_gain_is_real_by_an_outside_clock(recorded, tmp_path):
    folder, _, result = recorded
    script = tmp_path / "words.py"
    script.write_bytes((folder / "words.py").read_bytes())
    subprocess.run(["patch", "-s", str(script)], input=result["patch"], text=True, check=True, cwd=tmp_path)
    times = {}
    for path in (folder / "words.py", script) * 2:
        before = os.times()
        ran = subprocess.run([sys.executable, str(path)], capture_output=True, check=True)
        after = os.times()
        times.setdefault(path, []).append(after.children_user - before.children_user)
        assert ran.stdout == b"147\n"
    assert min(times[folder / "words.py"]) > 1.5 * min(times[script])


def test_write_keeps_comments_and_can_be_undone(recorded, tmp_path):
    folder, _, _ = recorded
    script = folder / "words.py"
    original = script.read_bytes()
    script.chmod(0o750)
    try:
        written = hasten("fix", "--write", cwd=folder)
        assert written.returncode == 0, written.stderr
        changed = script.read_bytes()
        assert b"# spells words; keep this comment" in changed and b"known_set:  # the slow line" in changed
        assert script.stat().st_mode & 0o777 == 0o750
        assert subprocess.run([sys.executable, str(script)], capture_output=True).stdout == b"147\n"
        again = hasten("fix", "--write", cwd=folder)
        assert again.returncode == 125 and "has changed since" in again.stderr and again.stderr.count("\n") == 1
        assert script.read_bytes() == changed
        undo = written.stdout.rpartition("to undo: ")[2].strip()
        subprocess.run(undo, shell=True, check=True, cwd=tmp_path, capture_output=True)
        assert script.read_bytes() == original
    finally:
        script.write_bytes(original)


def test_it_does_not_run_anything_unasked(recorded):
    folder, _, _ = recorded
    refused = hasten("fix", cwd=folder)
    assert refused.returncode == 125
    assert refused.stderr.count("\n") == 1 and "--yes" in refused.stderr


def test_it_asks_on_a_terminal_and_takes_no_for_an_answer(recorded):
    folder, _, _ = recorded
    before = (folder / "words.fix.json").read_bytes()
    controller, terminal = os.openpty()
    os.write(controller, b"n\n")
    answered = hasten("fix", cwd=folder, stdin=terminal)
    os.close(terminal)
    os.close(controller)
    assert answered.returncode == 1
    assert "words.py runs up to" in answered.stderr and "Go on?" in answered.stderr
    assert (folder / "words.fix.json").read_bytes() == before


@pytest.mark.parametrize("command", ["fix", "prove"])
def test_one_answer_is_enough_for_a_program_that_writes_files(tmp_path, command):
    (tmp_path / "p.py").write_text(textwrap.dedent(WORDS).lstrip("\n") + "\n\ndef find_fast(words, known):\n    known = set(known)\n"
                                   "    return [w for w in words if w not in known]\n\n\nopen('out.txt', 'w').write('x')\n")
    assert hasten("run", "p.py", cwd=tmp_path).returncode == 0
    controller, terminal = os.openpty()
    os.write(controller, b"y\n")
    answered = hasten(command, *(["p.py:find=find_fast", "--runs", "8"] if command == "prove" else []), "--budget", "60", cwd=tmp_path, stdin=terminal)
    os.close(terminal)
    os.close(controller)
    assert answered.returncode == 0, answered.stderr
    assert answered.stderr.count("Go on?") == 1
    assert f"writes {tmp_path / 'out.txt'}. Every further run does that again" in answered.stderr
    assert "1 fix proven" in answered.stdout or "same and faster" in answered.stdout


def test_a_capture_whose_source_changed_is_refused(tmp_path):
    script = tmp_path / "p.py"
    script.write_text("print(sum(range(3000000)))\n")
    assert hasten("run", "p.py", cwd=tmp_path).returncode == 0
    script.write_text("print(sum(range(3000001)))\n")
    refused = hasten("fix", "--yes", cwd=tmp_path)
    assert refused.returncode == 125
    assert "p.py has changed since p.hasten was recorded" in refused.stderr and refused.stderr.count("\n") == 1


def test_a_capture_whose_input_was_a_pipe_is_refused(tmp_path):
    (tmp_path / "p.py").write_text("import sys; print(len(sys.stdin.read()), sum(range(3000000)))\n")
    ran = subprocess.run([sys.executable, "-m", "hasten", "run", "p.py"], cwd=tmp_path, input="abc", text=True,
                         capture_output=True)
    assert ran.stdout.startswith("3 ")
    refused = hasten("fix", "--yes", cwd=tmp_path)
    assert refused.returncode == 125
    assert "a pipe" in refused.stderr and refused.stderr.count("\n") == 1


def test_a_capture_of_a_killed_program_is_refused(tmp_path):
    (tmp_path / "p.py").write_text("import os, signal\nsum(range(3000000))\nos.kill(os.getpid(), signal.SIGKILL)\n")
    assert hasten("run", "p.py", cwd=tmp_path).returncode == -signal.SIGKILL
    refused = hasten("fix", "--yes", cwd=tmp_path)
    assert refused.returncode == 125
    assert "killed by signal 9" in refused.stderr and refused.stderr.count("\n") == 1


def test_what_is_no_capture_is_refused_by_name(tmp_path):
    (tmp_path / "x.hasten").write_text("no")
    for words in (["fix", "--yes"], ["fix", "--yes", "missing.hasten"], ["fix", "--diff"]):
        refused = hasten(*words, cwd=tmp_path)
        assert refused.returncode == 125 and refused.stderr.count("\n") == 1, refused.stderr
        assert "hasten" in refused.stderr and "Traceback" not in refused.stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no capture in" in hasten("fix", "--yes", cwd=empty).stderr


def test_a_program_that_lives_in_a_library_is_told_why(tmp_path):
    (tmp_path / "p.py").write_text(textwrap.dedent("""
        import zlib
        def pack(block):
            for i in range(20):
                packed = zlib.compress(block, 9)
            return packed
        print(len(pack(bytes(range(256)) * 8000)))
        """))
    assert hasten("run", "p.py", cwd=tmp_path).returncode == 0
    fixed = hasten("fix", "--yes", "--json", "-", cwd=tmp_path)
    assert fixed.returncode == 0, fixed.stderr
    result = json.loads(fixed.stdout)
    assert result["program_runs"] == 0, "nothing can help, so nothing need be run"
    assert all(f["verdict"] == "refused" for f in result["fixes"])
    assert any("no change of this source makes faster" in f["reason"] for f in result["fixes"])
    again = hasten("fix", "--yes", cwd=tmp_path)
    assert "nothing proven" in again.stdout and "because" in again.stdout


def test_help_has_examples(tmp_path):
    shown = hasten("fix", "--help", cwd=tmp_path)
    assert shown.returncode == 0
    for word in ("--yes", "--budget", "--diff", "--why", "--write", "--json", "examples:"):
        assert word in shown.stdout
    assert hasten("fix", "--budget", "no", cwd=tmp_path).returncode == 2
