"""Which functions of a change can be judged at their calls, and in what text."""

import textwrap

import pytest

from hasten.errors import HastenError
from hasten.fix.change import Change, FileChange

OLD = """
    import os
    LIMIT = 9

    def helper(x):
        return x

    def f(x):
        return helper(x) + LIMIT

    class Table(dict):
        size = 3
        def get_it(self, key):
            return self.look(key)
        def look(self, key):
            return self[key]

    def outer(n):
        def inner(x):
            return x + n
        return inner(n)

    print(f(1))
"""


def change_of(*replacements):
    before = textwrap.dedent(OLD)
    after = before
    for old, new in replacements:
        assert old in after
        after = after.replace(old, new)
    return Change("a change", [FileChange("/p.py", before.encode(), after.encode())])


def found(change):
    return {f.qualname: f.why_not for f in change.functions if f.is_changed}


@pytest.mark.parametrize("replacements, functions", [
    ([("return x\n", "return +x\n")], {"helper": ""}),
    ([("def f(x):", "def f(x: int) -> int:"), ("helper(x) +", "LIMIT +")], {"f": ""}),
    ([("LIMIT = 9", "LIMIT = 9  # nine")], {}),
    ([("LIMIT = 9", "LIMIT = 8")], {}),
    ([("LIMIT = 9", "LIMIT = 8"), ("helper(x) +", "x +")], {"f": "it uses LIMIT, which the change alters too"}),
    ([("def helper(x):", "def helper(x, y=1):"), ("helper(x) +", "helper(x, 2) +")],
     {"helper": "its parameters or decorators change", "f": "it uses helper, which the change alters too"}),
    ([("def f(x)", "@staticmethod\ndef f(x)")], {"f": "its parameters or decorators change"}),
    ([("return self.look(key)", "return self.look(key, 1)"), ("def look(self, key)", "def look(self, key, n)")],
     {"Table.get_it": "it uses look, which the change alters too", "Table.look": "its parameters or decorators change"}),
    ([("return x + n", "return n + x")], {"outer.<locals>.inner": ""}),
    ([("return x + n", "return n + x"), ("return inner(n)", "return inner(+n)")],
     {"outer": "functions that it makes change too", "outer.<locals>.inner": ""}),
])
def test_which_are_judged(replacements, functions):
    assert found(change_of(*replacements)) == functions


def test_what_stays_but_uses_something_altered_is_found():
    change = change_of(("LIMIT = 9", "LIMIT = 8"), ("def look(self, key):", "def look(self, key, n=0):"))
    assert {f.qualname: f.why_not for f in change.functions if not f.is_changed} == {
        "f": "it stays as it is, but uses LIMIT, which the change alters",
        "Table.get_it": "it stays as it is, but uses look, which the change alters"}


def test_what_one_file_alters_is_altered_for_the_others():
    one = FileChange("/a.py", b"LIMIT = 1\ndef g(x):\n    return x\n", b"LIMIT = 2\ndef g(x, y):\n    return x\n")
    two = FileChange("/b.py", b"def f(x):\n    return g(x)\ndef h():\n    return LIMIT\n", b"def f(x):\n    return g(x, 1)\ndef h():\n    return LIMIT\n")
    change = Change("a change", [two, one])
    assert {f.qualname: (f.is_changed, f.why_not.partition(",")[0]) for f in change.functions} == {
        "f": (True, "it uses g"), "g": (True, "its parameters or decorators change"), "h": (False, "it stays as it is")}
    (other,) = change.affected_in("/c.py", b"import a\ndef k():\n    return a.LIMIT\ndef m():\n    return 1\n")
    assert (other.path, other.qualname, other.is_changed) == ("/c.py", "k", False)


def test_what_is_new_is_carried_and_what_is_altered_is_not():
    change = change_of(("import os\n", "import os\nfrom math import sqrt\nTABLE = {1: 2}\n"),
                       ("def f(x):\n    return", "def fast(x):\n    return TABLE[x]\n\ndef f(x):\n    return fast(x) +"),
                       ("return self.look(key)", "return self._look(key)\n    def _look(self, key):\n        return 1"))
    assert found(change) == {"f": "", "Table.get_it": ""}
    assert change.added_names == {"sqrt", "TABLE", "fast"}
    names = {}
    exec(compile(change.judged_text["/p.py"], "p", "exec"), names)
    assert names["f"](1) == 10, "the old f"
    assert names["fast"](1) == 2 and names["Table"]({2: 3}).get_it(2) == 3 and names["Table"]()._look(0) == 1


@pytest.mark.parametrize("line", ["sum = 1", "def len(x):\n    return 0", "os = 2", "f = 3", "helper.cache = {}"])
def test_what_would_change_the_old_text_is_not_carried(line):
    change = change_of(("LIMIT = 9\n", f"LIMIT = 9\n{line}\n"))
    assert change.added_names == set() and line.encode() not in change.judged_text["/p.py"]
    assert change.module_paths == ["/p.py"] or line.startswith("def")


def test_a_function_that_is_not_touched_is_refused_by_name():
    change = change_of(("return x\n", "return +x\n"))
    change.only("helper")
    with pytest.raises(HastenError, match="does not change it; it changes helper"):
        change.only("f")


def test_a_change_without_python_is_refused():
    with pytest.raises(HastenError, match="changes no Python source"):
        Change("x.patch", [], ["data.txt"])
