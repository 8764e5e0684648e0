"""Rules on output in small pieces, and on NumPy in Python loops."""

import pytest
from fix_rewriting import found, only, rewrites, same_answer, silent

from hasten.fix.rules import flushed_once, numpy_rows


@pytest.mark.parametrize("before, after, last", [
    ("print(r, flush=True)", "print(r)", "print(end=\"\", flush=True)"),
    ("print(r, flush=True, end=' ')", "print(r, end=' ')", "print(end=\"\", flush=True)"),
    ("print((r), flush=True)", "print((r))", "print(end=\"\", flush=True)"),
    ("print(flush=True)", "print()", "print(end=\"\", flush=True)"),
    ("print(r, file=out, flush=True)", "print(r, file=out)", "print(end=\"\", flush=True, file=out)"),
])
def test_print(before, after, last):
    only(flushed_once, f"def f(rows, out):\n    for r in rows:\n        {before}  # why\n    return 1\n",
         f"def f(rows, out):\n    for r in rows:\n        {after}  # why\n    {last}\n    return 1\n")


def test_flush_behind_each_write():
    only(flushed_once, """
        import sys
        def f(rows):
            for r in rows:
                sys.stdout.write(str(r))
                sys.stdout.flush()
            return 1
        """, """
        import sys
        def f(rows):
            for r in rows:
                sys.stdout.write(str(r))
            sys.stdout.flush()
            return 1
        """)


@pytest.mark.parametrize("before, after", [
    ("open(p, 'w', 1)", "open(p, 'w')"), ("open(p, 'w', buffering=1)", "open(p, 'w')"), ("open(p, 'ab', 0)", "open(p, 'ab')"),
    ("open(p, 'w', buffering=1, encoding='utf-8')", "open(p, 'w', encoding='utf-8')"),
])
def test_a_file_opened_without_a_buffer(before, after):
    body = "        for r in rows:\n            out.write(r)\n"
    only(flushed_once, f"def f(rows, p):\n    with {before} as out:\n{body}", f"def f(rows, p):\n    with {after} as out:\n{body}")


def test_os_write(tmp_path):
    before = """
        import os
        def f(path, n):
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            for i in range(n):
                os.write(fd, str(i).encode())
            os.close(fd)
            with open(path, 'rb') as file:
                return file.read()
        """
    text = same_answer(flushed_once, before, f"f({str(tmp_path / 'out')!r}, 5000)")
    assert 'out = open(fd, "wb", closefd=False)' in text and "    out.flush()\n" in text


@pytest.mark.parametrize("text", [
    "def f(rows):\n    for r in rows:\n        print(r)\n", "def f(r):\n    print(r, flush=True)\n",
    "import time\ndef f(rows):\n    for r in rows:\n        print(r, flush=True)\n        time.sleep(1)\n",
    "def f(rows):\n    for r in rows:\n        print(r, end='\\r', flush=True)\n",
    "def f(rows):\n    for r in rows:\n        print(r, flush=True)\n        if r: return 1\n",
    "def f(rows):\n    for r in rows:\n        print(r, flush=r)\n", "import subprocess\ndef f(rows):\n    for r in rows:\n        print(r, flush=True)\n",
    "def f(rows):\n    for r in rows:\n        print(r, flush=True)\n        input()\n",
    "def f(rows, out, g):\n    for r in rows:\n        out.write(r)\n        out.flush()\n        g(r)\n",
    "def f(rows, out):\n    for r in rows:\n        out.write(r)\n        out.flush()\n        out.seek(0)\n",
    "def f(rows, outs):\n    for out in outs:\n        out.write('a')\n        out.flush()\n",
    "def f(rows, p):\n    with open(p, 'w') as out:\n        for r in rows:\n            out.write(r)\n",
    "def f(rows, p):\n    with open(p, 'r+', 1) as out:\n        for r in rows:\n            out.write(r)\n",
    "def f(rows, p):\n    with open(p, 'w', 1) as out:\n        for r in rows:\n            out.write(r)\n            out.tell()\n",
    "def f(rows, p, g):\n    with open(p, 'w', 1) as out:\n        for r in rows:\n            out.write(r)\n            g(r)\n",
    "def f(rows, p):\n    with open(p, 'wb', 0) as out:\n        n = out.write(rows)\n",
    "import os\ndef f(rows, fd):\n    for r in rows:\n        n = os.write(fd, r)\n",
    "import os\ndef f(rows, fd):\n    for r in rows:\n        os.write(fd, r)\n        os.fsync(fd)\n",
    "import os\ndef f(rows, fds):\n    for fd in fds:\n        os.write(fd, b'a')\n",
    "import os\ndef f(rows):\n    for r in rows:\n        os.write(1, r)\n        print(r)\n",
])
def test_output_keeps_silent(text):
    silent(flushed_once, text)


def test_elements_as_python_numbers():
    pytest.importorskip("numpy")
    text = same_answer(numpy_rows, """
        import numpy as np
        def f(a, n):
            count = 0
            for i in range(n):
                if a[i] > 0.5:
                    count += 1
            return count
        """, "f(np.linspace(0, 1, 9), 9)")
    assert "a_items = a.tolist()\n    for" in text and "if a_items[i] > 0.5" in text
    source, [p] = found(numpy_rows, "import numpy as np\ndef f(a):\n    return_ = 0\n    for i in range(len(a)):\n        "
                                    "return_ += a[i, i - 1]\n    return return_\n")
    assert p.requires == {"a": ["ndarray"]} and "a_items[i][i - 1]" in source.apply(p.edits).decode()


def test_append_and_concatenate():
    pytest.importorskip("numpy")
    for start in ("np.array([])", "np.zeros(2, dtype=np.int32)", "np.zeros((2, 2))"):
        text = same_answer(numpy_rows, f"""
            import numpy as np
            def f(n):
                a = {start}
                for i in range(n):
                    a = np.append(a, i * 2)
                return a.dtype, a.shape, a.tolist()
            """, "f(5)", "f(0)")
        assert "a_parts.append(i * 2)" in text
    text = same_answer(numpy_rows, """
        import numpy as np
        def f(n):
            a = np.zeros(0)
            x = 0.0
            for i in range(n):
                x += 1.0 if i % 3 else -1.0
                a = np.append(a, x)
            return a.dtype, a.tolist()
        """, "f(5)", "f(0)")
    assert "a_parts.append(x)" in text
    text = same_answer(numpy_rows, """
        import numpy as np
        def f(n):
            a = np.zeros((1, 2))
            for i in range(n):
                a = np.concatenate((a, np.full((i, 2), i)))
            return a.dtype, a.tolist()
        """, "f(4)", "f(0)")
    assert "np.concatenate([a, *a_parts])" in text


def test_one_call_for_all_queries():
    pytest.importorskip("numpy")
    text = same_answer(numpy_rows, """
        import numpy as np
        def f(edges, xs):
            out = []
            for x in xs:
                out.append((x, np.searchsorted(edges, x)))
            return out
        """, "f(np.arange(10.0), [3, 4.5, -1, 99])", "f(np.arange(10.0), [])")
    assert "for x, x_place in zip(xs, np.searchsorted(edges, xs)):" in text
    text = same_answer(numpy_rows, """
        import numpy as np
        def f(table, xs):
            out = []
            for x in xs:
                if not np.isin(x, table):
                    out.append(x)
            return out
        """, "f(np.arange(10), [3, 40, -1, 9])")
    assert "if not x_known:" in text


def test_object_dtype():
    assert "np.array(x)\n" in rewrites(numpy_rows, "import numpy as np\ndef f(x):\n    return np.array(x, dtype=object)\n")[0]


@pytest.mark.parametrize("body", [
    "for i in range(9): a[i] = 1", "for i in range(9): print(a[i:])", "for i in range(9): print(a[i], a.sum())", "return a[0]",
    "for i in range(9): print(a[i], g(a))", "for i in range(9): a[i] += 1", "for i in range(9): print(a[i], a[i, 1])",
    "for i in range(9): print(a[g(i)])", "for i in range(9): print(a[None])", "a = g()\n    for i in range(9): print(a[i])",
    "for i in range(9): a = np.append(a, i); print(a)", "for i in range(9): b = np.append(a, i)",
    "for i in range(9): a = np.append(a, i, 0)", "for i in range(9): a = np.append(i, a)", "for i in range(9): a = np.append(a, g)",
    "x = np.zeros(2)\n    for i in range(9):\n        x += 1\n        a = np.append(a, x)",
    "x = 0\n    for i in range(9):\n        x += g\n        a = np.append(a, x)",
    "for i in range(9): g = np.searchsorted(a, i)", "for i in g: print(np.isin(i, a))", "for i in g: print(np.searchsorted(a, i, 'right'))",
    "for i in g: a.sort(); print(np.searchsorted(a, i))", "return np.array(a, dtype=float)", "for i in g: a = np.searchsorted(a, i)",
    "return np.array(a, object, copy=False)",
])
def test_numpy_keeps_silent(body):
    silent(numpy_rows, f"import numpy as np\ndef f(a, g):\n    {body}\n")


def test_without_numpy_nothing_is_proposed():
    silent(numpy_rows, "def f(a, n):\n    for i in range(n):\n        print(a[i])\n")
