"""The harness must be invisible: a program under trial sees what it sees when it is started plainly."""

import os
import subprocess
import sys

import pytest

from hasten.fix.evidence import Program
from hasten.fix.runner import Runner

ASKS = """
import os, sys
print(__name__, __file__, __spec__ and (__spec__.name, __spec__.origin), __package__, __doc__, __cached__, type(__loader__).__name__)
print(sorted(globals()))
print(sys.argv, sys.path[0], sys.orig_argv[1:])
print(sys.modules['__main__'].__dict__ is globals(), __import__('__main__').__file__)
print(os.getcwd(), sys.flags.dont_write_bytecode, sys.flags.optimize, sys.warnoptions)
import helper
print(helper.__name__, helper.__file__, helper.__cached__, helper.__spec__.origin, helper.VALUE)
print(sorted(m for m in sys.modules if m.startswith('_hasten')))
"""


def outputs(program, overlay):
    """What the program prints plainly and under the harness."""
    plain = subprocess.run([program.python, *program.command[1:]], cwd=program.cwd, env=program.environ(),
                           stdin=subprocess.DEVNULL, capture_output=True)
    runner = Runner(program)
    try:
        run = runner.trial(overlay, 30)
    finally:
        runner.close()
    printed = [b"\n".join(output.lines) for output in (run.stdout, run.stderr)]
    return (plain.returncode, plain.stdout, plain.stderr), (run.exit_code, *printed)


def script_program(path, *args, flags=(), cwd=None, word=None):
    return Program.from_command([sys.executable, *flags, word or str(path), *args], str(cwd or path.parent))


@pytest.mark.process
@pytest.mark.parametrize("flags", [(), ("-B",), ("-O",), ("-W", "error::DeprecationWarning"), ("-X", "utf8"), ("-P",)])
def test_a_script_sees_its_usual_world(write_program, flags):
    write_program("VALUE = 1\n", "helper.py")
    script = write_program(ASKS if "-P" not in flags else ASKS.replace("import helper", "import json as helper")
                           .replace(", helper.VALUE", ""))
    plain, trial = outputs(script_program(script, "a", "-m", flags=flags), {str(script): script.read_bytes()})
    assert trial == plain
    assert plain[0] == 0 and plain[1]


@pytest.mark.process
def test_a_relative_script_path(write_program, tmp_path):
    write_program("VALUE = 1\n", "helper.py")
    script = write_program(ASKS)
    for word in ("program.py", "./program.py"):
        plain, trial = outputs(script_program(script, cwd=tmp_path, word=word), {})
        assert trial == plain


@pytest.mark.process
def test_a_module_of_a_package(write_program, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "__main__.py").write_text(ASKS.replace("import helper", "from package import helper"))
    (tmp_path / "package" / "helper.py").write_text("VALUE = 3\n")
    program = Program.from_command([sys.executable, "-m", "package", "x"], str(tmp_path))
    plain, trial = outputs(program, {})
    assert trial == plain
    assert b"x" in plain[1]


@pytest.mark.process
def test_code_from_the_command_line(tmp_path):
    program = Program.from_command([sys.executable, "-c", "import sys; print(sys.argv, sys.path[0], __name__)", "x"],
                                   str(tmp_path))
    plain, trial = outputs(program, {})
    assert trial == plain


@pytest.mark.process
def test_exit_codes_and_tracebacks(write_program):
    for ending in ("raise SystemExit(3)", "raise SystemExit('no')", "import sys; sys.exit()", "def f(): 1 / 0\nf()",
                   "import os; os._exit(5)", "import atexit; atexit.register(print, 'bye'); raise KeyError('x')",
                   "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
                   "import threading; threading.Thread(target=print, args=('later',)).start()",
                   "raise ExceptionGroup('g', [ValueError(1)])"):
        script = write_program(ending + "\n")
        plain, trial = outputs(script_program(script), {str(script): script.read_bytes()})
        assert trial == plain, ending


@pytest.mark.process
def test_other_text_runs_and_files_stay(write_program):
    helper = write_program("VALUE = 1\n", "helper.py")
    script = write_program("import helper\nprint(helper.VALUE, helper.__file__)\n")
    before = {p: p.read_bytes() for p in (helper, script)}
    overlay = {str(helper): b"VALUE = 2\n", str(script): before[script] + b"print('more')\n"}
    plain, trial = outputs(script_program(script), overlay)
    assert plain[1] == f"1 {helper}\n".encode()
    assert trial[1] == f"2 {helper}\nmore\n".encode()
    assert {p: p.read_bytes() for p in (helper, script)} == before
    assert not list(helper.parent.glob("**/*.tmp"))


@pytest.mark.process
def test_a_package_reached_by_relative_import_is_overlaid(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from . import part\n")
    (tmp_path / "package" / "part.py").write_text("VALUE = 1\n")
    script = tmp_path / "program.py"
    script.write_text("import package\nprint(package.part.VALUE)\n")
    _, trial = outputs(script_program(script), {str(tmp_path / "package" / "part.py"): b"VALUE = 9\n"})
    assert trial[1] == b"9\n"


@pytest.mark.process
def test_the_recorded_environment_is_used(write_program, monkeypatch):
    script = write_program("import os; print(os.environ.get('PYTHONHASHSEED'), os.environ.get('LC_ALL'), hash('a'))\n")
    monkeypatch.setenv("LC_ALL", "C")
    program = script_program(script)
    program.environment = {"PYTHONHASHSEED": "7"}
    plain, trial = outputs(program, {})
    assert plain[1].startswith(b"7 None ")
    assert trial == plain


def test_command_lines_are_taken_apart_as_python_does(tmp_path):
    (tmp_path / "x.py").write_text("")
    cwd = str(tmp_path)
    program = Program.from_command(["/usr/bin/python3", "-X", "dev", "-Wd", "-uB", "x.py", "-c", "y"], cwd)
    assert (program.flags, program.kind, program.argv) == (["-X", "dev", "-Wd", "-uB"], "script", ["x.py", "-c", "y"])
    assert program.target == str(tmp_path / "x.py") and program.path0 == os.path.realpath(tmp_path)
    program = Program.from_command(["/usr/bin/python3", "-Bm", "mod", "a"], cwd)
    assert (program.flags, program.kind, program.target, program.argv) == (["-B"], "module", "mod", ["-m", "a"])
    program = Program.from_command(["/usr/bin/python3", "-I", "-cpass", "a"], cwd)
    assert (program.flags, program.kind, program.target, program.path0) == (["-I"], "code", "pass", None)
