"""C frames between and below Python's, held against call chains that are known."""

import re

import pytest

pytestmark = pytest.mark.process


@pytest.fixture(params=["omitted", "kept", "plain"])
def flavour(request):
    return request.param


def chains(ran, python_function):
    """The known library's functions below a Python function, outermost first, with their CPU time; other libraries left out."""
    known = {
        "burn", "heavy", "light", "split", "recurse", "tail", "before_tail", "exported_burn", "through_plt", "variable_frame",
        "sort_two", "work", "run", "threads", "now",
    }  # fmt: skip
    found = {}
    for _, frames, cpu_ns in ran.stacks():
        names = [name for name, _ in frames]
        if python_function in names:
            below = names[names.index(python_function) + 1 :]
            if below and below[-1] == "(kernel)":
                continue
            chain = tuple(name for name in below if name in known)
            found[chain] = found.get(chain, 0) + cpu_ns
    return found


def without(chain, name):
    """The clock is read now and then."""
    return chain[:-1] if chain and chain[-1] == name else chain


def folded(found):
    out = {}
    for chain, cpu_ns in found.items():
        chain = without(chain, "now")
        out[chain] = out.get(chain, 0) + cpu_ns
    return out


def test_known_chains(probe, known, tmp_path, flavour):
    """Every stack must be the one chain that its Python function can have, or a beginning of it (a call under way)."""
    ran = probe(
        known.PRELUDE
        + """
def recursion(): lib.recurse(7, 0.2)
def tail_call(): lib.before_tail(0.2)
def plt(): lib.through_plt(0.2)
def alloca(): lib.variable_frame(3000, 0.2)
for f in recursion, tail_call, plt, alloca: f()
""",
        known.compiled(tmp_path, flavour),
        native=True,
    )
    tail = ("before_tail", "tail", "heavy", "burn") if flavour == "plain" else ("before_tail", "heavy", "burn")
    expected = {
        "recursion": ("recurse",) * 8 + ("burn",),
        "tail_call": tail,
        "plt": ("through_plt", "exported_burn", "burn"),
        "alloca": ("variable_frame", "burn"),
    }
    for function, chain in expected.items():
        found = folded(chains(ran, function))
        impossible = {seen: ns for seen, ns in found.items() if seen != chain[: len(seen)]}
        assert not impossible, (function, impossible)
        assert found[chain] > 0.9 * sum(found.values()), (function, found)
    for _, frames, _ in ran.stacks():
        names = [name for name, _ in frames]
        assert "burn" not in names or "(native frames not known)" not in names, names


def test_shares_of_a_known_split(probe, known, tmp_path, flavour, engine):
    ran = probe(
        known.PRELUDE
        + """
spent = (ctypes.c_double * 2)()
lib.split.argtypes = [ctypes.c_void_p]
def both(): lib.split(spent)
both()
print(spent[0], spent[1])
""",
        known.compiled(tmp_path, flavour),
        native=True,
        engine=engine,
    )
    heavy, light = map(float, ran.stdout.split())
    found = chains(ran, "both")
    whole = sum(found.values())
    share = sum(ns for chain, ns in found.items() if "heavy" in chain) / whole
    samples = ran.report["samples"]
    assert samples > 400
    assert share == pytest.approx(heavy / (heavy + light), abs=max(0.03, 4 * (0.25 / samples) ** 0.5))


def test_back_into_python(probe, known, tmp_path):
    """Python, libffi, qsort of libc, libffi again, Python: the native frames stand between the Python frames they join."""
    ran = probe(
        known.PRELUDE
        + """
TYPE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def inner():
    end = time.thread_time() + 0.5
    while time.thread_time() < end: pass
def compare(a, b):
    inner()
    return 0
kept = TYPE(compare)
def outer():
    lib.sort_two(kept)
outer()
""",
        known.compiled(tmp_path),
        native=True,
    )
    seen = 0
    for _, frames, _ in ran.stacks():
        names = [name for name, _ in frames]
        if "inner" not in names or "(kernel)" in names:
            continue
        seen += 1
        # Each native frame from the first sample on, though the library was mapped a moment before it.
        expected = ["outer", "sort_two", "compare", "inner"]
        assert set(expected) <= set(names), (seen, names)
        order = [names.index(name) for name in expected]
        assert order == sorted(order), names
        between = names[order[1] + 1 : order[2]]
        assert any("qsort" in name or "msort" in name or "libc" in name for name in between), names
        assert "(native frames not known)" not in names[: order[3]], names
    assert seen > 50


def test_interpreters_own_functions(probe):
    """A line that adds long integers is in long_add (or what that inlines), below the line that adds.

    Without symbols, it is in one function of the interpreter, by its address.
    """
    ran = probe(
        """
        import time
        def add():
            a, b = 1 << 400_000, 1 << 399_999
            end = time.thread_time() + 0.5
            while time.thread_time() < end:
                a + b; a + b; a + b; a + b
        add()
        """,
        native=True,
    )
    below = {}
    for _, frames, cpu_ns in ran.stacks():
        names = [name for name, _ in frames]
        if "add" in names:
            last = names[-1]
            below[last] = below.get(last, 0) + cpu_ns
    named = sum(ns for name, ns in below.items() if name in ("x_add", "long_add"))
    if not named:
        named = max((ns for name, ns in below.items() if re.search(r"python3[^/]*\+0x", name)), default=0)
    assert named > 0.7 * sum(below.values()), below


def test_threads_of_c_alone(probe, known, tmp_path):
    ran = probe(
        known.PRELUDE + "def start():\n    lib.threads(2, 0.3)\nstart()\n", known.compiled(tmp_path), native=True
    )
    seen = 0
    for name, frames, _ in ran.stacks():
        names = [name for name, _ in frames]
        if name == "MainThread" or "(kernel)" in names:
            continue
        seen += 1
        assert names[:2] == ["<module>", "start"]
        mine = [name for name in names[3:] if name in ("run", "work", "burn")]
        assert mine == ["run", "work", "burn"][: len(mine)], names
    assert seen > 50


def test_a_stripped_library_says_where(probe, known, tmp_path):
    ran = probe(
        known.PRELUDE + "def call():\n    lib.heavy(0.3)\ncall()\n", known.compiled(tmp_path, extra=["-s"]), native=True
    )
    leaves = {frames[-1][0] for _, frames, _ in ran.stacks() if any(name == "call" for name, _ in frames)}
    # Exported functions keep their names; `now` is static.
    assert "burn" in leaves
    assert "now" not in leaves


def test_report_names_the_functions_below_a_line(probe, known, tmp_path):
    ran = probe(
        known.PRELUDE + "def call():\n    lib.heavy(0.4)\ncall()\n", known.compiled(tmp_path), native=True
    )
    assert ran.report["native_stacks"] is True
    (row,) = [row for row in ran.report["lines"] if row.get("source", "").strip() == "lib.heavy(0.4)"]
    first = row["native"][0]
    assert first["path"][-2:] == ["heavy", "burn"]
    assert first["cpu_share"] > 0.5 * row["cpu_share"]
    assert sum(path["cpu_s"] for path in row["native"]) <= row["self_cpu_s"] * 1.001


def test_not_asked_for_nothing_is_taken(probe, known, tmp_path):
    ran = probe(known.PRELUDE + "lib.heavy(0.2)\n", known.compiled(tmp_path))
    assert ran.report["native_stacks"] is False
    assert not any(name == "burn" for _, frames, _ in ran.stacks() for name, _ in frames)
    assert not [row for row in ran.report["lines"] if "native" in row]
