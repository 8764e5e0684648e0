"""Unified diffs applied in memory: what `patch` and `git apply` make of them is the measure."""

import difflib
import os
import random
import subprocess
import sys

import pytest

from hasten.errors import HastenError
from hasten.fix.evidence import Program
from hasten.fix.patchfile import DoesNotApply, apply, parse
from hasten.fix.proposals import propose_change


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.py").write_text("import q\nprint(q.f(1))\n")
    (tmp_path / "q.py").write_text("def f(x):\n    return x + 1\n\n\ndef g(x):\n    return x\n")
    return tmp_path


def propose(words, folder):
    return propose_change(str(words), Program.from_command([sys.executable, "p.py"], str(folder)))


def git(*words):
    return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True, capture_output=True, text=True).stdout


def test_random_edits_apply_as_patch_does_it(tmp_path):
    dice = random.Random(4)
    for round_ in range(60):
        old = [f"line {dice.randrange(6)}\n" for _ in range(dice.randrange(30))]
        new = list(old)
        for _ in range(dice.randrange(1, 5)):
            at = dice.randrange(len(new) + 1)
            new[at:at + dice.randrange(3)] = [f"new {dice.randrange(9)}\n" for _ in range(dice.randrange(3))]
        if dice.random() < 0.3 and new:
            new[-1] = new[-1].rstrip("\n")
        (tmp_path / "a").write_text("".join(old))
        (tmp_path / "b").write_text("".join(new))
        made = subprocess.run(["diff", "-u", f"-U{dice.randrange(4)}", "a", "b"], cwd=tmp_path, capture_output=True).stdout
        if made:
            (patch,) = parse(made, "x")
            assert apply((tmp_path / "a").read_bytes(), patch.hunks) == (tmp_path / "b").read_bytes(), round_


def test_a_hunk_is_found_where_lines_were_added_above():
    old = [f"line {i}\n" for i in range(30)]
    new = [*old[:20], "changed\n", *old[21:]]
    (patch,) = parse("".join(difflib.unified_diff(old, new, "f", "f")).encode(), "x")
    moved = ["# one\n", "# two\n", *old]
    assert apply("".join(moved).encode(), patch.hunks).decode().splitlines()[22] == "changed"
    with pytest.raises(DoesNotApply):
        apply("".join(old[:18]).encode(), patch.hunks)


@pytest.mark.parametrize("made_by", ["git", "diff -u", "diff -ru"])
def test_gits_patch_and_diffs_own(folder, made_by):
    after = (folder / "q.py").read_text().replace("x + 1", "1 + x")
    if made_by == "git":
        git("init", "-q")
        git("add", ".")
        git("commit", "-qm", "a")
        (folder / "q.py").write_text(after)
        made = git("diff")
        git("checkout", "-q", "q.py")
    elif made_by == "diff -u":
        (folder / "q.new").write_text(after)
        made = subprocess.run(["diff", "-u", "q.py", "q.new"], capture_output=True, text=True).stdout
    else:
        for name in ("old", "new"):
            (folder / name).mkdir()
        (folder / "old" / "q.py").write_bytes((folder / "q.py").read_bytes())
        (folder / "new" / "q.py").write_text(after)
        made = subprocess.run(["diff", "-ru", "old", "new"], capture_output=True, text=True).stdout
        for name in ("old", "new"):
            (folder / name / "q.py").unlink()
    (folder / "x.patch").write_text(made)
    change = propose("x.patch", folder)
    assert [(f.path, f.after.decode()) for f in change.files] == [(str(folder / "q.py"), after)]
    assert [(f.qualname, f.why_not) for f in change.functions] == [("f", "")]


def test_new_renamed_removed_and_other_files(folder):
    git("init", "-q")
    (folder / "gone.py").write_text("x = 1\n")
    (folder / "café.py").write_text("y = 1\n")
    (folder / "data.txt").write_text("1\n")
    git("add", ".")
    git("commit", "-qm", "a")
    git("mv", "q.py", "r.py")
    git("rm", "-q", "gone.py")
    (folder / "new.py").write_text("z = 1\n")
    (folder / "café.py").write_text("y = 2\n")
    (folder / "data.txt").write_text("2\n")
    git("add", ".")
    (folder / "x.patch").write_text(git("diff", "--cached", "-M"))
    git("reset", "-q", "--hard")
    change = propose("x.patch", folder)
    found = {os.path.basename(f.path): (f.before is not None, f.after is not None) for f in change.files}
    assert found == {"q.py": (True, False), "r.py": (False, True), "gone.py": (True, False), "new.py": (False, True), "café.py": (True, True)}
    assert change.others == ["data.txt"]


@pytest.mark.parametrize("text, told", [
    ("hello\n", "is not a unified diff"),
    ("--- a/q.py\n+++ b/q.py\n@@ -1,2 +1,2 @@\n def f(x):\n-    return x + 9\n+    return x\n", "what it expects at line 1 of"),
    ("--- a/q.py\n+++ b/q.py\n@@ -1,2 +1,2 @@\n def f(x):\n-    return x + 2\n+    return x + 1\n", "already holds its change"),
    ("--- a/zz.py\n+++ b/zz.py\n@@ -1 +1 @@\n-a\n+b\n", "changes zz.py, which is not below"),
    ("--- a/q.py\n+++ b/q.py\n@@ -1,2 +1,2 @@\n def f(x):\n", "cut short or damaged"),
    ("--- a/q.py\n+++ b/q.py\n@@ -1,2 +1,2 @@\n def f(x):\n-    return x + 1\n+    return (\n", "q.py, line 2 of the change cannot be parsed"),
    ("diff --git a/x b/x\nGIT binary patch\n", "binary"),
    ("--- a/n.txt\n+++ b/n.txt\n@@ -0,0 +1 @@\n+b\n", "n.txt"),
    ("--- /dev/null\n+++ b/n.txt\n@@ -0,0 +1 @@\n+b\n", "changes no Python source"),
    ("--- /dev/null\n+++ b/q.py\n@@ -0,0 +1 @@\n+b\n", "already there"),
])
def test_what_cannot_be_applied_is_said_in_one_line(folder, text, told):
    (folder / "x.patch").write_text(text)
    with pytest.raises(HastenError) as failure:
        propose("x.patch", folder)
    assert told in str(failure.value) and "\n" not in str(failure.value)


def test_a_commit_against_the_files_as_they_are(folder):
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "a")
    git("checkout", "-qb", "quick")
    (folder / "q.py").write_text("import r\n\n\ndef f(x):\n    return r.one + x\n")
    (folder / "r.py").write_text("one = 1\n")
    git("add", ".")
    git("commit", "-qm", "b")
    git("tag", "v1")
    git("checkout", "-q", "main")
    (folder / "p.py").write_text("import q\nprint(q.f(2))\n")  # not committed: the files as they are
    for name in ("quick", "v1", git("rev-parse", "quick").strip()):
        change = propose(name, folder)
        found = {os.path.basename(f.path): f for f in change.files}
        assert sorted(found) == ["p.py", "q.py", "r.py"]
        assert found["p.py"].before == b"import q\nprint(q.f(2))\n" and found["p.py"].after == b"import q\nprint(q.f(1))\n"
        assert found["r.py"].before is None and found["r.py"].after == b"one = 1\n"
    with pytest.raises(HastenError, match="neither a file nor a branch, tag or commit"):
        propose("quack", folder)
    git("checkout", "-q", "p.py")
    with pytest.raises(HastenError, match="holds the same files"):
        propose("main", folder)


def test_outside_a_repository_it_is_said(folder):
    with pytest.raises(HastenError, match="not in a git repository"):
        propose("main", folder)
