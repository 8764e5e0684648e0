"""`hasten run --counts`: exactly what a trace function of sys.settrace counts, on every Python."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process

OTHERS = [p for p in os.environ.get("HASTEN_OTHER_PYTHONS", "").split(os.pathsep) if p]
PYTHONS = [sys.executable, *OTHERS]

# Counts by a trace function: runs program.py as __main__ and prints, for each code object of a wanted name, calls and lines.
ORACLE = """\
import json, sys, threading
counts = {}
def trace(frame, event, argument):
    code = frame.f_code
    name = code.co_qualname
    of = name
    while of.rpartition(".")[2] in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"): of = of.rpartition(".<locals>.")[0]
    if of.rpartition(".")[2] != sys.argv[1]: return None
    entry = counts.setdefault(f"{name}:{code.co_firstlineno}", [0, {}])
    if frame.f_trace is None: entry[0] += 1
    def local(frame, event, argument):
        if event == "line":
            entry[1][frame.f_lineno] = entry[1].get(frame.f_lineno, 0) + 1
        return local
    return local
source = compile(open("program.py").read(), "program.py", "exec")
threading.settrace(trace)
sys.settrace(trace)
exec(source, {"__name__": "__main__"})
sys.settrace(None)
json.dump(counts, open("oracle.json", "w"))
"""

PROGRAMS = {
    "loops": """
        def f(n):
            total = 0
            for i in range(n): total += i
            while total > 10: total -= 7
            while n:
                n -= 1
                if n % 3 == 0:
                    continue
                elif n % 7 == 1: total += 1
                else:
                    total += 2 if n % 2 else 3
            return total
        for k in range(20): f(k)
    """,
    "recursion": """
        def f(n):
            if n < 2:
                return n
            return f(n - 1) + f(n - 2)
        f(15)
    """,
    "generators": """
        def f(n):
            for i in range(n):
                got = yield i
                if got: n += 1
            yield from range(3)
            return n
        for _ in range(5): list(f(7))
        g = f(3); next(g); g.send(1); g.close()
        f(9)  # never begun
    """,
    "comprehensions": """
        def f(n):
            a = [i * i for i in range(n)]
            b = {i: [j for j in range(i)]
                 for i in range(n)
                 if i % 2}
            c = sum(i for i in a)
            return len({x for x in a}) + len(b) + c
        for k in range(8): f(k)
    """,
    "exceptions": """
        import contextlib
        def f(n):
            with contextlib.suppress(ValueError):
                try:
                    if n % 3 == 0:
                        raise KeyError(n)
                    if n % 3 == 1:
                        raise ValueError(
                            n)
                except KeyError as error:
                    n += 1
                else:
                    n += 2
                finally:
                    n += 3
            return n
        for k in range(30): f(k)
    """,
    "nested and redefined": """
        def outer(k):
            def f(n):
                for i in range(n):
                    k
                return k
            return f
        for k in range(4): outer(k)(k)
        class A:
            def f(self, n):
                return lambda: n
            @staticmethod
            def g(): return 1
        A().f(3)(); A.g()
        exec(compile("def f(a):\\n    return a\\n" * 2, "made.py", "exec")); f(1)
    """,
    "coroutines": """
        import asyncio
        async def f(n):
            for i in range(n):
                await asyncio.sleep(0)
            async with lock:
                n += 1
            return [j async for j in numbers(n)]
        async def numbers(n):
            for i in range(n): yield i
        lock = asyncio.Lock()
        async def main(): await asyncio.gather(*(f(k) for k in range(6)))
        asyncio.run(main())
    """,
    "one line": """
        def f(n):
            while n > 0: n -= 1 if n % 2 else 1
        f(9); f(0)
        def g(): pass
        match_me = [1, 2, 3]
    """,
}

# In another Python than Hasten's own, whose tests have all of them: what versions do otherwise.
ACROSS = ["generators", "comprehensions", "exceptions"]


def counted(folder, *words, python=sys.executable, text=None, expect=0, script="program.py"):
    if text is not None:
        (folder / script).write_text(textwrap.dedent(text))
    done = subprocess.run(
        [sys.executable, "-m", "hasten", "run", "--python", python, "--json", "report.json", *words, script],
        capture_output=True, text=True, timeout=120, cwd=folder,
    )  # fmt: skip
    assert done.returncode == expect, done.stderr
    return json.loads((folder / "report.json").read_text()).get("counts", []), done


@pytest.mark.parametrize(
    ("name", "python"), [*[(n, sys.executable) for n in PROGRAMS], *[(n, p) for n in ACROSS for p in OTHERS]]
)
def test_as_a_trace_function_counts(tmp_path, name, python):
    rows, _ = counted(tmp_path, "--counts", "f", python=python, text=PROGRAMS[name])
    (tmp_path / "oracle.py").write_text(ORACLE)
    subprocess.run([python, "oracle.py", "f"], cwd=tmp_path, check=True, timeout=120, capture_output=True)
    truth = json.loads((tmp_path / "oracle.json").read_text())
    found = {
        f"{row['function']}:{row['first_line']}": [row["calls"], {str(one["line"]): one["hits"] for one in row["lines"] if one["hits"]}]
        for row in rows
    }
    assert found == {key: [calls, lines] for key, (calls, lines) in truth.items()}


@pytest.mark.parametrize("python", PYTHONS)
def test_by_arithmetic(tmp_path, python):
    rows, done = counted(tmp_path, "--counts", "program.py:Grid.fill", python=python, text="""
        class Grid:
            def fill(self, n, m):
                for i in range(n):
                    for j in range(m):
                        self.last = i, j
                    self.row = i
                return self
        for _ in range(3): Grid().fill(40, 25)
        def fill(): pass
        fill()
    """)  # fmt: skip
    (row,) = rows
    assert (row["function"], row["calls"], row["processes"]) == ("Grid.fill", 3, 1)
    hits = {one["source"].strip(): one["hits"] for one in row["lines"]}
    assert hits == {
        "for i in range(n):": 3 * 41, "for j in range(m):": 3 * 40 * 26, "self.last = i, j": 3000, "self.row = i": 120, "return self": 3,
    }  # fmt: skip
    assert "counted Grid.fill" in done.stderr and "3 000 times" in done.stderr
    again = subprocess.run([sys.executable, "-m", "hasten", "view"], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert "3 000 times" in again.stdout


@pytest.mark.parametrize("python", PYTHONS)
def test_threads_lose_no_count(tmp_path, python):
    (row,), _ = counted(tmp_path, "--counts", "f", python=python, text="""
        import sys, threading
        sys.setswitchinterval(1e-6)
        def f(n):
            total = 0
            for i in range(n):
                total += i
            return total
        threads = [threading.Thread(target=f, args=(5000,)) for _ in range(6)]
        for t in threads: t.start()
        for t in threads: t.join()
    """)  # fmt: skip
    assert row["calls"] == 6
    assert [one["hits"] for one in row["lines"]] == [6, 6 * 5001, 6 * 5000, 6]


@pytest.mark.parametrize("python", PYTHONS)
def test_modules_imported_late_and_child_processes(tmp_path, python):
    """Forked, spawned and killed children count as well."""
    (tmp_path / "late.py").write_text("def work(n):\n    for i in range(n):\n        pass\n    return n\n")
    (tmp_path / "early.py").write_text("def work(n): return n\n")
    rows, _ = counted(tmp_path, "--counts", "late:work", python=python, text="""
        import multiprocessing, os, signal, subprocess, sys
        import early
        def child(n):
            import late
            late.work(n)
        if __name__ == "__main__":
            early.work(1)
            for way in ("fork", "spawn"):
                p = multiprocessing.get_context(way).Process(target=child, args=(10,)); p.start(); p.join()
            subprocess.run([sys.executable, "-c", "import late; late.work(10)"], check=True)
            import late
            late.work(10)
            pid = os.fork()
            if pid == 0:
                late.work(10)
                os.kill(os.getpid(), signal.SIGKILL)
            os.wait()
    """)  # fmt: skip
    (row,) = rows
    assert (row["calls"], row["processes"]) == (5, 5)
    assert [one["hits"] for one in row["lines"] if one["hits"]] == [55, 50, 5]


def test_the_program_notices_nothing_in_its_path(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.mine = __name__\n")
    text = "import sys\ndef f(): return [p for p in sys.path if 'hasten' in p and 'counts' in p]\nprint(f(), mine, sys.argv)\n"
    done = subprocess.run(
        [sys.executable, "-m", "hasten", "run", "--counts", "f", "program.py"],
        capture_output=True, text=True, cwd=tmp_path, timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
    ) if (tmp_path / "program.py").write_text(text) else None  # fmt: skip
    assert done.stdout == "[] sitecustomize ['program.py']\n", done.stderr


def test_what_could_not_be_counted_is_said(tmp_path):
    rows, done = counted(tmp_path, "--counts", "nothing_of_that_name", text="print(1)\n")
    assert rows == [] and "no function nothing_of_that_name ran" in done.stderr
    refused = subprocess.run([sys.executable, "-m", "hasten", "run", "--counts", "f", "--pid", str(os.getpid())],
                             capture_output=True, text=True, timeout=60)  # fmt: skip
    assert refused.returncode == 2 and "--counts needs a program from its start" in refused.stderr


def test_runs_of_repeat_add_up(tmp_path):
    rows, _ = counted(tmp_path, "--counts", "f", "--repeat", "3", text="def f():\n    return 1\nf()\n")
    assert (rows[0]["calls"], rows[0]["lines"][0]["hits"]) == (3, 3)
