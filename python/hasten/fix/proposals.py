"""From what a person names to a Change: two functions of one file, a patch, or a commit of git."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import tokenize

from hasten.errors import HastenError
from hasten.fix.change import Change, FileChange
from hasten.fix.trial.observe import walk_functions

_PAIR = re.compile(r"(?P<file>.+\.(?:pyw?|ipynb)):(?P<old>[^:=]+)=(?P<new>[^:=]+)")
SOURCE_SUFFIXES = (".py", ".pyw", ".ipynb")


def propose_change(words, program, sources=()):
    """The Change that `words` name: FILE.py:old=new, a patch file, or a branch, tag or commit.

    program: whose paths the change is to be under; sources: paths that it is known to load.
    Raises HastenError, in one line, for what does not exist or does not apply.
    """
    paths = ProgramPaths(program, sources)
    pair = _PAIR.fullmatch(words)
    if pair:
        return propose_pair(pair["file"], pair["old"].strip(), pair["new"].strip(), paths)
    if os.path.isfile(words):
        from hasten.fix.patchfile import propose_patch

        return propose_patch(words, paths)
    return propose_commit(words, paths)


class ProgramPaths:
    """Names files as the program does: the script by its own word, a module as its import finds it."""

    def __init__(self, program, sources=()):
        self.cwd = program.cwd
        known = [*sources, *([program.target] if program.kind in ("script", "notebook") else [])]
        self._known = {os.path.realpath(path): path for path in known}

    def __call__(self, path):
        real = os.path.realpath(path)
        return self._known.get(real, real)


# -- two functions of one file -----------------------------------------------------------------------


def propose_pair(file, old, new, paths):
    """`new` takes the place of `old`; both are qualified names in the same file."""
    raw = _read(file)
    before = program_in(file, raw)
    try:
        tree = ast.parse(before, file)
    except (SyntaxError, ValueError) as error:
        raise HastenError(f"{file} cannot be parsed ({getattr(error, 'msg', error)})") from None
    old_node, new_node = (_one_function(tree, file, name) for name in (old, new))
    if old_node is new_node:
        raise HastenError(f"{old} cannot take its own place", hint="name two functions: FILE.py:old=new")
    text = _moved(before, new_node, old_node)
    first = min([old_node.lineno, *(d.lineno for d in old_node.decorator_list)])
    if file.endswith(".ipynb"):
        after = _notebook_with(file, raw, first, old_node.end_lineno, text)
    else:
        lines = before.splitlines(keepends=True)
        after = b"".join([*lines[:first - 1], text, *lines[old_node.end_lineno:]])
    return Change(f"{os.path.basename(file)}: {new} in the place of {old}", [file_change(paths(file), raw, after)])


def _notebook_with(file, raw, first, last, text):
    """The bytes of a notebook in which other text stands in these lines of its program."""
    from hasten.fix.source import Edit, SourceFile

    source = SourceFile.from_bytes(file, raw)
    return source.file_with([Edit(source.line_start(first), source.line_start(last + 1), text.decode("utf-8", "surrogatepass"))])


def file_change(path, before, after):
    """The FileChange between two contents of a file, each None where it is not there."""
    programs = [raw if raw is None else program_in(path, raw) for raw in (before, after)]
    return FileChange(path, *programs, *((before, after) if path.endswith(".ipynb") else ()))


def is_output_only(change):
    """Whether a change of a notebook leaves every line of its code cells as it is: Jupyter writes outputs at each run."""
    if change.file_before is None or change.file_after is None:
        return False
    from hasten.fix.trial.notebook import Notebook

    before, after = ([[text for text, *_ in cell.tokens] for cell in Notebook(raw).cells] for raw in (change.file_before, change.file_after))
    return before == after


def program_in(path, raw):
    """The Python source in a file's bytes: all of them, or of a notebook what its code cells hold, at the file's own lines."""
    if not path.endswith(".ipynb"):
        return raw
    from hasten.fix.trial.notebook import Notebook, NotebookError

    try:
        return Notebook(raw).text.encode("utf-8", "surrogatepass")
    except NotebookError as error:
        raise HastenError(f"{path}: {error}", hint="what can be tried is a notebook whose code cells plain Python can run, saved as Jupyter "
                          "writes it; two functions of it can be compared without a patch: FILE.ipynb:old=new") from None


def _one_function(tree, file, name):
    found = [node for qualname, node in walk_functions(tree, "") if qualname == name]
    if not found:
        names = list(dict.fromkeys(n for n, _ in walk_functions(tree, "")))
        more = ", ..." if len(names) > 8 else ""
        raise HastenError(f"{file} defines no function {name}; it defines {', '.join(names[:8]) or 'none'}{more}")
    if len(found) > 1:
        lines = " and ".join(str(node.lineno) for node in found)
        raise HastenError(f"{file} defines {name} {len(found)} times (lines {lines}), so that it is not clear which is meant",
                          hint="give one of them another name")
    return found[0]


def _moved(raw, node, place):
    """The text of the function `node` under the name and with the indentation of `place`."""
    lines = raw.splitlines(keepends=True)
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    inside_text = _lines_inside_strings(raw)
    taken, wanted = _indent(lines[node.lineno - 1]), _indent(lines[place.lineno - 1])
    out = []
    for number in range(first, node.end_lineno + 1):
        line = lines[number - 1]
        if number == node.lineno:
            named = re.compile(rb"(def\s+)" + re.escape(node.name.encode()) + rb"\b")
            line = named.sub(lambda match: match[1] + place.name.encode(), line, count=1)
        if taken != wanted and number not in inside_text and line.startswith(taken):
            line = wanted + line[len(taken):]
        out.append(line)
    if out and not out[-1].endswith((b"\n", b"\r")):
        out[-1] += b"\n"
    return b"".join(out)


def _indent(line):
    return line[:len(line) - len(line.lstrip(b" \t"))]


def _lines_inside_strings(raw):
    """Lines that begin inside a text of several lines: their leading blanks belong to the text."""
    inside = set()
    start = None  # of an f-string, which is several tokens from 3.12 on
    for token in tokenize.tokenize(io.BytesIO(raw).readline):
        name = tokenize.tok_name[token.type]
        if name == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif name == "FSTRING_START":
            start = token.start[0]
        elif name == "FSTRING_END" and start is not None:
            inside.update(range(start + 1, token.end[0] + 1))
    return inside


# -- a commit of git ---------------------------------------------------------------------------------


def propose_commit(name, paths):
    """The files as they are in a branch, tag or commit, against those of the working tree."""
    top = _git("rev-parse", "--show-toplevel", where=os.getcwd())
    if top is None:
        raise HastenError(f"{name} is no file, and {os.getcwd()} is not in a git repository, so that it is no branch either",
                          hint="name a patch, a branch, or FILE.py:old=new")
    top = os.fsdecode(top.rstrip(b"\n"))
    commit = None if name.startswith("-") else _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", where=top)
    if commit is None:
        raise HastenError(f"{name} is neither a file nor a branch, tag or commit of {top}",
                          hint="name a patch, a branch, or FILE.py:old=new")
    commit = commit.decode().strip()
    listed = _git("diff", "--name-status", "-z", "--no-renames", "--no-ext-diff", commit, "--", where=top)
    if listed is None:
        raise HastenError(f"git cannot compare {name} with the files of {top}")
    words = listed.split(b"\0")[:-1]
    files, others = [], []
    # git tells what became of the commit's files here; the change goes the other way.
    for status, raw_path in zip(words[::2], words[1::2]):
        relative = os.fsdecode(raw_path)
        if not relative.endswith(SOURCE_SUFFIXES):
            others.append(relative)
            continue
        path = os.path.join(top, relative)
        before = None if status == b"D" else _read(path)
        after = None if status == b"A" else _git("cat-file", "--filters", f"{commit}:{relative}", where=top)
        change = file_change(paths(path), before, after)
        if is_output_only(change):
            others.append(relative)
        else:
            files.append(change)
    if not files and not others:
        raise HastenError(f"{name} ({commit[:10]}) holds the same files as {top}", hint="there is nothing to run old against new")
    return Change(f"{name} ({commit[:10]})", files, others)


def _read(path):
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise HastenError(f"{path} cannot be read ({error.strerror})") from None


def _git(*words, where):
    """What git prints, or None if it fails."""
    try:
        ran = subprocess.run(["git", "-C", where, *words], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise HastenError(f"git cannot be started ({error.strerror})", hint="give the change as a patch: hasten prove FILE.patch") from None
    return ran.stdout if ran.returncode == 0 else None
