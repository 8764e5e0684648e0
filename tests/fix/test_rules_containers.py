"""Rules on containers: keys, the smallest few, queues, copies. What they write, and where they keep silent."""

import pytest
from fix_rewriting import found, only, rewrites, same_answer, silent

from hasten.fix.rules import deque_ends, explicit_copy, key_membership, smallest_few


@pytest.mark.parametrize("before, after", [
    ("k in list(d)", "k in d"), ("k not in list(d)", "k not in d"), ("k in d.keys()", "k in d"),
    ("k in list(d.keys())", "k in d"), ("k in tuple(d)", "k in d"), ("k in set(d)", "k in d"),
    ("k in self.d.keys()", "k in self.d"),
])
def test_keys(before, after):
    only(key_membership, f"def f(self, k, d):\n    return {before}\n", f"def f(self, k, d):\n    return {after}\n")


def test_keys_of_a_parameter_must_be_a_dict_or_a_set():
    _, [p] = found(key_membership, "def f(k, d):\n    return k in list(d)\n")
    assert {"dict", "set", "Counter"} <= set(p.requires["d"]) and "str" not in p.requires["d"]


def test_keys_of_what_the_file_shows():
    only(key_membership, """
        class A:
            def __init__(self):
                self.known = {}
            def has(self, k):
                return k in list(self.known)
        """, """
        class A:
            def __init__(self):
                self.known = {}
            def has(self, k):
                return k in self.known
        """)
    same_answer(key_membership, """
        def f(ks):
            d = {k: 1 for k in range(5)}
            return [k in list(d) for k in ks]
        """, "f([1, 9, -1, 2.0])")


@pytest.mark.parametrize("text", [
    "def f(k, d):\n    d = list(d)\n    return k in list(d)\n",
    "def f(k):\n    text = 'abc'\n    return k in list(text)\n",
    "def f(k):\n    lines = (x for x in k)\n    return k in list(lines)\n",
    "def f(k, d):\n    return k in sorted(d)\n", "def f(k, d):\n    return k in d.values()\n",
    "def f(k, d):\n    return k in list(d, *k)\n", "def f(k, d):\n    return k == list(d)\n",
    "def f(k, d, list):\n    return k in list(d)\n", "def f(k, d):\n    return k in list(d.items())\n",
    "def f(self, k):\n    return k in list(self.known)\n", "def f(k, d):\n    return k in d.keys(1)\n",
    "class A:\n    def g(self):\n        self.d = 'abc'\n    def f(self, k):\n        return k in list(self.d)\n",
    "def f(k, d):\n    return 1 < k in list(d)\n",
])
def test_keys_keeps_silent(text):
    silent(key_membership, text)


@pytest.mark.parametrize("before, after", [
    ("sorted(x)[:3]", "heapq.nsmallest(3, x)"), ("sorted(x)[0:3]", "heapq.nsmallest(3, x)"),
    ("sorted(x, key=len)[:3]", "heapq.nsmallest(3, x, key=len)"),
    ("sorted(x, key=len, reverse=True)[:3]", "heapq.nlargest(3, x, key=len)"),
    ("sorted(x, reverse=False)[:3]", "heapq.nsmallest(3, x)"),
    ("sorted(i for i in x)[:3]", "heapq.nsmallest(3, (i for i in x))"),
    ("sorted(x)[:k]", "(heapq.nsmallest(k, x) if k >= 0 else sorted(x)[:k])"),
])
def test_smallest_few(before, after):
    only(smallest_few, f"import heapq\ndef f(x, k):\n    return {before}\n",
         f"import heapq\ndef f(x, k):\n    return {after}\n")


def test_smallest_few_adds_an_import_once():
    only(smallest_few, '"""Doc."""\nimport sys\n\ndef f(x):\n    return sorted(x)[:2]\n',
         '"""Doc."""\nimport sys\nimport heapq\n\ndef f(x):\n    return heapq.nsmallest(2, x)\n')
    assert "from heapq import nsmallest" in rewrites(
        smallest_few, "from heapq import nsmallest\ndef f(x):\n    return sorted(x)[:2]\n")[0]
    assert "import heapq as heapq_\n" in rewrites(smallest_few, "def f(x, heapq):\n    return sorted(x)[:2]\n")[0]


def test_equal_elements_keep_their_order():
    for how in ("", ", reverse=True"):
        same_answer(smallest_few, f"""
            def f(x, k):
                return sorted(x, key=lambda p: p[0]{how})[:k]
            pairs = [(i * 7 % 5, i) for i in range(60)]
            """, "f(pairs, 13)", "f(pairs, 0)", "f(pairs, -2)", "f(pairs, 99)", "f([], 3)")


@pytest.mark.parametrize("text", [
    "def f(x):\n    return sorted(x)[:-1]\n", "def f(x):\n    return sorted(x)[1:3]\n", "def f(x):\n    return sorted(x)[::2]\n",
    "def f(x):\n    return sorted(x)[:0]\n", "def f(x, k):\n    return sorted(x)[:k + 1]\n",
    "def f(x):\n    k = len(x)\n    return sorted(x)[:k]\n", "def f(x, r):\n    return sorted(x, reverse=r)[:2]\n",
    "def f(x, kw):\n    return sorted(x, **kw)[:2]\n", "def f(x, sorted):\n    return sorted(x)[:2]\n",
    "def f(x):\n    return x[:2]\n", "def f(x):\n    return sorted(x)[:]\n",
])
def test_smallest_few_keeps_silent(text):
    silent(smallest_few, text)


QUEUE = """
    def walk(edges, start):
        queue = [start]
        seen = {start}
        order = []
        while queue:
            node = queue.pop(0)
            order.append(node)
            for other in edges.get(node, ()):
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
        return order
    edges = {i: [i * 2 % 31, i * 3 % 31] for i in range(31)}
    """


def test_queue():
    text = same_answer(deque_ends, QUEUE, "walk(edges, 1)", "walk({}, 1)")
    assert "queue = deque([start])" in text and "queue.popleft()" in text and "from collections import deque" in text
    assert "order = []" in text


def test_queue_in_all_the_ways_that_a_deque_has():
    text = same_answer(deque_ends, """
        from collections import deque as dq
        def f(n):
            q: list[int] = []
            out = []
            for i in range(n):
                q.insert(0, i)
                q.extend([i, i + 1])
                if len(q) > 5 and 3 in q:
                    out.append((q[0], q[-1], sum(q)))
                    q.pop()
                if not q:
                    break
            out.append([x for x in q])
            for x in q:
                out.append(x)
            return out, list(q), sorted(q)
        """, "f(20)", "f(0)")
    assert "q: dq[int] = dq()" in text and "q.appendleft(i)" in text


@pytest.mark.parametrize("line", [
    "print(q)", "out = q[1:]", "out = q[2]", "out = q == []", "out = q + [1]", "q.sort()", "out = q", "g(q)", "q[1] = 2",
    "q.remove(3)", "out = q.index(3)", "out = lambda: q", "for x in q: q.append(x)", "q += [1]", "out = str(q)", "out = q or 1",
    "q.pop(1)", "out = [q]", "out = q * 2", "out = q.copy()", "out = enumerate(q)", "del q[0:2]", "q = g(3)",
    "out = (x for x in q)", "return q", "out = f'{q}'", "out = isinstance(q, list)", "out = q.pop", "for q in out: pass",
])
def test_queue_that_is_used_as_a_list(line):
    silent(deque_ends, f"""
        def f(n, g):
            q = []
            while n:
                q.append(n)
                n = q.pop(0)
                {line}
        """)


@pytest.mark.parametrize("text", [
    "def f(q):\n    while q:\n        q.pop(0)\n", "def f(g):\n    q = g()\n    while q:\n        q.pop(0)\n",
    "def f():\n    q = [1]\n    return q.pop(0)\n", "def f():\n    q = {}\n    while q:\n        q.pop(0)\n",
    "def f():\n    q = [1]\n    while True:\n        try:\n            q.pop(0)\n        except IndexError:\n            break\n",
    "def f():\n    global q\n    q = [1]\n    while q:\n        q.pop(0)\n",
    "def f(g):\n    q, r = [1], 2\n    while q:\n        q.pop(0)\n",
    "def f():\n    q: Queue = [1]\n    while q:\n        q.pop(0)\n",
])
def test_queue_keeps_silent(text):
    silent(deque_ends, text)


def test_copy_of_rows_and_of_flat_values():
    only(explicit_copy, """
        import copy
        def step(board):
            new = copy.deepcopy(board)
            new[0][1] = 5
            return new
        """, """
        import copy
        def step(board):
            new = [row[:] for row in board]
            new[0][1] = 5
            return new
        """)
    _, [p] = found(explicit_copy, "from copy import deepcopy\ndef f(x):\n    y = deepcopy(x)\n    y[0] = 1\n    return y\n")
    assert p.requires == {"x": ["list", "dict", "set"]} and p.edits[0].text == "x.copy()"


def test_a_copy_of_an_attribute_has_its_shape():
    text = same_answer(explicit_copy, """
        import copy
        class Game:
            def __init__(self):
                self.cells = [[0, 1], [2, 3]]
            def after(self):
                new = Game()
                new.cells = copy.deepcopy(self.cells)
                return new
        """, "Game().after().cells")
    assert "new.cells = [row[:] for row in self.cells]" in text


def test_copy_of_what_the_file_shows():
    text = same_answer(explicit_copy, """
        import copy
        class Game:
            def __init__(self, n):
                self.cells = [[0] * n for _ in range(n)]
            def after(self, i):
                cells = copy.deepcopy(self.cells)
                cells[i][i] = 1
                return cells
        """, "Game(3).after(1)")
    assert "[row[:] for row in self.cells]" in text
    only(explicit_copy, "import copy\nBASE = {'a': 1}\ndef f():\n    return copy.deepcopy(BASE)\n",
         "import copy\nBASE = {'a': 1}\ndef f():\n    return BASE.copy()\n")


@pytest.mark.parametrize("text", [
    "import copy\ndef f(g):\n    x = g()\n    return copy.deepcopy(x)\n",
    "import copy\ndef f(self):\n    return copy.deepcopy(self.state)\n",
    "import copy\ndef f(g):\n    return copy.deepcopy(g())\n",
    "import copy\ndef f(x):\n    return copy.copy(x)\n",
    "import copy\ndef f(x, memo):\n    return copy.deepcopy(x, memo)\n",
    "import copy\ndef f(g):\n    x = [g, g]\n    return copy.deepcopy(x)\n",
    "import copy\ndef f(g):\n    x = [[1], 2]\n    return copy.deepcopy(x)\n",
    "import copy\ndef f(g):\n    x = [[[1]]]\n    return copy.deepcopy(x)\n",
    "def f(x, copy):\n    return copy.deepcopy(x)\n",
    "import copy\ndef f(g):\n    x = [g(i) for i in range(9)]\n    return copy.deepcopy(x)\n",
])
def test_copy_keeps_silent(text):
    silent(explicit_copy, text)


def test_a_queue_that_turns_round():
    silent(deque_ends, "def f(n):\n    q = [1, 2]\n    while n:\n        q.insert(0, q.pop(0))\n        n -= 1\n")
    text = same_answer(deque_ends, "def f(n):\n    q = [1, 2, 3]\n    while n:\n        q.insert(0, q.pop())\n        n -= 1\n    return list(q)\n",
                       "f(5)")
    assert "q.appendleft(q.pop())" in text


def test_what_a_file_begins_with_stays_there():
    from hasten.fix.rules import table_at_start

    text = rewrites(table_at_start, "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n# Why.\ndef f(k):\n    return ['a', 'b', 'c', 'd'][k]\n")[0]
    assert text.startswith("#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n")


def test_a_queue_that_a_function_of_the_file_makes():
    text = same_answer(deque_ends, """
        def jobs(n):
            if n < 0:
                return []
            return [(i, i % 3) for i in range(n)]

        def f(n):
            waiting = jobs(n)
            out = []
            while waiting:
                job, again = waiting.pop(0)
                if again:
                    waiting.append((job, again - 1))
                else:
                    out.append(job)
            return out
        """, "f(7)", "f(-1)")
    assert "waiting = deque(jobs(n))" in text


@pytest.mark.parametrize("maker", [
    "def g():\n    yield 1\n", "def g():\n    return KNOWN\n", "@memo\ndef g():\n    return [1]\n", "def g():\n    return [1]\ng = 3\n",
    "def g():\n    if n:\n        return [1]\n    return (1,)\n", "async def g():\n    return [1]\n",
])
def test_a_queue_from_something_else(maker):
    silent(deque_ends, f"{maker}def f():\n    q = g()\n    while q:\n        q.pop(0)\n")
