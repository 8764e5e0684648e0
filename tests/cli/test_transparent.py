"""A program under `hasten run` behaves as without it: the same output, exit code, signals and tracebacks."""

import os
import signal
import stat
import subprocess
import sys

import pytest

LOOK_AROUND = """\
import os, sys
print(sys.argv, __name__, os.path.basename(__file__), sys.flags, sys.path, sys.executable, sys.orig_argv)
print(os.getcwd(), repr(sys.stdin.read()), sys.stdin.isatty(), sys.stdout.isatty(), sys.warnoptions)
print(sorted(os.environ.items()))
print(os.getpgrp() == os.getpgid(os.getppid()), os.path.exists("/proc/self/fd/3") and os.readlink("/proc/self/fd/3"))
"""


def without_verdict(result):
    """What the program itself wrote to standard error."""
    return result.stderr.split("hasten  ", 1)[0]


def same(hasten, *words, **options):
    plain = hasten.plain(*words, **options)
    measured = hasten("run", *words, **options)
    assert measured.stdout == plain.stdout
    assert without_verdict(measured) == plain.stderr
    assert measured.returncode == plain.returncode
    return measured


@pytest.mark.parametrize("kind", ["script", "module", "code", "stdin", "directory"])
def test_the_program_sees_what_it_would_see(hasten, kind):
    hasten.write("look.py", LOOK_AROUND)
    hasten.write("package/__main__.py", LOOK_AROUND)
    words, text = {
        "script": (["look.py", "--rate", "7", "-x"], "some input\n"),
        "module": (["-m", "look", "--json", "a b"], ""),
        "code": (["-c", LOOK_AROUND.replace("os.path.basename(__file__)", "0"), "--help"], "x"),
        "stdin": (["-", "a"], LOOK_AROUND.replace("os.path.basename(__file__)", "0")),
        "directory": (["package", "-m"], ""),
    }[kind]
    same(hasten, *words, input=text)


@pytest.mark.parametrize(
    "source, code",
    [
        ("def f():\n    return 1 / 0\nf()\n", 1),
        ("import sys\nsys.exit(3)\n", 3),
        ("import sys\nsys.exit('words')\n", 1),
        ("import os\nos._exit(7)\n", 7),
        ("x = (\n", 1),
        ("def f(n):\n    return f(n + 1)\nf(0)\n", 1),
        ("import threading\nt = threading.Thread(target=lambda: 1 / 0, name='t1')\nt.start()\nt.join()\n", 0),
    ],
    ids=["raises", "exits", "exits with words", "exits at once", "syntax error", "recursion", "thread raises"],
)
def test_endings(hasten, source, code):
    hasten.write("program.py", source)
    assert same(hasten, "program.py").returncode == code
    assert hasten.captures == ["program.hasten"]


def test_missing_script_is_pythons_to_tell(hasten):
    result = same(hasten, "missing.py")
    assert result.returncode == 2
    assert "can't open file" in result.stderr
    assert hasten.captures == ["missing.hasten"]


def test_missing_module(hasten):
    assert same(hasten, "-m", "no_such_module_here").returncode == 1


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT", "SIGINT"])
def test_killed_program_kills_hasten_by_the_same_signal(hasten, name):
    number = signal.Signals[name]
    hasten.write(
        "killed.py",
        "import os, resource, signal\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "def last_words():\n"
        "    n = 0\n"
        "    for i in range(3_000_000):\n"
        "        n += i * i\n"
        "    return n\n"
        "last_words()\n"
        f"signal.signal({int(number)}, signal.SIG_DFL) if {name != 'SIGKILL'} else None\n"
        f"os.kill(os.getpid(), {int(number)})\n",
    )
    result = hasten("run", "--rate", "1000", "killed.py")
    assert result.returncode == -number
    assert name in result.stderr
    # What was sampled before it died, and every name, is in the capture.
    shown = hasten("view", "killed.hasten")
    assert shown.returncode == 0, shown.stderr
    assert "last_words" in shown.stdout


def test_forking_program(hasten):
    hasten.write(
        "forks.py",
        "import os, sys\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    print('child', flush=True)\n"
        "    os._exit(5)\n"
        "_, status = os.waitpid(pid, 0)\n"
        "print('parent', os.waitstatus_to_exitcode(status))\n"
        "sys.exit(4)\n",
    )
    assert same(hasten, "forks.py").returncode == 4


def test_children_of_other_kinds(hasten):
    hasten.write(
        "spawns.py",
        "import multiprocessing, subprocess, sys\n"
        "def work(n):\n"
        "    return sum(i * i for i in range(n))\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(2) as pool:\n"
        "        print(pool.map(work, [1000, 2000]))\n"
        "    print(subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True, text=True))\n"
        "    print(subprocess.run(['sh', '-c', 'echo $LD_PRELOAD'], capture_output=True, text=True))\n",
    )
    assert same(hasten, "spawns.py").returncode == 0


def test_binary_streams_pass_through(hasten):
    hasten.write("cat.py", "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())\n")
    data = bytes(range(256)) * 1000
    assert hasten("run", "cat.py", input=data, text=False).stdout == data


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_stay_closed(hasten, closed):
    hasten.write(
        "closed.py",
        "import os, sys\n"
        "def state(fd):\n"
        "    try:\n"
        "        return os.readlink(f'/proc/self/fd/{fd}')[:5]\n"
        "    except OSError:\n"
        "        return 'closed'\n"
        "said = [s is None for s in (sys.stdin, sys.stdout, sys.stderr)], [state(fd) for fd in range(3)]\n"
        "print(said, file=open(sys.argv[1], 'w'))\n"
        "sys.exit(7)\n",
    )
    shell = f'exec "$@" {closed}'
    for name, words in (("plain", []), ("measured", ["-m", "hasten", "run"])):
        command = ["sh", "-c", shell, "sh", sys.executable, *words, "closed.py", name]
        result = subprocess.run(command, cwd=hasten.folder, capture_output=True, text=True, timeout=60)
        assert result.returncode == 7, result.stderr
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
    assert (hasten.folder / "measured").read_text() == (hasten.folder / "plain").read_text()


def test_a_verdict_that_nobody_reads_leaves_the_exit_code_alone(hasten):
    reader, writer = os.pipe()
    os.close(reader)
    result = hasten("run", "-c", "raise SystemExit(5)", capture_output=False, stderr=writer, stdout=subprocess.PIPE)
    os.close(writer)
    assert result.returncode == 5


def test_a_full_disk_under_json_is_named_and_the_verdict_shown(hasten):
    result = hasten("run", "--json", "/dev/full", "-c", "print(1)")
    assert (result.returncode, result.stdout) == (125, "1\n")
    assert "/dev/full" in result.stderr.splitlines()[-1]
    assert "capture command.hasten" in result.stderr


def test_inherited_descriptors_stay_open(hasten):
    hasten.write("writes.py", "import os, sys\nos.write(int(sys.argv[1]), b'through')\n")
    read_end, write_end = os.pipe()
    try:
        assert hasten("run", "writes.py", write_end, pass_fds=[write_end]).returncode == 0
        assert os.read(read_end, 100) == b"through"
    finally:
        os.close(read_end)
        os.close(write_end)


class TestInstalledCommands:
    def command(self, hasten, first_line, name="greet"):
        path = hasten.write(f"bin/{name}", f"{first_line}\nimport sys\nprint('hello from', sys.argv, sys.flags.safe_path)\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return {**os.environ, "PATH": f"{path.parent}:{os.environ['PATH']}"}

    @pytest.mark.parametrize("form", ["#!{python}", "#!{python} -P", "#!/usr/bin/env -S {python} -P"])
    def test_by_the_interpreter_of_its_first_line(self, hasten, form):
        environment = self.command(hasten, form.format(python=sys.executable))
        result = hasten("run", "greet", "-v", "x", env=environment)
        assert result.returncode == 0, result.stderr
        path = hasten.folder / "bin" / "greet"
        assert result.stdout == f"hello from {[str(path), '-v', 'x']} {'-P' in form}\n"
        assert hasten.captures == ["greet.hasten"]

    def test_the_form_for_paths_with_spaces(self, hasten):
        folder = hasten.folder / "a b"
        folder.mkdir()
        (folder / "python").symlink_to(sys.executable)
        line = f"#!/bin/sh\n'''exec' \"{folder}/python\" \"$0\" \"$@\"\n' '''"
        environment = self.command(hasten, line)
        result = hasten("run", "greet", env=environment)
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith("hello from")

    def test_what_is_not_python_is_refused_in_one_line(self, hasten):
        for name in ("ls", "no-such-command-anywhere"):
            result = hasten("run", name)
            assert result.returncode == 2
            assert result.stderr.count("\n") == 1
            assert name in result.stderr
        assert hasten.captures == []

    def test_python_itself(self, hasten):
        result = hasten("run", sys.executable, "-c", "print(1 + 1)")
        assert (result.returncode, result.stdout) == (0, "2\n")

    def test_pytest(self, hasten):
        pytest.importorskip("pytest")
        hasten.write("test_it.py", "def test_it():\n    assert sum(range(1000)) == 499500\n")
        environment = {**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
        result = hasten("run", "pytest", "-q", "test_it.py", env=environment)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "1 passed" in result.stdout
