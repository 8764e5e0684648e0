"""Notebooks: their cells run as one program with the file's own lines, and a change leaves every other byte as it is."""

import json
import subprocess
import sys

import pytest

from hasten.fix.cells import NotebookSource
from hasten.fix.source import Edit, SourceError, SourceFile
from hasten.fix.trial import NOTEBOOK_STARTER
from hasten.fix.trial.notebook import Notebook, NotebookError

FIND = """\
def find(words, known):
    missing = []
    for w in words:
        if w not in known:  # the slow line, äöü
            missing.append(w)
    return missing"""
CALLS = """\
known = [str(i) for i in range(4000)]
words = [str(i * 7919 % 4100) for i in range(6000)]
print(sum(len(find(words[k::12], known)) for k in range(12)))"""


def code(source, **more):
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source.splitlines(keepends=True), **more}


def notebook(*cells, **how):
    """The bytes of a notebook as Jupyter writes it."""
    text = {"cell_type": "markdown", "metadata": {}, "source": ["# def find():\n", "text"]}
    document = {"cells": [text, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, **{"indent": 1, "ensure_ascii": False, **how}).encode() + b"\n"


# An output that looks like a cell's source.
PRINTED = {"outputs": [{"name": "stdout", "output_type": "stream", "text": ['"source": [\n', '"x = 1"\n']}]}


def test_each_line_of_a_cell_stands_at_its_line_of_the_file():
    raw = notebook(code(FIND, **PRINTED), code(CALLS))
    found = Notebook(raw)
    lines, physical = found.text.split("\n"), raw.decode().split("\n")
    shown = {i: line for i, line in enumerate(lines) if line}
    assert list(shown.values()) == (FIND + "\n" + CALLS).split("\n")
    assert all(json.loads(physical[i].strip().removesuffix(",")).rstrip("\n") == line for i, line in shown.items())
    first = min(shown) + 1
    assert found.cell_at(first + 3)[1] == 4 and found.cell_at(first + 3)[0].number == 1
    assert found.cell_at(1) == (None, 0)


def test_magics_of_the_display_are_left_out_and_said():
    found = Notebook(notebook(code("%matplotlib inline\nx = [\n%3\n]".replace("%3", "3")), code("%%time\ny = 1\nif y:\n    %autoreload 2")))
    assert found.left_out == ["%matplotlib inline (line 1 of cell 1)", "%%time (line 1 of cell 2)", "%autoreload 2 (line 4 of cell 2)"]
    names = {}
    exec(found.text, names)
    assert names["x"] == [3] and names["y"] == 1


@pytest.mark.parametrize("source, words", [
    ("x = 1\n!ls", "line 2 of cell 1 uses !, which only IPython understands"), ("%run other.py", "line 1 of cell 1 uses %run"),
    ("%%bash\nls", "uses %%bash"), ("x = await f()\nreturn", "cell 1"), ("x = = 1", "line 1 of cell 1: invalid syntax")])
def test_what_plain_python_cannot_run_is_refused_with_its_line(source, words):
    with pytest.raises(NotebookError, match=".") as refused:
        Notebook(notebook(code(source)))
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_a_remainder_at_the_start_of_a_line_is_no_magic():
    assert Notebook(notebook(code("x = (7\n% 4)"))).left_out == []


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b"no", b'{"cells": 1, "nbformat": 4}', b'{"nbformat": 4, "cells": [', b'{"worksheets": [], "nbformat": 3}',
                                 b'{"cells": [{"cell_type": "code", "source": "a = 1\\nb = 2"}], "nbformat": 4}',
                                 b'{"cells": [{"cell_type": "code", "source": ["a = 1\\n", "b = 2"]}], "nbformat": 4}', b"\xff\xfe"])
def test_what_is_no_notebook_is_refused(raw):
    with pytest.raises(NotebookError, match="no notebook of Jupyter's format 4"):
        Notebook(raw)
    with pytest.raises(SourceError):
        SourceFile.from_bytes("x.ipynb", raw)


@pytest.mark.parametrize("how", [{}, {"indent": 2}, {"ensure_ascii": True}])
def test_an_edit_changes_its_lines_and_no_other_byte(how):
    raw = notebook(code("%matplotlib inline\nimport os"), code(FIND, **PRINTED), code(CALLS), **how)
    source = SourceFile.from_bytes("/n/x.ipynb", raw)
    assert isinstance(source, NotebookSource) and source.file_bytes == raw and source.file_with([]) == raw
    (function,) = source.functions
    assert source.place(function.def_line) == "x.ipynb, cell 2, line 1"
    body = function.node.body.body
    edits = [source.insert_before(body[1], ["known_set = set(known)"]), source.insert_after(body[2], ["# behind"]),
             source.insert_before(function.node, ["import re"])]
    after = source.file_with(edits)
    cells = [c["source"] for c in json.loads(after)["cells"] if c["cell_type"] == "code"]
    wanted = FIND.replace("    for w", "    known_set = set(known)\n    for w") + "\n    # behind"
    assert "".join(cells[1]) == "import re\n" + wanted
    assert all(line.endswith("\n") for line in cells[1][:-1]) and "".join(cells[0]) == "%matplotlib inline\nimport os"
    old, new = raw.decode().split("\n"), after.decode().split("\n")
    assert len(new) == len(old) + 3
    kept = [line.removesuffix(",") for line in new]
    # `return missing` was the cell's last line; it alone gets the newline and the comma that it lacked.
    assert [line for line in old if line.removesuffix(",") not in kept] == [line for line in old if line.strip() == '"    return missing"']


def test_an_insertion_before_everything_goes_into_the_first_cell():
    source = SourceFile.from_bytes("x.ipynb", notebook(code("x = 1"), code("y = 2")))
    cells = json.loads(source.file_with([Edit(0, 0, "import re\n")]))["cells"]
    assert cells[1]["source"] == ["import re\n", "x = 1"] and cells[2]["source"] == ["y = 2"]


@pytest.mark.process
def test_the_starter_runs_it_in_its_own_folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "helper.py").write_text("VALUE = 5\n")
    path = tmp_path / "sub" / "x.ipynb"
    path.write_bytes(notebook(code("import sys, helper\nprint(helper.VALUE, __name__, sys.argv[1:])"), code("def f():\n    1 / 0\nf()")))
    ran = subprocess.run([sys.executable, NOTEBOOK_STARTER, "sub/x.ipynb", "a"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout == "5 __main__ ['a']\n" and ran.returncode == 1
    line = path.read_text().split("\n").index('    "    1 / 0\\n",') + 1
    assert f'x.ipynb", line {line}, in f' in ran.stderr and "ZeroDivisionError" in ran.stderr


@pytest.mark.process
def test_a_notebook_is_recorded_fixed_and_written(tmp_path):
    path = tmp_path / "words.ipynb"
    raw = notebook(code("%matplotlib inline"), code(FIND, **PRINTED), code(CALLS))
    path.write_bytes(raw)

    def hasten(*words):
        return subprocess.run([sys.executable, "-m", "hasten", *words], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=300)

    fixed = hasten("fix", "--yes", "--budget", "60", "--", "words.ipynb")
    assert fixed.returncode == 0, fixed.stderr
    assert fixed.stdout.startswith("147\n") and "1 fix proven" in fixed.stdout, fixed.stdout
    assert "left out" in fixed.stderr and "%matplotlib inline (line 1 of cell 1)" in fixed.stderr
    assert "if w not in known:  # the slow line" in fixed.stderr, "the verdict shows the line, not its JSON"
    (proven,) = [f for f in json.loads((tmp_path / "words.fix.json").read_text())["fixes"] if f["verdict"] == "proven"]
    assert proven["place"] == "words.ipynb, cell 2, line 4" and proven["kind"] == "set for membership"
    written = hasten("fix", "--write")
    assert written.returncode == 0, written.stderr
    after = json.loads(path.read_bytes())
    assert "".join(after["cells"][2]["source"]) == FIND.replace("    for w", "    known_set = set(known)\n    for w").replace(
        "in known:", "in known_set:")
    before = json.loads(raw)
    before["cells"][2]["source"] = after["cells"][2]["source"]
    assert after == before
    undo = written.stdout.rpartition("to undo: ")[2].strip()
    subprocess.run(undo, shell=True, check=True, cwd=tmp_path, capture_output=True)
    assert path.read_bytes() == raw


@pytest.mark.process
def test_a_notebook_that_cannot_be_run_is_refused_in_one_line(tmp_path):
    (tmp_path / "x.ipynb").write_bytes(notebook(code("!ls")))
    for words in (["run", "x.ipynb"], ["fix", "--yes", "--", "x.ipynb"], ["run", "none.ipynb"]):
        refused = subprocess.run([sys.executable, "-m", "hasten", *words], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert refused.returncode == 2 and refused.stderr.count("\n") == 1 and ".ipynb" in refused.stderr, refused.stderr


FAST = """\
def find_fast(words, known):
    known = set(known)
    return [w for w in words if w not in known]  # äöü


class Other:
    def find_slow(self, words, known):
        return [w for w in words if w not in known]"""
WRONG = """\
%matplotlib inline
def find_wrong(words, known):
    known = set(known[1:])
    return [w for w in words if w not in known]"""


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A folder with a notebook of two searches, and prove(*words) in it."""
    folder = tmp_path_factory.mktemp("notebook")
    raw = notebook(code(FIND, **PRINTED), code(FAST), code(WRONG), code(CALLS))
    (folder / "words.ipynb").write_bytes(raw)
    (folder / "plain.py").write_text("print(1)\n")

    def prove(change, *more, command=("words.ipynb",)):
        ran = subprocess.run([sys.executable, "-m", "hasten", "prove", change, "--yes", "--runs", "8", "--json", "-", *more, "--command", *command],
                             cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        return ran, json.loads(ran.stdout) if ran.stdout else None

    return folder, raw, prove


@pytest.mark.process
def test_two_functions_of_a_notebook_are_proven(words, tmp_path):
    folder, raw, prove = words
    ran, document = prove("words.ipynb:find=find_fast")
    assert (document["answer"], document["better"], ran.returncode) == ("same", True, 0), document["reason"]
    (function,) = document["functions"]
    assert (function["calls"], function["identical"]) == (12, 12)
    assert (folder / "words.ipynb").read_bytes() == raw, "the file stays as it is"
    # What is shown is a patch of the file itself, of which another program makes a notebook with the same other cells.
    (tmp_path / "words.ipynb").write_bytes(raw)
    patch = document["fixes"][0]["patch"].replace(str(folder / "words.ipynb"), "words.ipynb")
    subprocess.run(["patch", "-p0"], input=patch, text=True, cwd=tmp_path, check=True, capture_output=True)
    before, after = json.loads(raw), json.loads((tmp_path / "words.ipynb").read_bytes())
    cell = after["cells"][1]
    assert "".join(cell["source"]) == FAST.partition("\n\n")[0].replace("find_fast", "find")
    before["cells"][1]["source"] = cell["source"]
    assert after == before


@pytest.mark.process
def test_a_wrong_function_of_a_notebook_is_different(words):
    _, _, prove = words
    ran, document = prove("words.ipynb:find=find_wrong")
    assert (document["answer"], ran.returncode) == ("different", 1)
    first = document["differences"][0]
    assert first["where"] == "find" and "'0'" in first["new"] and "'0'" not in first["old"]


@pytest.mark.process
@pytest.mark.parametrize("kind", ["patch", "branch"])
def test_a_patch_to_a_notebook_is_judged_as_its_program(words, tmp_path, kind):
    folder, raw, _ = words
    quick = FIND.replace("    for w", "    known = set(known)\n    for w")
    after = notebook(code(quick, outputs=[]), code(FAST), code(WRONG), code(CALLS))  # other outputs, so that lines move

    def git(*more):
        return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *more], cwd=tmp_path, check=True, capture_output=True,
                              text=True).stdout

    git("init", "-q", "-b", "main")
    for name, text in (("main", raw), ("quick", after)):
        (tmp_path / "words.ipynb").write_bytes(text)
        git("add", ".")
        git("commit", "-qm", name)
        git("branch", "-f", name) if name != "main" else git("branch", "-f", "start")
    change = "quick"
    if kind == "patch":
        change = "x.patch"
        (tmp_path / change).write_text(git("diff", "start", "quick"))
    git("reset", "-q", "--hard", "start")
    ran = subprocess.run([sys.executable, "-m", "hasten", "prove", change, "--yes", "--runs", "8", "--json", "-", "--command", "words.ipynb"],
                         cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    document = json.loads(ran.stdout)
    assert (document["answer"], ran.returncode) == ("same", 0), document["reason"]
    assert [(f["function"], f["calls"]) for f in document["functions"]] == [("find", 12)]
    assert (tmp_path / "words.ipynb").read_bytes() == raw


def _refused_patch(folder, raw, after):
    import difflib

    lines = [part.decode().splitlines(keepends=True) for part in (raw, after)]
    (folder / "x.patch").write_text("".join(difflib.unified_diff(*lines, "words.ipynb", "words.ipynb")))
    return "x.patch"


@pytest.mark.process
@pytest.mark.parametrize("old, new, told", [
    (b'"    missing = []\\n",', b'"    missing = []\\n    pass\\n",', "does not hold one line of source a string"),  # JSON, as no Jupyter writes it
    (b'"    missing = []\\n",', b'"    missing = []\\n"', "is no notebook of Jupyter's format 4"),
    (b'"    missing = []\\n",', b'"    missing = = []\\n",', "line 2 of cell 1: invalid syntax"),
    (b'"x = 1', b'"x = 2', "changes no Python source (only words.ipynb)"),  # of an output
])
def test_a_patch_that_leaves_no_program_is_refused_in_one_line(words, old, new, told):
    folder, raw, prove = words
    after = raw.replace(old, new, 1) if old[:2] != b'"x' else raw.replace(b'x = 1', b'x = 2', 1)
    assert after != raw
    ran, _ = prove(_refused_patch(folder, raw, after))
    assert ran.returncode == 125 and told in ran.stderr and ran.stderr.count("\n") == 1, ran.stderr


@pytest.mark.process
@pytest.mark.parametrize("change, told", [
    ("words.ipynb:find=nothing", "words.ipynb defines no function nothing; it defines find, find_fast"),
    ("plain.ipynb:a=b", "plain.ipynb cannot be read"),
])
def test_what_is_not_in_a_notebook_is_said_in_one_line(words, change, told):
    ran, _ = words[2](change)
    assert ran.returncode == 125 and told in ran.stderr and ran.stderr.count("\n") == 1, ran.stderr


@pytest.mark.process
def test_a_program_that_does_not_run_the_notebook_cannot_tell(words):
    ran, document = words[2]("words.ipynb:find=find_fast", command=("plain.py",))
    assert ran.returncode == 3 and "does not load" in document["reason"] and "words.ipynb" in document["reason"]
