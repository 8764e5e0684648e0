"""What a trial spends beyond a plain start is not counted."""

import compileall
import os
import time

import pytest
from fix_programs import program_of

from hasten.fix import trial
from hasten.fix.runner import Runner

pytestmark = pytest.mark.process

MODULE = "".join(f"def f{i}(x, y={i}):\n    return [x + y * k for k in range({i})]\n\n\n" for i in range(1500))


@pytest.fixture
def runner(write_program):
    write_program(MODULE, "module.py")
    runner = Runner(program_of(write_program("import module\nprint(module.f3(1))\n")))
    yield runner
    runner.close()


def own_s(run):
    return sum(e["ns"] for e in run.events if e["event"] == "own") * 1e-9


def compile_s():
    start = time.thread_time()
    compile(MODULE, "module.py", "exec")
    return time.thread_time() - start


def test_a_module_that_python_has_compiled_is_not_compiled_on_the_programs_time(runner, tmp_path, monkeypatch):
    path = str(tmp_path / "module.py")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    runner.plain(60)
    assert own_s(runner.trial({path: MODULE.encode()}, 60)) < min(compile_s() for _ in range(3))  # it never is
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE")
    runner.plain(60)
    run = runner.trial({path: MODULE.encode()}, 60)
    assert run.stdout.lines == runner.plain(60).stdout.lines
    least = min(compile_s() for _ in range(3))
    assert own_s(run) > 0.5 * least
    assert run.wall_s <= run.elapsed_s - own_s(run)


def test_a_script_is_compiled_on_its_own_time(runner, tmp_path):
    path = str(tmp_path / "program.py")
    (tmp_path / "program.py").write_text(MODULE)
    run = runner.trial({path: MODULE.encode()}, 60)
    assert 0 < own_s(run) < min(compile_s() for _ in range(3))


def test_a_program_that_closes_all_descriptors_runs_on(runner, tmp_path):
    path = str(tmp_path / "program.py")
    run = runner.trial({path: b"import os\nos.closerange(3, 64)\nimport module\nprint(1)\n", str(tmp_path / "module.py"): b""}, 60)
    assert run.exit_code == 0 and run.stdout.lines[0] == b"1"


def test_the_types_of_ast_count_only_for_programs_that_use_them(runner, tmp_path):
    compileall.compile_dir(os.path.dirname(trial.__file__), quiet=1)  # as installed: else the harness itself is compiled in the run
    path = str(tmp_path / "program.py")

    def at_exit_ns(text):
        return min([e["ns"] for e in runner.trial({path: text}, 60).events if e["event"] == "own"][-1] for _ in range(3))

    # Some 0.7 ms for the types; what is left otherwise is to ask for the peak of memory.
    assert at_exit_ns(b"pass\n") > 2 * at_exit_ns(b"import ast\n")
