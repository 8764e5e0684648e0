"""The tree is tidy; and tidy itself finds each kind of untidiness in a small planted tree."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("tidy", ROOT / "tools" / "tidy.py")
tidy = importlib.util.module_from_spec(spec)
sys.modules["tidy"] = tidy
spec.loader.exec_module(tidy)

README = """# {room}

## What it is
A room.
## What it never does
Anything.
## Start at
`x.h`
## Tested by
`x_test.cc`
## Time
None.
"""


def plant(root, files):
    """A tidy tree with one room, and `files` (path: text) on top of it."""
    (root / "tools").mkdir(parents=True)
    (root / "tools" / "floors.toml").write_text((ROOT / "tools" / "floors.toml").read_text())
    tidy_files = {
        "src/record/README.md": README.format(room="record"),
        "src/record/x.cc": '#include "base/result.h"\n#include "record/x.h"\n',
        "src/record/CMakeLists.txt": "hasten_room(record SOURCES x.cc)\n",
        "python/hasten/__init__.py": '"""The package."""\n',
    }
    for name, text in {**tidy_files, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def found(root, files):
    return [str(finding) for finding in tidy.findings(plant(root, files))]


def test_this_tree_is_tidy():
    assert [str(finding) for finding in tidy.findings(ROOT)] == []


def test_a_tidy_tree_has_no_findings(tmp_path):
    assert found(tmp_path, {}) == []


# What is planted, where (file:line), the rule, and a word of the text.
PLANTED = [
    ("src/record/x.cc", '#include "profile/model.h"\n', 1, "floor", "higher floor"),
    ("src/record/x.cc", '\n#include "pyread/frame.h"\n', 2, "floor", "neighbour"),
    ("src/record/x.cc", '#include "x.h"\n', 1, "floor", "say the room"),
    ("src/record/x.cc", "#include <nanobind/nanobind.h>\n", 1, "floor", "may not be included here"),
    ("src/record/x.cc", "#include <llvm/IR/Module.h>\n", 1, "floor", "only _compile.so"),
    ("src/record/x.cc", "#include <internal/pycore_frame.h>\n", 1, "floor", "insides"),
    ("src/record/x.cc", "#include <Python.h>\n", 1, "floor", "outside an interpreter"),
    ("src/record/x.cc", "#if PY_VERSION_HEX > 0\n#endif\n", 1, "version", "belongs in one of"),
    ("src/record/x.cc", "std::regex r;\n", 1, "regex", "by hand"),
    ("src/record/x.cc", 'void f() {\n  printf("x");\n}\n', 2, "printf", "fmt::format"),
    ("src/record/x.cc", "using namespace std;\n", 1, "namespace", "name what is used"),
    ("src/record/x.cc", "// TO" + "DO later\n", 1, "unfinished", "name the issue"),
    ("src/record/x.cc", "int x;\n" * 1001, 1000, "size", "1001 lines"),
    ("src/record/y.cc", "", 1, "dead", "no CMake file"),
    ("src/record/README.md", README.format(room="record").replace("Tested by", "Tests"), 1, "readme", "'Tested by'"),
    ("src/record/README.md", README.format(room="recrod"), 1, "readme", "first line"),
    ("src/attic/x.h", "", 1, "floor", "not in tools/floors.toml"),
    ("python/hasten/profile.py", '"""P."""\nimport hasten.cli\n', 2, "floor", "higher floor"),
    ("python/hasten/profile.py", '"""P."""\nfrom hasten import jit\n', 2, "floor", "neighbour"),
    ("python/hasten/profile.py", '"""P."""\nfrom .cli import main\n', 2, "floor", "higher floor"),
    ("python/hasten/fix/judge.py", '"""J."""\n\n\ndef f():\n    "d"\n    from ..cli import main\n', 6, "floor", "higher"),
    ("python/hasten/profile.py", '"""P."""\nimport sys\nsys.version_info\n', 3, "version", "_compat.py alone"),
    ("python/hasten/profile.py", '"""P."""\n\n\ndef share(): ...\n', 4, "docstring", "share is public"),
    ("python/hasten/profile.py", '"""P."""\nclass A:\n    "A."\n    def b(self): ...\n', 4, "docstring", "A.b is public"),
    ("python/hasten/profile.py", "x = 1\n", 1, "docstring", "says nothing"),
    ("python/hasten/attic.py", '"""A."""\n', 1, "floor", "not in tools/floors.toml"),
    ("tests/record/test_x.py", "import time\ntime.sleep(1)\n", 2, "sleep", "waits for the event"),
    ("tools/x.py", "print(1)\n", 1, "docstring", "the program says nothing"),
]


@pytest.mark.parametrize(("file", "text", "line", "rule", "words"), PLANTED)
def test_finds_what_is_planted(tmp_path, file, text, line, rule, words):
    findings = [finding for finding in found(tmp_path, {file: text}) if rule in finding]
    assert [f"{file}:{line}: {rule}: "] == [finding[: len(f"{file}:{line}: {rule}: ")] for finding in findings]
    assert words in findings[0]


def test_a_room_without_readme_is_found(tmp_path):
    assert found(tmp_path, {"src/probe/x.h": ""}) == [
        "src/probe/README.md:1: readme: missing; it says: What it is, What it never does, Start at, Tested by, Time"
    ]


def test_a_second_file_of_runtime_with_version_tests_is_found(tmp_path):
    test = "#if PY_VERSION_HEX\n#endif\n"
    files = {"src/runtime/a.h": test, "src/runtime/b.h": test, "src/runtime/README.md": README.format(room="runtime")}
    assert found(tmp_path, files) == [
        "src/runtime/b.h:1: version: src/runtime/a.h already tests the version: one file of runtime at most"
    ]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("src/record/x.cc", 'auto s = "std::regex printf( ";  // std::regex\n/* using\nnamespace std */\n'),
        ("src/record/x.cc", "// tidy: printf: the process is about to abort\nfprintf(stderr, s);\n"),
        ("src/record/x.cc", 'fmt::print("x");\nsnapshot_printfile(x);\n'),
        ("src/record/x.cc", "// TO" + "DO(#12): the second case\n"),
        ("src/bindings/compat.h", "#include <internal/pycore_frame.h>\n#if PY_VERSION_HEX\n#endif\n"),
        ("tests/record/test_x.py", 'PROGRAM = "import time; time.sleep(1)"\n'),
        ("tests/record/test_x.py", "import time\ntime.sleep(1)  # tidy: sleep: the thing under test is the sleep\n"),
        ("python/hasten/_compat.py", '"""C."""\nimport sys\nsys.version_info\n'),
        ("python/hasten/fix/judge.py", '"""J."""\nfrom hasten import __version__, profile\nfrom . import trial\n'),
        ("python/hasten/profile.py", '"""P."""\ndef _private(): ...\n'),
        ("python/hasten/fix/judge.py", '"""J."""\ndef inside(): ...\n'),
    ],
)
def test_leaves_alone_what_is_right(tmp_path, file, text):
    room = README.format(room="bindings")
    readme = {"src/bindings/README.md": room} if "bindings" in file else {}
    assert found(tmp_path, {file: text, **readme}) == []


def test_the_command_prints_a_line_a_finding_and_fails(tmp_path, capsys):
    plant(tmp_path, {"src/record/x.cc": "std::regex r;\n"})
    assert tidy.main([str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("src/record/x.cc:1: regex: ") and printed.endswith("1 findings\n")
