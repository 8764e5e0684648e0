"""The command line itself: help, versions, mistakes; and how little it costs to start."""

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hasten as package
from hasten.cli import COMMANDS

SHIPPED = ["run", "view", "export", "doctor"]


def test_help_lists_every_command_with_examples(hasten):
    result = hasten("--help")
    assert result.returncode == 0
    assert all(name in result.stdout for name in COMMANDS)
    assert "examples:" in result.stdout
    assert hasten().returncode == 2
    assert hasten().stderr == result.stdout


@pytest.mark.parametrize("name", SHIPPED)
def test_each_command_has_help_examples_and_version(hasten, name):
    result = hasten(name, "--help")
    assert result.returncode == 0
    assert "examples:\n  hasten " in result.stdout
    assert hasten("help", name).stdout == result.stdout
    assert hasten(name, "--version").stdout == f"hasten {package.__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["rnu"], ["run"], ["run", "-m"], ["run", "--rate"], ["run", "--rate", "fast", "x.py"], ["run", "--rate", "0", "x.py"],
        ["run", "--repeat", "0", "x.py"], ["run", "--no-such", "x", "x.py"], ["run", "--python", "no-such-python", "x.py"],
        ["export"], ["view", "a", "b"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_mistakes_are_one_line_and_exit_2(hasten, words):
    result = hasten(*words)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.startswith("hasten")


def test_a_script_instead_of_a_command(hasten):
    hasten.write("app.py", "")
    result = hasten("app.py")
    assert result.returncode == 2
    assert "hasten run app.py" in result.stderr


def fake_python(hasten, name, answer):
    path = hasten.write(name, f"#!/bin/sh\nprintf '{answer}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "answer, found",
    [
        ("cpython\\n3\\n10\\n13\\n-\\n/opt/python3.10\\n", "CPython 3.10.13"),
        ("cpython\\n3\\n99\\n0\\n-\\n/opt/python3.99\\n", "CPython 3.99.0"),
        ("pypy\\n3\\n11\\n9\\n-\\n/opt/pypy3\\n", "pypy 3.11.9"),
        ("cpython\\n3\\n13\\n0\\nt\\n/opt/python3.13t\\n", "free-threaded"),
        ("cpython\\n3\\n14\\n8\\nt\\n/opt/python3.14t\\n", "free-threaded"),
        ("hello\\n", "does not answer as a Python does"),
    ],
    ids=["old", "new", "pypy", "free-threaded", "free-threaded 3.14", "no Python"],
)
def test_unsupported_pythons_in_one_line_that_names_the_versions(hasten, answer, found):
    python = fake_python(hasten, "python3", answer)
    hasten.write("app.py", "print('must not run')\n")
    result = hasten("run", "--python", python, "app.py")
    assert (result.returncode, result.stdout) == (125, "")
    assert result.stderr.count("\n") == 1
    assert found in result.stderr
    assert "3.11 to 3.15" in result.stderr
    assert hasten.captures == []


def test_a_script_whose_first_line_names_an_unsupported_python(hasten):
    python = fake_python(hasten, "python3", "cpython\\n3\\n8\\n2\\n-\\n/opt/python3.8\\n")
    path = hasten.write("bin/tool", f"#!{python}\nprint('must not run')\n")
    path.chmod(0o755)
    result = hasten("run", "bin/tool")
    assert (result.returncode, result.stdout) == (125, "")
    assert "CPython 3.8.2" in result.stderr


def test_another_supported_python(hasten):
    others = [f"python3.{minor}" for minor in (11, 12, 13) if minor != sys.version_info.minor]
    # In PATH, or installed beside this one.
    beside = [str(path) for name in others for path in Path(sys.base_prefix).parent.glob(f"*/bin/{name}")]
    found = [path for path in [*map(shutil.which, others), *beside] if path and works(path)]
    if not found:
        pytest.skip("one Python only")
    hasten.write("app.py", "import sys\nprint(sys.version_info.minor)\nn = 0\nfor i in range(3_000_000):\n    n += i\n")
    for path in found:
        result = hasten("run", "--rate", "1000", "--json", "r.json", "--python", path, "app.py")
        assert result.returncode == 0, result.stderr
        assert f"python3.{result.stdout.strip()}" in path
        report = json.loads((hasten.folder / "r.json").read_text())
        assert report["python"].startswith(f"3.{result.stdout.strip()}.")
        assert report["samples"] > 20
        assert next(row for row in report["functions"] if row["file"].endswith("app.py"))["cpu_share"] > 0.5


def works(path):
    return subprocess.run([path, "-c", ""], capture_output=True).returncode == 0


def test_doctor(hasten):
    result = hasten("doctor", "--json", "-")
    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert checks["this Python"]["state"] == "works"
    assert checks["probe"]["state"] == "works"
    assert checks["a measured run"]["state"] == "works", checks["a measured run"]
    assert "samples" in checks["a measured run"]["found"]
    for check in checks.values():
        assert check["state"] in ("works", "limited", "fails")
        assert check["state"] == "works" or check["remedy"], f"no remedy for {check['name']}"
    assert result.returncode == (1 if any(check["state"] == "fails" for check in checks.values()) else 0)
    assert hasten.captures == []
    text = hasten("doctor").stdout
    assert all(name in text for name in checks)


def test_output_into_a_closed_pipe_is_quiet(hasten, burned):
    at, _, _ = burned
    command = f"{sys.executable} -m hasten view --json - burner.hasten | head -c 10"
    result = subprocess.run(["sh", "-c", command], cwd=at.folder, capture_output=True, text=True)
    assert "Traceback" not in result.stderr
    assert "Exception" not in result.stderr


# --- import --------------------------------------------------------------------------------------


def modules_after(code):
    script = f"import sys\n{code}\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())


def test_importing_hasten_loads_nothing_else():
    new = modules_after("import hasten") - modules_after("")
    assert new == {"hasten"}


def test_the_command_line_loads_neither_rich_nor_libcst_nor_the_compiler():
    new = modules_after("import hasten.cli.run, hasten.cli.view, hasten.cli.export, hasten.cli.verdict")
    assert not {"rich", "libcst", "numpy", "hasten._compile", "hasten._runtime"} & new


def test_import_takes_less_than_20_ms():
    """By CPU time of whole processes, interleaved; the median pair counts."""

    def cpu_s(code):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    cost = sorted(cpu_s("import hasten") - cpu_s("pass") for _ in range(15))
    assert cost[len(cost) // 2] < 0.020, cost


@pytest.mark.parametrize(
    "code",
    [
        "import hasten; first = hasten.jit; import hasten.jit; second = hasten.jit",
        "import hasten.jit; first = hasten.jit; from hasten import jit as second",
        "from hasten import jit as first; import hasten.jit as second",
        "import importlib; first = importlib.import_module('hasten.jit'); import hasten; second = hasten.jit",
        "from hasten import *; first = jit; import hasten.jit; second = hasten.jit",
    ],
)
def test_jit_is_the_decorator_in_every_order_of_access(code):
    check = f"{code}\nassert first is second\n@first\ndef f(x):\n    return x + 1\nassert f(41) == 42"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def in_shell(hasten, text):
    return subprocess.run(["sh", "-c", text], cwd=hasten.folder, capture_output=True, text=True, timeout=120)


def test_a_deleted_directory_is_named_and_another_does(hasten, tmp_path):
    gone = tmp_path / "gone"
    script = f"mkdir {gone}; cd {gone}; rmdir {gone}; exec {sys.executable} -m hasten run"
    refused = in_shell(hasten, f"{script} -c 'print(5)'")
    assert refused.returncode == 125 and "current directory was deleted" in refused.stderr and "--out" in refused.stderr
    assert in_shell(hasten, f"{script} --out {tmp_path} -c 'print(5)'").stdout == "5\n"


def test_a_shim_in_path_names_the_module(hasten):
    shim = hasten.write("bin/tool", "#!/bin/sh\nexec real-tool\n")
    shim.chmod(0o755)
    done = hasten("run", "tool", env={**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}"})
    assert done.returncode == 2 and "hasten run -m tool" in done.stderr


def test_no_such_change_comes_before_the_question(hasten, burned):
    done = burned[0]("prove", "nothing-of-that-name", stdin=subprocess.DEVNULL)
    assert done.returncode != 0 and "--yes" not in done.stderr and "nothing-of-that-name" in done.stderr
@pytest.mark.parametrize(("limit", "remedy"), [("-f 0", "ulimit -f unlimited")])
def test_a_limit_of_the_shell_is_named(hasten, limit, remedy):
    done = in_shell(hasten, f"ulimit {limit}; exec {sys.executable} -m hasten run -c 1")
    assert done.returncode == 125 and done.stderr.strip().endswith(remedy) and done.stderr.count("\n") == 1


