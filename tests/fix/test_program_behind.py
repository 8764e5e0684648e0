"""`hasten fix -- PROGRAM`: recorded first, then fixed; test suites and installed commands as programs."""

import json
import os
import stat
import subprocess
import sys
import textwrap

import pytest

pytestmark = [pytest.mark.process, pytest.mark.one_python]

MODULE = """\
def missing(words, known):
    found = []
    for w in words:
        if w not in known:
            found.append(w)
    return found
"""
TESTS = """\
from words import missing

def test_many():
    known = [str(i) for i in range(7000)]
    words = [str(i * 7919 % 7100) for i in range(9000)]
    assert sum(len(missing(words[k::12], known)) for k in range(12)) == 132

def test_few(tmp_path):
    (tmp_path / "x").write_text("a")
    assert missing(["a"], []) == ["a"]
"""


@pytest.fixture
def hasten(tmp_path):
    def run(*words, **how):
        how = {"stdin": subprocess.DEVNULL, "env": os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}} | how
        return subprocess.run([sys.executable, "-m", "hasten", *words], cwd=tmp_path, capture_output=True, text=True, timeout=300, **how)

    return run


@pytest.fixture
def write(tmp_path):
    def put(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(textwrap.dedent(text))
        return path

    return put


def test_a_test_suite_is_recorded_and_what_its_tests_call_is_fixed(hasten, write, tmp_path):
    module = write("words.py", MODULE)
    write("tests/test_words.py", TESTS)
    write("tests/conftest.py", "import sys, os\nsys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))\n")
    fixed = hasten("fix", "--yes", "--budget", "100", "--", "-m", "pytest", "tests")
    assert fixed.returncode == 0, fixed.stderr
    assert "2 passed in" in fixed.stdout and "where the time went" in fixed.stderr, "it was recorded as by hasten run"
    results = json.loads((tmp_path / "pytest.fix.json").read_text())
    (proven,) = [f for f in results["fixes"] if f["verdict"] == "proven"]
    assert (proven["kind"], proven["file"], proven["function"]) == ("set for membership", str(module), "missing")
    assert proven["calls_total"] == 13
    assert results["program_comparable"] is True and "standard output" in results["compared"]
    # The line with `2 passed` is compared but for its duration; pytest's own cache and folders are no results.
    (line,) = results["not_compared"]
    assert line.startswith("the duration in line ") and "2 passed in" in line
    assert f"the cache {tmp_path / '.pytest_cache'}" in results["set_aside"]
    assert not any("cache" in text for text in results["compared"])
    assert (tmp_path / "pytest.hasten").exists() and module.read_text() == MODULE


def test_a_change_is_judged_by_a_test_suite(hasten, write, tmp_path):
    write("words.py", MODULE + "def fast(words, known):\n    held = set(known)\n    return [w for w in words if w not in held]\n")
    write("test_words.py", TESTS)
    judged = hasten("prove", "words.py:missing=fast", "--yes", "--budget", "100", "--", "-m", "pytest", "-q", "test_words.py")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert "same and faster" in judged.stdout and "judged calls the same" in judged.stdout
    write("test_words.py", MODULE + TESTS.replace("from words import missing\n", "") + "def fast(words, known): return []\n")
    judged = hasten("prove", "test_words.py:missing=fast", "--yes", "--", "-m", "pytest", "-q", "test_words.py")
    assert judged.returncode == 3 and "pytest compiles test files itself" in " ".join(judged.stdout.split()), judged.stdout


def test_what_pytest_compiles_itself_is_said_to_be_out_of_reach(hasten, write, tmp_path):
    write("test_own.py", MODULE + TESTS.replace("from words import missing\n", ""))
    fixed = hasten("fix", "--yes", "--budget", "60", "--", "-m", "pytest", "-q")
    assert fixed.returncode == 0, fixed.stderr
    results = json.loads((tmp_path / "pytest.fix.json").read_text())
    (verdict,) = [f for f in results["fixes"] if f["kind"] == "set for membership"]
    assert verdict["verdict"] == "refused" and "pytest compiles test files and conftest.py itself" in verdict["reason"]
    assert results["program_runs"] == 2, "nothing of it could be tried"


def test_an_installed_command_runs_by_its_own_python(hasten, write, tmp_path):
    # As pip leaves it in a virtual environment, for a project that is installed to be edited. Hasten is not installed there.
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (packages,) = environment.glob("lib/python3.*/site-packages")
    (packages / "app.pth").write_text(f"{tmp_path / 'app'}\n")
    write("app/words.py", MODULE)
    script = write("venv/bin/tool", f"""\
        #!{environment / 'bin' / 'python'}
        import sys
        from words import missing
        if __name__ == "__main__":
            known = [str(i) for i in range(4000)]
            words = [str(i * 7919 % 4100) for i in range(6000)]
            print(sys.argv[1:], sum(len(missing(words[k::12], known)) for k in range(12)))
        """)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    fixed = hasten("fix", "--yes", "--budget", "60", "--json", "out.json", "--", "tool", "--json", "x",
                   env=os.environ | {"PATH": f"{environment / 'bin'}:{os.environ['PATH']}"})
    assert fixed.returncode == 0, fixed.stderr
    assert fixed.stdout.startswith("['--json', 'x'] 147\n"), "what stands behind -- is the program's"
    results = json.loads((tmp_path / "out.json").read_text())
    assert [f["kind"] for f in results["fixes"] if f["verdict"] == "proven"] == ["set for membership"]


def test_python_and_its_words_are_a_program_too(hasten, write):
    write("p.py", "import sys\nprint(sys.argv[1:])\n")
    fixed = hasten("fix", "--yes", "--", sys.executable, "p.py", "a", "--yes")
    assert fixed.returncode == 0 and fixed.stdout.startswith("['a', '--yes']\n"), fixed.stderr
    assert "nothing proven" in fixed.stdout


@pytest.mark.parametrize("words, code, text", [
    (["--yes", "--"], 2, "what stands behind -- is a program"), (["x.hasten", "--yes", "--", "p.py"], 2, "without CAPTURE"),
    (["--diff", "--", "p.py"], 2, "without CAPTURE"), (["--yes", "--", "nosuch"], 2, "no script 'nosuch' here"),
    (["p.py"], 2, "to record and fix it: hasten fix -- p.py"), (["--", "p.py"], 125, "give --yes to allow it")])
def test_what_cannot_be_meant_is_one_line(hasten, write, tmp_path, words, code, text):
    write("p.py", "open('ran', 'w')\n")
    refused = hasten("fix", *words)
    assert refused.returncode == code and text in refused.stderr and refused.stderr.count("\n") == 1, refused.stderr
    assert not (tmp_path / "ran").exists()


def test_an_input_that_ends_is_refused_before_anything_runs(write, tmp_path):
    write("p.py", "open('ran', 'w')\n")
    refused = subprocess.run(
        [sys.executable, "-m", "hasten", "fix", "--yes", "--", "p.py"], cwd=tmp_path, input="x", capture_output=True, text=True)
    assert refused.returncode == 125 and "standard input is a pipe" in refused.stderr and refused.stderr.count("\n") == 1
    assert not (tmp_path / "ran").exists()
