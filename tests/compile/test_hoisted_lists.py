"""What a loop asks of a list at each round is asked once where nothing can change it, though looks at signals and calls stand in between."""

import os
import re
import subprocess
import sys

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
pytest.importorskip("hasten._compile")

PROGRAM = '''
import hasten


@hasten.jit
def weight(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


@hasten.jit
def weighted(n, shift):
    v = [0.5] * n
    for k in range(n):
        v[k] += k
    total = 0.0
    for k in range(len(v)):
        total += weight(shift, k) * v[k]
    return total, v[-1]


@hasten.jit
def grows(items, n):
    items.append(n)
    return len(items)


@hasten.jit
def grows_on_the_way(n):
    v = [1] * n
    total = 0
    for k in range(n):
        total += grows(v, k) * v[-1] + len(v)
    return total


@hasten.jit
def plus(i, j):
    return i + j + 1


@hasten.jit
def doubled(n):
    v = [0.5] * n
    total = 0.0
    for k in range(len(v)):
        total += plus(k, k) * v[k]
    return total
'''


def loaded():
    plain, native = {}, {}
    exec(PROGRAM.replace("@hasten.jit\n", "\n"), plain)
    exec(PROGRAM, native)
    return plain, native


@pytest.mark.parametrize("name, args", [
    ("weighted", (50, 3)), ("weighted", (5_000, 2**40)), ("weighted", (40, 2**62)), ("weighted", (40, 2**63 - 20)), ("weighted", (40, 2**32 - 10)),
    ("weighted", (9, 10**30)), ("weighted", (9, -4)), ("weighted", (0, 1)), ("grows_on_the_way", (3_000,)), ("grows_on_the_way", (4,)),
    ("doubled", (5_000,)), ("doubled", (0,)),
])
def test_answers(name, args):
    plain, native = loaded()

    def outcome(function):
        try:
            return function(*args)
        except (ZeroDivisionError, IndexError) as error:
            return type(error), str(error), error.__traceback__.tb_next.tb_lineno

    native["weighted"](3, 1)
    for _ in range(3):
        assert outcome(native[name]) == outcome(plain[name])


def body(call, name, tmp_path):
    """The optimized code of the first body of what the call compiles last."""
    (tmp_path / "program.py").write_text(PROGRAM + call + "\n")
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    code = done.stderr.split("; ModuleID")[-1]
    code = code[code.index("@hasten_body_0("):]
    return code[:code.index("\n}")]


def blocks_in_loops(code):
    """The blocks that can come to themselves again, each with its text."""
    texts = {}
    for part in re.split(r"\n\n", code):
        lines = part.strip().splitlines()
        label = next((line.split(":")[0] for line in lines[:2] if re.match(r"[\w.]+:", line)), None)
        if label:
            texts[label] = part
    after = {label: set(re.findall(r"label %([\w.]+)", text)) for label, text in texts.items()}

    def reached(label):
        seen, left = set(), list(after[label])
        while left:
            at = left.pop()
            if at not in seen:
                seen.add(at)
                left.extend(after.get(at, ()))
        return seen

    return {label: text for label, text in texts.items() if label in reached(label)}


def test_a_native_list_is_asked_for_its_items_once(tmp_path):
    """The call that has become code of the loop may leave native code in its midst, but is given numbers alone."""
    loops = blocks_in_loops(body("weighted(3_000, 5)", "weighted", tmp_path))
    assert any("fdiv" in text for text in loops.values())
    assert not [text for text in loops.values() if re.search(r"load (ptr|i64), .*!alias\.scope", text)]


def test_sums_of_indices_are_not_checked(tmp_path):
    """A list has fewer items than 2**60, which a function that is given any ints does not know, but the loop that has taken it in."""
    loops = blocks_in_loops(body("doubled(3_000)", "doubled", tmp_path))
    assert any("fmul" in text for text in loops.values())
    assert not [text for text in loops.values() if "add.with.overflow" in text]
