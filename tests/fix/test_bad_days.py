"""Programs that go wrong under `hasten fix`, as a user types it: each ends, says why in words, and loses nothing."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import threading

import pytest
from fix_programs import evidence_of

from hasten.fix.candidates import propose
from hasten.fix.prove import Session
from hasten.fix.rules import membership_set

pytestmark = [pytest.mark.process, pytest.mark.one_python]

# Nearly all of its time is a search through a list.
HOT = """\
def missing(words, known):
    found = []
    for w in words:
        if w not in known:
            found.append(w)
    return found
known = [str(i) for i in range(3000)]
words = [str(i * 7919 % 3100) for i in range(6000)]
def work():
    return sum(len(missing(words[k::12], known)) for k in range(12))
"""


@pytest.fixture
def hasten(tmp_path):
    """hasten(*words) -> the completed process, in a folder of its own."""

    def run(*words, stdin=subprocess.DEVNULL, **how):
        return subprocess.run([sys.executable, "-m", "hasten", *words], cwd=tmp_path, stdin=stdin, capture_output=True, text=True,
                              timeout=300, **how)

    return run


@pytest.fixture
def fix(hasten, tmp_path):
    """fix(text of the program, *options) -> (the process, its results): records it and fixes it."""

    def run(text, *options, **how):
        (tmp_path / "p.py").write_text(HOT + textwrap.dedent(text))
        fixed = hasten("fix", "--yes", "--budget", "60", *options, "--", "p.py", **how)
        results = tmp_path / "p.fix.json"
        return fixed, json.loads(results.read_text()) if results.exists() else None

    return run


def the_set(results):
    (verdict,) = [f for f in results["fixes"] if f["kind"] == "set for membership"]
    return verdict


def assert_tried(verdict):
    """Its calls were the same and the whole program was run; how sure the gain is, a busy machine decides."""
    assert verdict["calls"] == verdict["identical"] > 0, verdict["reason"]
    assert verdict["pairs"] > 0 and (verdict["verdict"] == "proven" or "surely faster" in verdict["reason"] or "budget" in verdict["reason"])


def test_a_program_that_does_not_end_again(fix):
    fixed, results = fix("""
        import os
        print(work())
        if os.path.exists('ran'):
            while True: pass
        open('ran', 'w').close()
        """, "--budget", "3")
    assert fixed.returncode == 0 and the_set(results)["verdict"] == "cannot tell"
    assert "one run of the program does not fit into the budget of 3 s; give more with --budget" in fixed.stdout


def test_a_program_that_needs_its_input(hasten, tmp_path):
    (tmp_path / "p.py").write_text(HOT + "print(input(), work())\n")
    controller, terminal = os.openpty()
    os.write(controller, b"yes\n")
    recorded = hasten("run", "p.py", stdin=terminal)
    assert recorded.returncode == 0 and recorded.stdout.startswith("yes ")
    fixed = hasten("fix", "--yes", stdin=terminal)
    os.close(controller)
    os.close(terminal)
    assert fixed.returncode == 0 and "reads the terminal or its standard input, which cannot be repeated" in fixed.stdout, fixed.stdout


def test_a_program_that_asks_for_a_password(tmp_path):
    (tmp_path / "p.py").write_text(HOT + textwrap.dedent("""
        import getpass
        try:
            print(len(getpass.getpass('pw: ')), work())
        except EOFError:
            print('none', work())
        """))
    controller, terminal = os.openpty()
    # A session of its own with this terminal, as a login has it.
    command = [sys.executable, "-c", "import os, subprocess, sys; os.login_tty(0)\n"
               "for words in (['run', 'p.py'], ['fix', '--yes']):\n"
               "    subprocess.run([sys.executable, '-m', 'hasten', *words], stdout=open('out', 'a'), stderr=subprocess.DEVNULL)"]
    process = subprocess.Popen(command, cwd=tmp_path, stdin=terminal, stdout=subprocess.DEVNULL)
    shown = b""
    while b"pw: " not in shown:  # what was typed before is thrown away
        shown += os.read(controller, 1000)
    os.write(controller, b"secret\n")
    assert process.wait(timeout=300) == 0
    os.close(controller)
    os.close(terminal)
    out = (tmp_path / "out").read_text()
    assert out.startswith("6 "), out
    assert "reads the terminal or its standard input, which cannot be repeated" in out


def test_a_program_that_writes_files(fix, tmp_path):
    _, results = fix("open('out.txt', 'w').write(str(work()))\n")
    assert_tried(the_set(results))
    assert f"file {tmp_path / 'out.txt'}" in results["compared"] and (tmp_path / "out.txt").read_text() == "195"
    assert {"kind": "file", "detail": str(tmp_path / "out.txt")} in results["effects"]


def test_a_program_that_talks_to_a_server(fix):
    server = socket.create_server(("127.0.0.1", 0))
    served = []

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            served.append(1)
            connection.sendall(b"7")
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    _, results = fix(f"""
        import socket
        connection = socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))
        print(connection.recv(1), work())
        """)
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
    assert_tried(the_set(results))
    assert any(e["kind"] == "network" for e in results["effects"])
    assert len(served) == 1 + results["program_runs"], "the recorded run and each trial; no copy ever called it"


def test_a_program_that_forks(fix):
    _, results = fix("""
        import os
        pid = os.fork()
        if not pid:
            os._exit(len(missing(words, known)) % 7)
        print(os.waitpid(pid, 0)[1], work())
        """)
    assert_tried(the_set(results))
    assert {"kind": "process", "detail": "fork"} in results["effects"]


def test_a_program_that_needs_more_memory_than_there_is_for_two(fix):
    fixed, results = fix("""
        block = b'x' * 400_000_000
        print(work(), len(block))
        """, "--memory", "600M")
    (line,) = [line for line in fixed.stdout.split("\n") if "forked copy" in line][:1]
    assert "as much again, but 600 MB are available" in " ".join(fixed.stdout.split()) and line
    assert results["program_runs"] == 2 and the_set(results)["verdict"] == "cannot tell"


def test_a_program_that_changes_its_own_source(hasten, tmp_path):
    (tmp_path / "p.py").write_text(HOT + "print(work())\nopen(__file__, 'a').write('# again\\n')\n")
    assert hasten("run", "p.py").returncode == 0
    refused = hasten("fix", "--yes")
    assert refused.returncode == 125 and "p.py has changed since p.hasten was recorded" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_program_that_fails_one_run_in_ten(fix, tmp_path):
    fixed, results = fix("""
        import os, sys
        n = int(open('count').read()) if os.path.exists('count') else 0
        open('count', 'w').write(str(n + 1))
        print(work())
        sys.exit(n % 10 == 6)
        """)
    assert fixed.returncode == 0, fixed.stderr
    assert int((tmp_path / "count").read_text()) > 7, "one of the runs failed"
    verdict = the_set(results)
    if "exit code" in results["not_compared"]:  # the unmodified program was the one that failed
        assert verdict["verdict"] in ("proven", "cannot tell")
        assert results["program_comparable"] is False
    else:
        assert verdict["verdict"] == "cannot tell" and "it comes and goes" in verdict["reason"], verdict


@pytest.mark.parametrize("mode, target", [(0o444, "file"), (0o555, "folder")])
def test_a_source_without_write_permission(hasten, tmp_path, mode, target):
    if target == "folder" and os.getuid() == 0:
        pytest.skip("root may write into any folder; tests/fix/test_write.py asks as another user")
    script = tmp_path / "p.py"
    script.write_text(HOT + "print(work())\n")
    assert hasten("fix", "--yes", "--budget", "60", "--", "p.py").returncode == 0
    before = sorted(os.listdir(tmp_path))
    (script if target == "file" else tmp_path).chmod(mode)
    refused = hasten("fix", "--write")
    tmp_path.chmod(0o755)
    assert refused.returncode == 125 and refused.stderr.count("\n") == 1
    assert f"{script} cannot be changed (it is write-protected); nothing was written" in refused.stderr and "p.patch" in refused.stderr
    assert script.read_text() == HOT + "print(work())\n" and stat.S_IMODE(script.stat().st_mode) == mode
    assert sorted(os.listdir(tmp_path)) == before


def test_killed_in_the_middle_the_next_run_works(hasten, tmp_path):
    (tmp_path / "p.py").write_text(HOT + "import os\nif os.path.exists('say'):\n    open('say', 'w').write('x')\nprint(work())\n")
    assert hasten("run", "p.py").returncode == 0
    os.mkfifo(tmp_path / "say")
    process = subprocess.Popen([sys.executable, "-m", "hasten", "fix", "--yes"], cwd=tmp_path, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (tmp_path / "say").read_text()
    process.send_signal(signal.SIGKILL)
    process.wait()
    (tmp_path / "say").unlink()
    fixed = hasten("fix", "--yes", "--budget", "60")
    assert fixed.returncode == 0 and "1 fix proven" in fixed.stdout, fixed.stdout + fixed.stderr


@pytest.mark.parametrize("hot, rest, calls", [
    ("missing", "print(len(missing(words, known)))", 1),
    ("is_known", """
        names = [str(i) for i in range(300)]
        def is_known(w):
            return w in names
        print(sum(is_known("x") for i in range(200_000)))
        """, 200_000),
    ("deep", """
        def deep(words, known, n):
            found = [w for w in words if w not in known]
            return found if n == 0 else found + deep(words, known, n - 1)
        print(len(deep(words[::15], known, 20)))
        """, 21),
    ("Box.absent", """
        class Box:
            def __init__(self, words):
                self.words = words
            def absent(self, known):
                return [w for w in self.words if w not in known]
        print(sum(len(Box(words[k::12]).absent(known)) for k in range(12)))
        """, 12),
    ("Box.absent", """
        class Box:
            def __init__(self, words):
                self.words = words
            @property
            def absent(self):
                return [w for w in self.words if w not in known]
        print(sum(len(Box(words[k::12]).absent) for k in range(12)))
        """, 12),
    ("again", """
        def again(words, known):
            return words
        def again(words, known):
            return [w for w in words if w not in known]
        print(sum(len(again(words[k::12], known)) for k in range(12)))
        """, 12)], ids=["once", "often", "recursively", "as a method", "as a property", "two of one name"])
def test_however_a_function_is_called(write_program, hot, rest, calls):
    script = write_program(HOT + textwrap.dedent(rest))
    evidence = evidence_of(script, hot=[hot])
    outcome = Session(evidence, 60, seed=1, candidates=propose(evidence, [membership_set])).prove()
    verdict = next(v for v in outcome.verdicts if v.kind == "set for membership" and v.calls_total)
    assert verdict.verdict == "proven", verdict.reason
    assert verdict.calls_total == calls and verdict.identical >= 1


def test_a_set_that_is_built_at_each_of_many_calls_does_not_pay(write_program):
    script = write_program(HOT + "print(sum(len(missing(words[i % 9:i % 9 + 1], known)) for i in range(3_000)))\n")
    evidence = evidence_of(script, hot=["missing"])
    (verdict,) = Session(evidence, 60, seed=1, candidates=propose(evidence, [membership_set])).prove().verdicts
    assert verdict.verdict == "refused" and verdict.calls_total == 3_000
    assert "not faster" in verdict.reason and "n is 3000 to 3000 at the calls (`known`)" in verdict.reason


def test_a_function_that_threads_call(write_program):
    script = write_program(HOT + textwrap.dedent("""
        import threading
        results = []
        threads = [threading.Thread(target=lambda k=k: results.append(len(missing(words[k::3], known)))) for k in range(3)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(sum(results))
        """))
    evidence = evidence_of(script, hot=["missing"])
    (verdict,) = Session(evidence, 60, seed=1, candidates=propose(evidence, [membership_set])).prove().verdicts
    assert verdict.verdict == "cannot tell" and "threads" in verdict.reason, verdict.reason
