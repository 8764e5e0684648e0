#!/usr/bin/env python3
"""Checks what no compiler does: floors, version tests, banned names, room READMEs, sizes, documented names.

    python3 tools/tidy.py [ROOT]

Prints one line a finding, `file:line: rule: what, and what to do`, and exits 1 if there is any. A line may be
excused where it stands, or on the line above, with a reason: `tidy: RULE: because ...`.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

HEADINGS = ("What it is", "What it never does", "Start at", "Tested by", "Time")
CODE_DIRECTORIES = ("src", "python", "tests", "tools", "benchmarks", "examples", "web/src")
SUFFIXES = (".cc", ".h", ".py", ".cmake", ".ts", ".toml")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')
CXX_STRING_OR_COMMENT = re.compile(r'R"(\w*)\((?s:.*?)\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*(?s:.*?)\*/')
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!\(#\d+\))")
BANNED_CXX = [
    # rule, pattern, where (glob below the root), what to use
    ("regex", re.compile(r"\bstd::regex\b"), "src/*", "std::regex is slow to compile and to run; parse by hand"),
    ("printf", re.compile(r"\bv?[sf]?n?printf\s*\("), "src/*", "use fmt::format, or return a Result"),
    ("namespace", re.compile(r"\busing namespace std\b"), "src/*", "name what is used"),
    ("sleep", re.compile(r"\b(?:sleep_for|sleep_until|u?sleep|nanosleep)\s*\("), "src/*_test.cc", "wait for the event"),
]


@dataclass(frozen=True)
class Finding:
    """One thing to put right."""

    file: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.text}"


class SourceFile:
    """One file of the tree, read once."""

    def __init__(self, root: Path, path: Path):
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.splitlines()

    def excused(self, line: int, rule: str) -> bool:
        """Whether that line (from 1), or the one above it, says why the rule does not hold there."""
        note = re.compile(rf"\btidy: {re.escape(rule)}: \S")
        return any(note.search(text) for text in self.lines[max(0, line - 2) : line])

    @cached_property
    def cxx_code(self) -> str:
        """C++ without strings and comments, line by line as before."""
        return CXX_STRING_OR_COMMENT.sub(lambda match: "\n" * match[0].count("\n"), self.text)

    @cached_property
    def tree(self) -> ast.Module:
        """The Python syntax tree."""
        return ast.parse(self.text, self.name)


class Tree:
    """All that is checked, and the table of floors."""

    def __init__(self, root: Path):
        self.root = root
        self.floors = tomllib.loads((root / "tools" / "floors.toml").read_text())
        found = [file for top in CODE_DIRECTORIES for file in sorted((root / top).rglob("*"))]
        self.files = [
            SourceFile(root, file)
            for file in found
            if file.suffix in SUFFIXES and file.is_file() and not {"__pycache__", "node_modules"} & set(file.parts)
        ]

    def below(self, top: str, suffixes: tuple[str, ...]) -> Iterator[SourceFile]:
        """Files below a directory."""
        return (file for file in self.files if file.name.startswith(top + "/") and file.path.suffix in suffixes)

    def cxx(self) -> Iterator[SourceFile]:
        """C++ files of the rooms."""
        return self.below("src", (".cc", ".h"))


def floors_of_includes(tree: Tree) -> Iterator[Finding]:
    """An #include stays in its room or goes down."""
    floors = tree.floors["cxx"]
    for file in tree.cxx():
        room = file.name.split("/")[1]
        if room not in floors:
            yield Finding(file.name, 1, "floor", f"the room {room} is not in tools/floors.toml; give it a floor")
            continue
        inside = file.name.removeprefix("src/")
        for number, line in enumerate(file.lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            header = match[1]
            target = header.split("/")[0]
            if '"' in line and "/" not in header and header not in {"Python.h"}:
                yield Finding(file.name, number, "floor", f'say the room in the include: "{room}/.../{header}"')
            elif "/" in header and target in floors and target != room and floors[target] >= floors[room]:
                where = "a neighbour" if floors[target] == floors[room] else "a higher floor"
                yield Finding(file.name, number, "floor", f"{room} may not include {header}: {target} is {where}")
            for rule in tree.floors.get("only", []):
                if fnmatch(header, rule["header"]):
                    if not any(fnmatch(inside, pattern) for pattern in rule["from"]):
                        yield Finding(file.name, number, "floor", f"{header} may not be included here: {rule['why']}")
                    break


def imported_rooms(file: SourceFile, here: str) -> Iterator[tuple[int, str]]:
    """Line and room (first word below `hasten`) of each import of Hasten's own modules; `here` is the package."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = here.split(".")[: len(here.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names] if base == "hasten" else [base]
        else:
            continue
        for name in names:
            if name.startswith("hasten."):
                yield node.lineno, name.split(".")[1]


def floors_of_imports(tree: Tree) -> Iterator[Finding]:
    """A Python import of ours stays in its room or goes down."""
    floors = tree.floors["python"]
    for file in tree.below("python/hasten", (".py",)):
        parts = file.name.removeprefix("python/hasten/").removesuffix(".py").split("/")
        room = parts[0]
        if room not in floors:
            yield Finding(file.name, 1, "floor", f"the module {room} is not in tools/floors.toml; give it a floor")
            continue
        package = ".".join(["hasten", *parts[:-1]])
        for line, target in imported_rooms(file, package):
            if target == room or target not in floors:  # not in floors: a name of the package itself
                continue
            if floors[target] >= floors[room]:
                where = "a neighbour" if floors[target] == floors[room] else "a higher floor"
                yield Finding(file.name, line, "floor", f"{room} may not import hasten.{target}: it is {where}")


def version_tests(tree: Tree) -> Iterator[Finding]:
    """What depends on the version of CPython stands in a few named files."""
    places = tree.floors["versions"]
    single = places["one_file_of"]
    users: list[str] = []
    for file in tree.cxx():
        for number, line in enumerate(file.cxx_code.splitlines(), 1):
            if "PY_VERSION_HEX" in line and not file.excused(number, "version"):
                if not any(fnmatch(file.name.removeprefix("src/"), pattern) for pattern in places["cxx"]):
                    yield Finding(file.name, number, "version", "PY_VERSION_HEX belongs in one of " + ", ".join(places["cxx"]))
                elif file.name.startswith(f"src/{single}/") and file.name not in users:
                    users.append(file.name)
    for name in users[1:]:
        yield Finding(name, 1, "version", f"{users[0]} already tests the version: one file of {single} at most")
    for file in tree.below("python/hasten", (".py",)):
        if file.name.removeprefix("python/hasten/") in places["python"]:
            continue
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Attribute) and node.attr in ("version_info", "hexversion"):
                yield Finding(file.name, node.lineno, "version", "versions are told apart in python/hasten/_compat.py alone")


def banned_names(tree: Tree) -> Iterator[Finding]:
    """Names that have a better replacement."""
    for file in tree.cxx():
        for rule, pattern, where, instead in BANNED_CXX:
            if not fnmatch(file.name, where):
                continue
            for number, line in enumerate(file.cxx_code.splitlines(), 1):
                if pattern.search(line) and not file.excused(number, rule):
                    yield Finding(file.name, number, rule, f"{pattern.search(line)[0].strip()}: {instead}")
    for file in tree.below("tests", (".py",)):
        # Tokens, not text: the programs that a test starts may sleep, that is their business.
        for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
            if token.type == tokenize.NAME and token.string == "sleep" and not file.excused(token.start[0], "sleep"):
                yield Finding(file.name, token.start[0], "sleep", "a test waits for the event, not for the clock")
    for file in tree.files:
        for number, line in enumerate(file.lines, 1):
            if UNFINISHED.search(line):
                yield Finding(file.name, number, "unfinished", "name the issue, TO" + "DO(#12), or finish it")


def room_readmes(tree: Tree) -> Iterator[Finding]:
    """Each room of src has a README.md with the five headings."""
    rooms = sorted({"/".join(file.name.split("/")[:2]) for file in tree.cxx()})
    for room in rooms:
        readme = tree.root / room / "README.md"
        if not readme.exists():
            yield Finding(f"{room}/README.md", 1, "readme", f"missing; it says: {', '.join(HEADINGS)}")
            continue
        text = readme.read_text()
        if not re.match(rf"# {room.split('/')[1]}\s*\n", text):
            yield Finding(f"{room}/README.md", 1, "readme", f"its first line is '# {room.split('/')[1]}'")
        for heading in HEADINGS:
            if not re.search(rf"^[#*\s]*{heading}\b", text, re.MULTILINE):
                yield Finding(f"{room}/README.md", 1, "readme", f"a line must begin with '{heading}'")


def sizes(tree: Tree) -> Iterator[Finding]:
    """A file that long is two files."""
    limit = tree.floors["size"]["lines_max"]
    for file in tree.files:
        if len(file.lines) > limit:
            yield Finding(file.name, limit, "size", f"{len(file.lines)} lines, {limit} at most: find the second noun in it")


def undocumented(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[int, str]]:
    """Public functions, classes and methods without a docstring."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            decorators = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
            if ast.get_docstring(node) is None and not decorators & {"overload", "setter", "override"}:
                yield node.lineno, prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from undocumented(node.body, f"{prefix}{node.name}.")


def documented_names(tree: Tree) -> Iterator[Finding]:
    """Every module says what it is for, and every public name of the package has a docstring."""
    for file in tree.below("python/hasten", (".py",)):
        if file.text.strip() and ast.get_docstring(file.tree) is None:
            yield Finding(file.name, 1, "docstring", "the module says nothing of itself")
        # What users import: hasten.<room>, and what a room that is a package offers at its door.
        at_the_door = file.path.stem == "__init__"
        if not at_the_door and (file.path.stem.startswith("_") or file.path.parent != tree.root / "python" / "hasten"):
            continue
        for line, name in undocumented(file.tree.body):
            yield Finding(file.name, line, "docstring", f"{name} is public and has none")
    for top in ("tools", "benchmarks", "examples"):
        for file in tree.below(top, (".py",)):
            if ast.get_docstring(file.tree) is None:
                yield Finding(file.name, 1, "docstring", "the program says nothing of itself")


def dead_files(tree: Tree) -> Iterator[Finding]:
    """Every .cc is named in a CMake file of its room, else nothing builds it."""
    for file in tree.cxx():
        if file.path.suffix != ".cc":
            continue
        room = tree.root / "/".join(file.name.split("/")[:2])
        lists = "\n".join(path.read_text() for path in [*room.rglob("CMakeLists.txt"), *room.rglob("*.cmake")])
        if "GLOB" not in lists and file.path.name not in lists:
            yield Finding(file.name, 1, "dead", f"no CMake file of {room.name} names it")


CHECKS = (
    floors_of_includes,
    floors_of_imports,
    version_tests,
    banned_names,
    room_readmes,
    sizes,
    documented_names,
    dead_files,
)


def findings(root: Path) -> list[Finding]:
    """Everything that is not tidy below `root`, in the order of files."""
    tree = Tree(root)
    return sorted((finding for check in CHECKS for finding in check(tree)), key=lambda one: (one.file, one.line, one.rule))


def main(arguments: list[str]) -> int:
    """Prints the findings; 1 if there are any."""
    root = Path(arguments[0]).resolve() if arguments else Path(__file__).resolve().parents[1]
    found = findings(root)
    for finding in found:
        print(finding)
    print(f"{len(found)} findings" if found else "tidy")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
