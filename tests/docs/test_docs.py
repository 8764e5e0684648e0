"""What the documents say is true: their links lead somewhere, their Python runs, their commands print what is shown.

- ```python blocks are written to a file and run; each `#> text` comment is what they print there, in order.
- ```console blocks with the word `check` behind are run line by line (the lines with `$ `) in a directory that has a
  copy of examples/; below each command stands what it prints, where `...` stands for anything. A command's standard
  error counts too. Other console blocks take too long, or show another machine.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    file
    for pattern in ("*.md", "docs/**/*.md", "src/*/README.md", "benchmarks/**/*.md", "tests/**/*.md", "examples/*.md")
    for file in ROOT.glob(pattern)
)
FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")


@dataclass
class Block:
    document: str
    line: int
    language: str
    words: list[str]
    text: str

    def __str__(self):
        return f"{self.document}:{self.line}"


def blocks_of(text, document="text"):
    return [
        Block(document, text.count("\n", 0, match.start()) + 1, match[1], match[2].split(), match[3])
        for match in FENCE.finditer(text)
    ]


BLOCKS = [block for file in DOCUMENTS for block in blocks_of(file.read_text(), file.relative_to(ROOT).as_posix())]


def anchors_of(text):
    """The anchors that a page's headings get."""
    headings = re.findall(r"^#+ +(.*)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(file, text):
    broken = []
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (file.parent / path).resolve() if path else file
        if not there.exists():
            broken.append(target)
        elif anchor and there.suffix == ".md" and anchor not in anchors_of(there.read_text() if path else text):
            broken.append(target)
    return broken


def environment():
    return dict(os.environ, PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", COLUMNS="100")


def run_python(block, directory):
    file = directory / "block.py"
    file.write_text(block.text)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, cwd=directory, env=environment())
    assert done.returncode == 0, f"{block}\n{done.stderr}"
    assert done.stdout.splitlines() == re.findall(r"#> (.*)", block.text), str(block)


def matches(expected, printed):
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def run_console(block, directory):
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        done = subprocess.run(
            ["bash", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=directory,
            env=environment(),
        )
        assert matches(expected, done.stdout), f"{block}: $ {command}\nprinted:\n{done.stdout}\nbut the page says:\n{expected}"


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(file):
    assert broken_links(file, file.read_text()) == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "python"], ids=str)
def test_python_runs_and_prints_what_it_says(block, tmp_path):
    run_python(block, tmp_path)


@pytest.mark.parametrize("block", [block for block in BLOCKS if "check" in block.words], ids=str)
def test_commands_print_what_is_shown(block, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    run_console(block, tmp_path)


# The checks themselves can fail:


def test_a_dead_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# A `good` heading\n")
    text = (
        "# Here\n[a](no.md) [b](other.md) [c](other.md#a-good-heading) [d](other.md#bad) [e](#here) [f](#there)\n"
        "[g](mailto:x@example.org)\n```\n[not](a-link)\n```\n```python\n[not](one-either)\n```\n"
    )
    page.write_text(text)
    assert broken_links(page, text) == ["no.md", "other.md#bad", "#there"]


def test_a_block_that_prints_something_else_fails(tmp_path):
    good, bad, broken = blocks_of(
        "```python\nprint(1)  #> 1\n```\n```python\nprint(1)  #> 2\n```\n```python\n1 / 0\n```\n"
    )
    run_python(good, tmp_path)
    for block in (bad, broken):
        with pytest.raises(AssertionError):
            run_python(block, tmp_path)


def test_a_command_that_prints_something_else_fails(tmp_path):
    good, bad = blocks_of("```console check\n$ echo a b c\na ... c\n```\n```console check\n$ echo a b c\na ... d\n```\n")
    run_console(good, tmp_path)
    with pytest.raises(AssertionError, match="the page says"):
        run_console(bad, tmp_path)
