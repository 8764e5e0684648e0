"""The number objects that a line makes, against arithmetic."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process

PYTHONS = [sys.executable, *[p for p in os.environ.get("HASTEN_OTHER_PYTHONS", "").split(os.pathsep) if p]]

# Operands that are variables keep their objects: each operation makes one. How many a chain of operations makes depends on
# the version, which may reuse a temporary: not tested here.
PROGRAM = """
    import math
    def work(n, x, y, c):
        z = c
        for i in range(n):
            a = x * y
            b = (x + y, x - y, x / y)
            d = c * c
            e = abs(c)
            f = i * 70000
            g = x * y if i % 2 else x
            h = [x * y for _ in (1, 2, 3, 4)]
            k = helper(x)
            try:
                fails(x)
            except ValueError:
                m = -x
        return z
    def helper(x):
        return x + x, x - x
    def fails(x):
        raise ValueError
    def gen(n, x):
        for i in range(n):
            yield x * x
    def use():
        for v in gen(3000, 1.5):
            v + 1.0; v + 2.0
    work({n}, 1.5, 2.5, 1 + 1j)
    use()
"""


def available():
    text = "from hasten.counts import boxes; print(boxes.usable_kinds()[1])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    return done.stdout.strip() == ""


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    if not available():
        pytest.skip("no hardware breakpoints here")

    def run(python, n):
        folder = tmp_path_factory.mktemp("boxes")
        (folder / "program.py").write_text(textwrap.dedent(PROGRAM).replace("{n}", str(n)))
        done = subprocess.run(
            [sys.executable, "-m", "hasten", "run", "--python", python, "--json", "report.json", "--counts", "work", "--counts", "gen", "program.py"],
            capture_output=True, text=True, timeout=120, cwd=folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        rows = json.loads((folder / "report.json").read_text())["counts"]
        return {line["source"].strip(): line for row in rows for line in row["lines"]}, done.stderr

    return run


def test_each_line_makes_what_arithmetic_says(counted):
    lines, verdict = counted(sys.executable, 20_000)
    made = {text: [line["makes"][kind]["each"] for kind in ("floats", "complexes")] for text, line in lines.items() if "makes" in line}
    assert made["a = x * y"] == [1, 0]
    assert made["b = (x + y, x - y, x / y)"] == [3, 0]
    assert made["d = c * c"] == [0, 1]
    assert made["e = abs(c)"] == [1, 0]
    assert made["f = i * 70000"] == [0, 0]  # integers are not counted
    assert made["k = helper(x)"] == [2, 0]  # with what it calls
    assert made["m = -x"] == [1, 0]
    assert made["fails(x)"] == [0, 0]
    assert made["yield x * x"] == [1, 0]  # not what is made while it is suspended
    assert "(makes 3.00 floats each time)" in verdict
    # It is as often as not: the interval must have the truth in it, and all the executions must not have been looked at.
    half = lines["g = x * y if i % 2 else x"]["makes"]
    low, high = half["floats"]["interval"]
    assert 200 < half["executions"] < 20_000
    assert low <= 0.5 <= high or abs(half["floats"]["each"] - 0.5) < 2 * (high - low)
    assert high - low < 0.3


@pytest.mark.parametrize("python", PYTHONS)
def test_where_all_were_looked_at_the_mean_is_exact(counted, python):
    lines, _ = counted(python, 100)
    half = lines["g = x * y if i % 2 else x"]
    assert half["makes"]["executions"] == half["hits"] == 100
    assert half["makes"]["floats"] == {"each": 0.5, "interval": [0.5, 0.5]}


def test_threads_and_forks_have_counters_of_their_own(tmp_path):
    if not available():
        pytest.skip("no hardware breakpoints here")
    (tmp_path / "program.py").write_text(textwrap.dedent("""
        import os, threading
        def work(n, x):
            for i in range(n):
                a = x * x
        def noise(x):
            for i in range(200000): x * x
        others = [threading.Thread(target=work, args=(300, 1.5)), threading.Thread(target=noise, args=(1.5,))]
        for t in others: t.start()
        work(300, 2.5)
        for t in others: t.join()
        pid = os.fork()
        work(300, 3.5)
        if pid == 0: os._exit(0)
        os.wait()
    """))
    done = subprocess.run([sys.executable, "-m", "hasten", "run", "--json", "report.json", "--counts", "work", "program.py"],
                          capture_output=True, text=True, timeout=120, cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "report.json").read_text())["counts"]
    line = row["lines"][1]
    assert (row["calls"], line["hits"]) == (4, 1200)
    assert line["makes"]["floats"] == {"each": 1.0, "interval": [1.0, 1.0]} and line["makes"]["executions"] > 400
