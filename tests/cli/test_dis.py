"""`hasten view --dis`: names against the interpreter's own `dis` and its header, and functions whose specialisation is known."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hasten import _compat
from hasten._core import read_instructions
from hasten.profile import disassemble
from hasten.profile.instructions import Ambiguous, chosen, instructions_of

OTHERS = [p for p in os.environ.get("HASTEN_OTHER_PYTHONS", "").split(os.pathsep) if p]
PYTHONS = [os.environ.get("HASTEN_TEST_TARGET", sys.executable), *OTHERS]

# At its end the program asks `dis` what the interpreter made of its functions.
PROGRAM = '''\
import dis, json, sys

def ints(n):
    total = 0
    for i in range(n):
        total = i + i
    return total

def mixed(n):
    total = 0
    for i in range(n):
        total = i + True
    return total

def remainder(n):
    for i in range(n):
        total = i % 7
    return total

def large(n):
    total, step, less = 1 << 80, 1 << 70, 0
    for i in range(n):
        total = total + step
        if total < step:
            less = 1
    return total + less

class Lazy:
    def __getattr__(self, name):
        return 1

class Plain:
    def __init__(self):
        self.x = 1

def found_by_code(n):
    lazy = Lazy()
    for i in range(n):
        total = lazy.x
    return total

def found_in_place(n):
    plain = Plain()
    for i in range(n):
        total = plain.x
    return total

# So many rounds that the instruction that is asked about has some 30 samples on a fast machine, and enough if others use it too.
print(ints(12_000_000), mixed(30_000_000), remainder(10_000_000), large(9_000_000), found_by_code(2_000_000), found_in_place(20_000_000))

functions = [ints, mixed, remainder, large, found_by_code, found_in_place]
known = {
    function.__name__: [
        [(i.offset, i.opname, i.arg, i.argrepr) for i in dis.get_instructions(function, adaptive=adaptive)]
        for adaptive in (False, True)
    ]
    for function in functions
}
with open(sys.argv[1], "w") as file:
    json.dump(known, file)
'''


class Ran:
    """One run of PROGRAM: what `dis` knew of it, and what the capture shows."""

    def __init__(self, python, at):
        at.write("program.py", PROGRAM)
        result = at("run", "--rate", 1000, "--python", python, "program.py", "known.json")
        assert result.returncode == 0, result.stderr
        self.at = at
        self.known = json.loads((at.folder / "known.json").read_text())
        self.listings = {}

    @property
    def minor(self):
        return tuple(map(int, self.listing("ints")["python"].split(".")[:2]))

    def listing(self, function):
        if function not in self.listings:
            result = self.at("view", "--dis", function, "--json", "-")
            assert result.returncode == 0, result.stderr
            document = json.loads(result.stdout)
            assert document["schema"] == "hasten-instructions/1"
            (self.listings[function],) = document["listings"]
        return self.listings[function]

    def named(self, function, name):
        """The heaviest instruction of that name, plain."""
        rows = [row for row in self.listing(function)["instructions"] if row["name"] == name]
        return max(rows, key=lambda row: row["samples"])


@pytest.fixture(scope="module", params=PYTHONS)
def ran(request, hasten_in):
    return Ran(request.param, hasten_in("dis"))


def generic_of(row):
    generic = row.get("generic")
    return generic["samples"] / generic["of"] if generic else 0


FUNCTIONS = ["ints", "mixed", "remainder", "large", "found_by_code", "found_in_place"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_instructions_are_those_of_dis(ran, function):
    listing = ran.listing(function)
    plain, _ = ran.known[function]
    shown = [(row["offset"], row["name"], row.get("argument", "")) for row in listing["instructions"]]
    expected = [
        (offset, name, "" if arg is None else f"{arg} ({text})" if text else str(arg)) for offset, name, arg, text in plain
    ]
    assert shown == expected
    assert "why_no_bytecode" not in listing


@pytest.mark.parametrize("function", FUNCTIONS)
def test_specialised_names_are_those_of_dis(ran, function):
    """The functions do the same from beginning to end, so what `dis` sees at the end is what samples saw."""
    _, adaptive = ran.known[function]
    final = {offset: name for offset, name, _, _ in adaptive}
    compared = 0
    for row in ran.listing(function)["instructions"]:
        if row["samples"] >= 10:
            assert row["observed"][0]["name"] == final[row["offset"]], row
            compared += 1
    assert compared >= 1


@pytest.mark.parametrize("function", FUNCTIONS)
def test_shares_add_up(ran, function):
    listing = ran.listing(function)
    rows = listing["instructions"]
    assert sum(row.get("cpu_share", 0) for row in rows) == pytest.approx(1)
    assert sum(row["samples"] for row in rows) == listing["samples"] > 20
    for row in rows:
        low, high = row["cpu_share_interval"]
        assert 0 <= low <= row["cpu_share"] <= high <= 1
        assert not row["observed"] or sum(seen["share"] for seen in row["observed"]) <= 1 + 1e-9


def test_adding_small_ints_is_specialised(ran):
    row = ran.named("ints", "BINARY_OP")
    assert row["observed"][0]["name"] == "BINARY_OP_ADD_INT"
    assert row["observed"][0]["share"] > 0.9
    assert "generic" not in row


def test_an_int_and_a_bool_are_not(ran):
    row = ran.named("mixed", "BINARY_OP")
    assert generic_of(row) > 0.9
    assert {"BINARY_OP_ADD_INT", "BINARY_OP_ADD_FLOAT"} <= set(row["forms"])
    assert not any("MULTIPLY" in form for form in row["forms"])
    assert "two types" in row["generic"]["meaning"]


def test_what_has_no_fast_form_is_not_blamed(ran):
    row = ran.named("remainder", "BINARY_OP")
    assert row["samples"] >= 10
    assert "generic" not in row and "forms" not in row


def test_ints_beyond_a_digit_are_added_in_a_form_but_compared_without(ran):
    row = ran.named("large", "BINARY_OP")
    if ran.minor < (3, 15):
        assert "generic" not in row
    else:
        assert generic_of(row) > 0.9
    assert generic_of(ran.named("large", "COMPARE_OP")) > 0.9


def test_an_attribute_found_by_code_is_not_specialised(ran):
    assert generic_of(ran.named("found_by_code", "LOAD_ATTR")) > 0.9
    in_place = ran.named("found_in_place", "LOAD_ATTR")
    assert in_place["observed"][0]["name"] == "LOAD_ATTR_INSTANCE_VALUE"
    assert "generic" not in in_place


def test_the_text_says_it(ran):
    result = ran.at("view", "--dis", "program.py:mixed")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert re.match(r"mixed  program\.py:9  CPython 3\.\d+\.\d+; [\d\s]+ samples, .* of CPU time$", lines[0])
    (heading,) = [line for line in lines if line.endswith("total = i + True")]
    assert heading.startswith("line 12 ")
    assert re.search(r"^ *\d+\.\d % \+-\d+\.\d +\d+ +\d+ +BINARY_OP\w* +0 \(\+\)$", result.stdout, re.MULTILINE)
    assert re.search(r"not specialised in [\d\s]+ of [\d\s]+ samples; fast forms: .*ADD_INT", result.stdout)


def test_the_report_names_what_stayed_general(ran):
    report = json.loads(ran.at("view", "--json", "-").stdout)
    causes = {cause["function"]: cause for cause in report["causes"] if cause["kind"] == "not-specialised"}
    assert causes["mixed"]["line"] == 12
    assert re.match(r"BINARY_OP was not specialised in ([\d\s]+) of \1 samples, \d+ % of CPU time$", causes["mixed"]["evidence"])
    assert "`i + True`" in causes["mixed"]["cause"]
    assert not {"ints", "remainder", "found_in_place"} & set(causes)


# --- names, from the header of each Python -------------------------------------------------------

HEADERS = "import sysconfig; print(sysconfig.get_path('include'))"


@pytest.mark.parametrize("python", PYTHONS)
def test_opcode_numbers_are_those_of_the_header(python):
    folder = Path(subprocess.run([python, "-c", HEADERS], capture_output=True, text=True, check=True).stdout.strip())
    files = [folder / name for name in ("opcode.h", "opcode_ids.h") if (folder / name).exists()]
    if not files:
        pytest.skip(f"no headers in {folder}")
    defined = {
        name: int(number)
        for file in files
        for name, number in re.findall(r"^#define +([A-Z]\w+) +(\d+)$", file.read_text(), re.MULTILINE)
    }
    answer = ask(python, {"source": None, "codes": []})
    names = set(answer["bases"]) | {name for name in answer["opcodes"].values() if not name.startswith("<")}
    by_name = {name: int(number) for number, name in answer["opcodes"].items()}
    assert len(answer["bases"]) > 40
    for name in names:
        assert by_name[name] == defined[name], name


def ask(python, request):
    program = [python, "-I", "-S", disassemble.__file__]
    answer = subprocess.run(program, input=json.dumps(request), capture_output=True, text=True, check=True).stdout
    return json.loads(answer)


def test_another_process_answers_as_this_one():
    code = compile("def f(a, b):\n    return a < b or -a\n", "x", "exec").co_consts[0]
    wanted = {"function": "f", "first_line": 1, "code_bytes": len(code.co_code), "line_table": code.co_linetable.hex()}
    request = {"source": "def f(a, b):\n    return a < b or -a\n", "codes": [wanted, {**wanted, "function": "g"}]}
    answer = ask(sys.executable, request)
    assert answer == json.loads(json.dumps(disassemble.answer_to(request)))
    assert answer["codes"][0] and answer["codes"][1] is None


# --- which function, and which bytecode ----------------------------------------------------------


def row_of(source, /, function="f", file="/there/a.py", python=_compat.version_text(), counts=((2, 0, 1, 1000),), **other):
    """A row of read_instructions() for a function of that source, without running it."""
    waiting, code = [compile(source, file, "exec")], None
    while code is None:
        candidate = waiting.pop()
        if candidate.co_qualname == function:
            code = candidate
        waiting.extend(c for c in candidate.co_consts if hasattr(c, "co_code"))
    return {
        "python": python,
        "file": file,
        "function": function,
        "first_line": code.co_firstlineno,
        "code_bytes": len(code.co_code),
        "line_table": code.co_linetable,
        "source": source,
        "executable": "",
        "effective_samples": 1.0,
        "instructions": list(counts),
        **other,
    }


SOURCE = "def f(x):\n    return x\nclass A:\n    def g(self):\n        return 1\nclass B:\n    def g(self):\n        return 2\n"
ROWS = [row_of(SOURCE, name) for name in ("f", "A.g", "B.g", "<module>")] + [row_of(SOURCE, "f", "/there/b.py")]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("A.g", ["/there/a.py:A.g"]),
        ("a.py:f", ["/there/a.py:f"]),
        ("/there/b.py:f", ["/there/b.py:f"]),
        ("there/b.py:f", ["/there/b.py:f"]),
        ("a.py:4", ["/there/a.py:A.g"]),
        ("<module>", ["/there/a.py:<module>"]),
        ("(module)", ["/there/a.py:<module>"]),
    ],
)
def test_a_function_is_found(wanted, found):
    assert [f"{row['file']}:{row['function']}" for row in chosen(ROWS, wanted)] == found


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("f", ["2 functions", "/there/a.py:1 (f)", "/there/b.py:1 (f)"]),
        ("g", ["2 functions", "/there/a.py:4 (A.g)", "/there/a.py:7 (B.g)"]),
        ("h", ["no sampled function is 'h'", "/there/a.py:f", "/there/b.py:f"]),
        ("c.py:f", ["no sampled function is 'c.py:f'"]),
    ],
)
def test_none_or_several_are_listed_in_a_line(wanted, said):
    with pytest.raises(Ambiguous) as caught:
        chosen(ROWS, wanted)
    assert "\n" not in str(caught.value)
    for words in said:
        assert words in str(caught.value)


def test_the_command_says_so_and_fails(burned):
    at, _, _ = burned
    result = at("view", "--dis", "nothing", "burner.hasten")
    assert (result.returncode, result.stdout) == (125, "")
    assert result.stderr.startswith("hasten view: no sampled function is 'nothing'. There are: burner.py:heavy")
    assert result.stderr.count("\n") == 1


def test_samples_of_equal_code_are_added_up():
    (listing,) = instructions_of([ROWS[0], {**ROWS[0], "instructions": [(2, 0, 2, 500)]}])
    assert listing["samples"] == 3
    assert listing["cpu_s"] == pytest.approx(1.5e-6)


def test_without_a_python_of_that_version_there_are_offsets_and_lines():
    (listing,) = instructions_of([row_of(SOURCE, "A.g", python="3.99.1", counts=[(2, 83, 7, 7000)])])
    assert "no CPython 3.99 here" in listing["why_no_bytecode"]
    (row,) = listing["instructions"]
    assert (row["offset"], row["line"], row["samples"]) == (2, 5, 7)
    assert row["observed"] == [{"opcode": 83, "samples": 7, "share": 1.0}]
    assert listing["source"]["5"].strip() == "return 1"


def test_without_a_source_there_are_names_of_what_was_seen():
    (listing,) = instructions_of([row_of(SOURCE, source=None, counts=[(2, 1, 7, 7000)])])
    assert "there is no source" in listing["why_no_bytecode"]
    assert [row["offset"] for row in listing["instructions"]] == [2]
    assert "name" in listing["instructions"][0]["observed"][0]


def test_a_source_that_does_not_match_is_not_shown_as_if_it_did():
    (listing,) = instructions_of([row_of(SOURCE, source=SOURCE.replace("return x", "return  x"))])
    assert "does not give this bytecode" in listing["why_no_bytecode"]
    assert "name" not in listing["instructions"][0]


def test_code_that_an_optimised_python_ran(hasten):
    hasten.write("checks.py", "def f(n):\n    'Says.'\n    t = 0\n    for i in range(n):\n        assert i >= 0\n        t += i\n    return t\nf(5_000_000)\n")
    assert hasten("run", "checks.py", env={**os.environ, "PYTHONOPTIMIZE": "2"}).returncode == 0
    listing = json.loads(hasten("view", "--dis", "f", "--json", "-").stdout)["listings"][0]
    assert "why_no_bytecode" not in listing
    assert not any(row.get("line") == 5 for row in listing["instructions"]), "there are no asserts"


def test_installed_code_is_read_where_it_lies(hasten):
    hasten.write("parses.py", "import ast, json.decoder\nfor i in range(150):\n    ast.unparse(ast.parse('a + b * c[d]\\n' * 60))\n")
    assert hasten("run", "--rate", 1000, "parses.py").returncode == 0
    rows = [row for row in read_instructions(str(hasten.folder / "parses.hasten")) if row["file"] == ast_file()]
    assert rows and all(row["source"] is None for row in rows)
    listed = instructions_of(rows)
    assert all("why_no_bytecode" not in listing and listing["source"] for listing in listed)


def ast_file():
    import ast

    return ast.__file__
