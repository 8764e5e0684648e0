"""When the wheel is built again, and when not."""

import shutil

import pytest


@pytest.fixture
def environment(tools):
    import environment

    return environment


@pytest.fixture
def sources(tmp_path):
    for name, text in {
        "CMakeLists.txt": "project(x)",
        "pyproject.toml": "[project]",
        "tools/cmake/hasten.cmake": "",
        "src/base/check.cc": "int x;",
        "src/base/check_test.cc": "TEST();",
        "src/base/README.md": "# base",
        "python/hasten/__init__.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "rebuilds"),
    [
        ("src/base/check.cc", True),
        ("src/base/new.h", True),
        ("python/hasten/cli/run.py", True),
        ("pyproject.toml", True),
        ("tools/cmake/hasten.cmake", True),
        ("src/base/check_test.cc", False),
        ("src/base/README.md", False),
        ("python/hasten/__pycache__/x.pyc", False),
        ("README.md", False),
        ("tests/base/test_x.py", False),
    ],
)
def test_only_what_the_wheel_is_made_from_makes_it_stale(environment, sources, name, rebuilds):
    before = environment.sources_hash(sources)
    assert environment.sources_hash(sources) == before
    (sources / name).parent.mkdir(parents=True, exist_ok=True)
    (sources / name).write_text("changed")
    assert (environment.sources_hash(sources) != before) == rebuilds


def test_a_removed_or_renamed_source_makes_it_stale(environment, sources):
    before = environment.sources_hash(sources)
    (sources / "src/base/check.cc").rename(sources / "src/base/other.cc")
    renamed = environment.sources_hash(sources)
    (sources / "src/base/other.cc").unlink()
    assert len({before, renamed, environment.sources_hash(sources)}) == 3


def test_a_machine_without_python_is_told_what_to_do(environment, monkeypatch):
    monkeypatch.setattr(environment.pythons, "find", lambda: [])
    with pytest.raises(environment.Failed, match="no Python 3.11, 3.12 or 3.13"):
        environment.set_up(every_python=False, tests=False)


def test_a_failing_step_shows_the_end_of_its_output(environment, tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    python = environment.pythons.Python(shutil.which("python3"), (3, 11, 0), True, True)
    env = environment.Environment(python, tmp_path / "venv")
    with pytest.raises(environment.Failed) as stop:
        env._run("tries", ["sh", "-c", "echo the reason; exit 3"])
    assert "exit code 3" in str(stop.value) and "the reason" in str(stop.value)
