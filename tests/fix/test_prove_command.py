"""`hasten prove` as a user types it, on two functions of one file."""

import json
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process

WORDS = """
    # spells words
    def find(words, known):
        missing = []
        for w in words:
            if w not in known:
                missing.append(w)
        return missing


    def find_fast(words, known):
        known = set(known)
        return [w for w in words if w not in known]


    def find_wrong(words, known):
        known = set(known[1:])
        return [w for w in words if w not in known]


    def find_more(words, known, limit=9):
        return find_fast(words, known)


    class Twice:
        def f(self):
            return 1
        def f(self):
            return 2
        def unused(self):
            return 3
        def unused_too(self):
            return 3.0


    known = [str(i) for i in range(3000)]
    words = [str(i * 7919 % 3100) for i in range(4800)]
    print(sum(len(find(words[k::12], known)) for k in range(12)))
"""


def prove(*words, cwd):
    return subprocess.run([sys.executable, "-m", "hasten", "prove", *words], cwd=cwd, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300)


def judged(change, cwd, *words):
    """(exit code, document) of a change of words.py."""
    ran = prove(change, "--yes", "--json", "-", *words, "--command", "words.py", cwd=cwd)
    assert ran.returncode in (0, 1, 3), ran.stderr
    return ran.returncode, json.loads(ran.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    (folder / "words.py").write_text(textwrap.dedent(WORDS).lstrip("\n"))
    return folder


def test_a_true_gain_is_proven_with_its_figures(folder):
    before = (folder / "words.py").read_bytes()
    code, document = judged("words.py:find=find_fast", folder)
    assert (code, document["answer"], document["better"], document["exit_code"]) == (0, "same", True, 0)
    (fix,) = document["fixes"]
    assert fix["verdict"] == "proven" and fix["function"] == "find" and fix["file"] == str(folder / "words.py")
    assert fix["pairs"] >= 8 and fix["interval"][0] > 1.01
    assert document["next_run"][0] <= fix["interval"][0] <= fix["program_speedup"] <= fix["interval"][1] <= document["next_run"][1]
    assert fix["program_before_s"] > fix["program_after_s"] > 0
    assert fix["peak_before_bytes"] > 1e6 and fix["peak_after_bytes"] > 1e6
    (function,) = document["functions"]
    assert (function["calls"], function["identical"], function["calls_total"]) == (12, 12, 12)
    assert document["differences"] == [] and "standard output" in document["compared"]
    assert document["program_runs"] >= 3 + 2 * 8 and document["program_comparable"] is True
    assert "+    known = set(known)" in fix["patch"]
    assert (folder / "words.py").read_bytes() == before


def test_a_wrong_one_is_different_and_says_where(folder):
    code, document = judged("words.py:find=find_wrong", folder)
    assert (code, document["answer"], document["better"]) == (1, "different", False)
    first = document["differences"][0]
    assert first["where"] == "find" and first["place"] == "the result" and "'0'" in first["new"] and "'0'" not in first["old"]
    sizes = [len(d["old"]) + len(d["new"]) for d in document["differences"] if "call" in d]
    assert sizes == sorted(sizes) and len(sizes) >= 1
    assert document["differences"][-1]["where"] == "the whole program"


def test_other_parameters_are_compared_from_run_to_run(folder):
    code, document = judged("words.py:find=find_more", folder)
    assert (code, document["answer"]) == (0, "same")
    (function,) = document["functions"]
    assert function["calls"] == 0 and "parameters" in function["why_not"]
    assert function["results_compared"] == 12, "from run to run"


def test_a_patch_and_a_branch_and_one_function_of_them(folder, tmp_path):
    def git(*words):
        return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True,
                              capture_output=True, text=True).stdout

    text = (folder / "words.py").read_text()
    git("init", "-q", "-b", "main")
    (tmp_path / "words.py").write_text(text)
    git("add", ".")
    git("commit", "-qm", "a")
    git("checkout", "-qb", "quick")
    # The faster search stands in a file of its own, and what prints is another function now.
    (tmp_path / "search.py").write_text("def absent(words, known):\n    known = set(known)\n    return [w for w in words if w not in known]\n")
    after = text.replace("    missing = []\n    for w in words:\n        if w not in known:\n            missing.append(w)\n    return missing\n",
                         "    return absent(words, known)\n", 1).replace("# spells words\n", "from search import absent\n")
    (tmp_path / "words.py").write_text(after.replace("return 1\n", "return -1\n"))
    git("add", ".")
    git("commit", "-qm", "b")
    (tmp_path / "x.patch").write_text(git("diff", "main", "quick"))
    git("checkout", "-q", "main")
    for change in ("x.patch", "quick"):
        code, document = judged(change, tmp_path, "--function", "find")
        assert (code, document["answer"]) == (0, "same"), document["reason"]
        assert [f["calls"] for f in document["functions"] if f["function"] == "find"] == [12]
        assert any(text.startswith("Twice.f: this program never calls it") for text in document["not_compared"])
        assert not (tmp_path / "search.py").exists()
    code, document = judged("quick", tmp_path, "--tolerance", "0")
    assert set(document) >= {"schema", "answer", "better", "exit_code", "reason", "change", "fixes", "functions", "differences",
                             "program_runs", "program_comparable", "compared", "not_compared", "stopped", "effects", "next_run",
                             "interval_kind"}


def test_what_is_never_called_cannot_be_told(folder):
    code, document = judged("words.py:Twice.unused=Twice.unused_too", folder)
    assert (code, document["answer"], document["fixes"][0]["verdict"]) == (3, "cannot tell", "cannot tell")
    assert "never calls Twice.unused" in document["reason"]


def test_the_newest_capture_is_the_program(folder, tmp_path):
    (tmp_path / "words.py").write_bytes((folder / "words.py").read_bytes())
    ran = subprocess.run([sys.executable, "-m", "hasten", "run", "words.py"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    shown = prove("words.py:find=find_fast", "--yes", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "same and faster" in shown.stdout and "peak memory" in shown.stdout and "the next pair of runs" in shown.stdout
    text = prove("words.py:find=find_fast", "--yes", "--text", "--capture", "words.hasten", cwd=tmp_path)
    assert text.stdout.startswith("**same and faster") and "| whole program |" in text.stdout


@pytest.mark.parametrize("change, told", [
    ("words.py:find=nothing", "defines no function nothing"),
    ("words.py:Twice.f=find", "defines Twice.f 2 times (lines"),
    ("missing.py:a=b", "missing.py cannot be read"),
    ("words.py:find=find", "cannot take its own place"),
    ("no-such-branch", "no-such-branch is n"),
])
def test_what_is_not_there_is_said_in_one_line(folder, change, told):
    ran = prove(change, "--yes", "--command", "words.py", cwd=folder)
    assert ran.returncode == 125 and told in ran.stderr and ran.stderr.count("\n") == 1, ran.stderr


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """A program that prints its words, and the folder of a `python` that is a shell script, as version managers have it."""
    folder = tmp_path_factory.mktemp("echo words")
    (folder / "echo.py").write_text("import sys\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 1\n\n\nprint(f(), sys.argv)\n")
    shim = folder / "bin" / "python"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    shim.chmod(0o755)
    return folder


@pytest.mark.parametrize("words, program", [
    (["--command", "echo.py", "--", "x"], ["--", "x"]),
    (["--command", "echo.py", "--flag", "--yes", "-m", "-"], ["--flag", "--yes", "-m", "-"]),
    (["--command", "python", "echo.py", "--", "x", "--command"], ["--", "x", "--command"]),
    (["--command", "--", "echo.py", "x"], ["x"]),
    (["--command=echo.py", "x", "--json"], ["x", "--json"]),
    (["--command", "echo.py 'a b' --c"], ["a b", "--c"]),
    (["--", "echo.py", "--", "x"], ["--", "x"]),
    (["--", "python", "-B", "echo.py", "--command", "x"], ["--command", "x"]),
])
def test_the_program_gets_every_word_behind_command(echo, monkeypatch, words, program):
    """As argparse, for one, does not: it takes a `--` for its own wherever it stands."""
    from hasten.cli import _run_command, prove

    seen = []
    monkeypatch.setattr(prove, "main", lambda args: seen.append(prove._program(_command_of(prove, args))[0]) or 0)
    monkeypatch.chdir(echo)
    monkeypatch.setenv("PATH", f"{echo / 'bin'}:/usr/bin:/bin")
    assert _run_command("prove", ["echo.py:f=g", "--runs", "9", *words]) == 0
    assert (seen[0].kind, seen[0].argv[1:]) == ("script", program)


def _command_of(prove, args):
    args.command = args.program
    return args


def test_the_words_arrive_in_the_runs(echo):
    ran = prove("echo.py:f=g", "--yes", "--runs", "8", "--json", "-", "--command", "echo.py", "--", "x", "--yes", cwd=echo)
    assert ran.returncode == 1, ran.stderr  # the same, and no faster
    assert json.loads(ran.stdout)["answer"] == "same"
    ran = prove("echo.py:f=g", "--command", "echo.py", "--yes", cwd=echo)
    assert ran.returncode == 125 and "give --yes" in ran.stderr, "behind --command it is the program's"


def test_a_change_behind_the_program_is_the_programs(echo):
    ran = prove("--yes", "--command", "echo.py", "echo.py:f=g", cwd=echo)
    assert ran.returncode == 2 and ran.stderr.count("\n") == 1 and "stands before --command" in ran.stderr, ran.stderr


@pytest.mark.parametrize("words", [
    ["x.patch", "--command", ""], ["x.patch", "--command", "-m"], ["x.patch", "--command", "--"], ["x.patch", "--command="],
    ["x.patch", "--runs", "7"], ["x.patch", "--capture", "a.hasten", "--command", "words.py"], [], ["x.patch", "--command"],
    ["x.patch", "--command", "no-such-program-anywhere"], ["x.patch", "--budget", "0"], ["x.patch", "--tolerance", "1"],
    ["--before", "a.hasten"], ["x.patch", "--before", "a.hasten", "--after", "b.hasten"],
])
def test_wrong_usage_is_2(folder, words):
    ran = prove(*words, cwd=folder)
    assert ran.returncode == 2 and ran.stderr.count("\n") == 1, ran.stderr


def test_it_does_not_run_anything_unasked(folder):
    ran = prove("words.py:find=find_fast", "--command", "words.py", cwd=folder)
    assert ran.returncode == 125 and "--yes" in ran.stderr and ran.stderr.count("\n") == 1


def test_help_has_examples_and_exit_codes(folder):
    shown = prove("--help", cwd=folder)
    assert shown.returncode == 0
    for word in ("--capture", "--command", "--function", "--runs", "--budget", "--text", "--json", "examples:", "Exit code: 0"):
        assert word in shown.stdout
