"""Rules on calls: look-ups that raise, calls that repeat, answers kept, tables and attributes that stay."""

import pytest
from fix_rewriting import found, only, remarks, rewrites, same_answer, silent, value

from hasten.fix.rules import cached_function, hoisted_call, local_attribute, pairs_dict, table_at_start, tested_first


def test_look_up_with_a_default():
    only(tested_first, """
        def f(d, k, default):
            try:
                v = d[k]
            except KeyError:
                v = default
            return v
        """, """
        def f(d, k, default):
            v = d.get(k, default)
            return v
        """)
    same_answer(tested_first, """
        def f(d, k):
            try:
                return d[k]
            except KeyError:
                return None
        """, "f({1: None}, 1)", "f({1: 2}, 1)", "f({}, 1)")
    assert "return d.get(k, 0)" in rewrites(
        tested_first, "def f(d, k):\n    try:\n        return d[k]\n    except KeyError:\n        return 0\n")[0]


def test_look_up_with_another_branch():
    only(tested_first, """
        def f(words):
            counts = {}
            for w in words:
                try:  # known
                    counts[w] += 1
                except KeyError:  # new
                    counts[w] = 1
            return counts
        """, """
        def f(words):
            counts = {}
            for w in words:
                if w in counts:  # known
                    counts[w] += 1
                else:  # new
                    counts[w] = 1
            return counts
        """)
    same_answer(tested_first, """
        def f(pairs):
            groups = {}
            for k, v in pairs:
                try:
                    groups[k].append(v)
                except KeyError:
                    groups[k] = [v]
            return groups
        """, "f([(1, 2), (3, 4), (1, 5)])")
    _, [p] = found(tested_first, "def f(d, k):\n    try:\n        v = d[k]\n    except KeyError:\n        v = len(d)\n    return v\n")
    assert p.requires == {"d": ["dict"]}


@pytest.mark.parametrize("tried, caught", [
    ("v = d[k]", "except (KeyError, IndexError):\n v = 0"), ("v = d[k]", "except KeyError as e:\n v = e"),
    ("v = d[k]", "except Exception:\n v = 0"), ("v = d[g(k)]", "except KeyError:\n v = 0"),
    ("v = d[k[0]]", "except KeyError:\n v = 0"), ("v = int(k)", "except ValueError:\n v = 0"),
    ("v = d[k] + d[0]", "except KeyError:\n v = 0"), ("v = d[k]\n g(v)", "except KeyError:\n v = 0"),
    ("v = d[k]", "except KeyError:\n raise ValueError(k)"), ("v = d[k]", "except KeyError:\n v = 0\nelse:\n v = 1"),
    ("v = d[k]", "except KeyError:\n v = 0\nfinally:\n g(1)"), ("v = d[0:1]", "except KeyError:\n v = 0"),
    ("d[k] += g(k)", "except KeyError:\n d[k] = 0"), ("d[k].add(g(1))", "except KeyError:\n d[k] = 0"),
    ("d[k].extend(k)", "except KeyError:\n d[k] = 0"), ("v = d.e.f()[k]", "except KeyError:\n v = 0"),
    ("v = d[k]", "except KeyError:\n log.exception(k)"), ("v = e[k]", "except KeyError:\n v = 0"), ("del d[k]", "except KeyError:\n pass"),
])
def test_look_up_keeps_silent(tried, caught):
    body = "\n".join("    " + line for line in f"try:\n {tried}\n{caught}".splitlines())
    silent(tested_first, f"def f(d, k, g):\n    e = g()\n{body}\n")


@pytest.mark.parametrize("before, loop", [
    ("    while i < len(x):\n        i += x[i]\n", "    while i < x_len:\n        i += x[i]\n"),
    ("    for r in range(9):\n        for j in range(len(x)):\n            i += x[j]\n",
     "    for r in range(9):\n        for j in range(x_len):\n            i += x[j]\n"),
    ("    for r in range(9):\n        if r and i < len(x):\n            i += 1\n",
     "    for r in range(9):\n        if r and i < x_len:\n            i += 1\n"),
])
def test_len_of_what_stays(before, loop):
    only(hoisted_call, f"def f(x, i):\n{before}    return i\n", f"def f(x, i):\n    x_len = len(x)\n{loop}    return i\n")


def test_calls_of_math_and_text_and_in_comprehensions():
    text = same_answer(hoisted_call, """
        import math
        def f(n):
            total = 0
            for i in range(5):
                total += i * math.sqrt(n)
            return total
        """, "f(2)", "f(2.5)")
    assert "n_sqrt = math.sqrt(n)\n    for" in text
    text = same_answer(hoisted_call, """
        def f(words, query):
            return [w for w in words if w == query.lower()]
        """, "f(['a', 'b'], 'A')", "f([], 'A')")
    assert "query_lower = query.lower()\n    return [w for w in words if w == query_lower]" in text
    _, [p] = found(hoisted_call, "def f(ws, q):\n    for w in ws:\n        if w == q.lower(): return w\n")
    assert p.requires == {"q": ["str"]}


@pytest.mark.parametrize("line", [
    "x.append(i)", "x = g(i)", "x += [1]", "g(x)", "y = x", "del x[0]", "x.update(y)", "x[0:2] = y", "lambda: x", "x.pop()", "z = [x]",
])
def test_len_of_what_may_change(line):
    silent(hoisted_call, f"""
        def f(x, i, g, y):
            while i < len(x):
                i += 1
                {line}
        """)


def test_the_sum_of_a_list_is_taken_once():
    text = same_answer(hoisted_call, """
        def f(values):
            out = []
            for value in values:
                out.append(value / sum(values))
            return out
        """, "f([1.5, 2, 3])", "f([])")
    assert "values_sum = sum(values)\n    for value in values:" in text


@pytest.mark.parametrize("line", ["x.append(i)", "x[i] = 3", "x = [i]", "x += [i]", "del x[0]", "g(x)"])
def test_the_sum_of_a_list_that_changes_is_not(line):
    silent(hoisted_call, f"""
        def f(x, n, g):
            total = 0
            for i in range(n):
                total += sum(x)
                {line}
            return total
        """)


@pytest.mark.parametrize("text", [
    "def f(x):\n    return len(x)\n", "def f(x):\n    for i in range(len(x)):\n        print(i)\n",
    "def f(xs):\n    for x in xs:\n        print(len(x))\n", "def f(xs, g):\n    for i in xs:\n        print(len(g(i)))\n",
    "import math\ndef f(n):\n    for i in range(9):\n        if i:\n            print(math.sqrt(n))\n",
    "import math\ndef f(n):\n    for i in range(9):\n        if i > 3: continue\n        print(math.sqrt(n))\n",
    "import math\ndef f(n):\n    for i in range(9):\n        n = math.sqrt(n)\n",
    "import math\ndef f(n):\n    for i in range(9):\n        try:\n            print(math.sqrt(n))\n        except ValueError: pass\n",
    "import math\ndef f(n):\n    for i in range(9):\n        print(math.sqrt(n + i))\n",
    "import random\ndef f(n):\n    for i in range(9):\n        print(random.random())\n",
    "import math\ndef f(n):\n    for i in range(9):\n        print(math.perm(n))\n",
    "def f(x, len):\n    for i in range(9):\n        print(len(x))\n", "def f(q):\n    for i in range(9):\n        print(q.read())\n",
    "X = []\ndef g():\n    X.append(1)\ndef f():\n    for i in range(9):\n        g(); print(len(X))\n",
    "def f(x):\n    x = g()\n    for i in range(9):\n        print(len(x))\n",
    "def f(x):\n    for i in range(9):\n        yield_ = (len(x) for j in x)\n",
    "def f(x):\n    return [len(i) for i in x]\n", "def f(x):\n    return [i for i in range(len(x))]\n",
    "def f(q):\n    for i in range(9):\n        print(q.split())\n", "def f(q):\n    global x\n    for i in range(9):\n        print(len(x))\n",
])
def test_hoisting_keeps_silent(text):
    silent(hoisted_call, text)


def test_answers_kept():
    only(cached_function, '''
        def fib(n):
            """Doc."""
            if n < 2:
                return n
            return fib(n - 1) + fib(n - 2)
        ''', '''
        from functools import lru_cache


        _fib_cache = lru_cache(maxsize=65536, typed=True)


        @_fib_cache
        def fib(n):
            """Doc."""
            if n < 2:
                return n
            return fib(n - 1) + fib(n - 2)
        ''')
    text = same_answer(cached_function, """
        import functools
        LIMIT = 3

        def steps(n, most=9):
            count, i = 0, 1
            while n != 1 and count < most + LIMIT:
                n = n // 2 if n % 2 == 0 else 3 * n + 1
                count += 1
            for i in range(3):
                count = max(count, i)
            return count
        """, "[steps(n) for n in (1, 7, 7, 9)]", "steps(3, most=2)", "[steps(True), steps(1)]")
    assert "_steps_cache = functools.lru_cache(" in text


def test_answers_of_a_function_with_a_pure_helper():
    before = """
        def closed(x, y):
            return (x * 7 + y) % 5 == 3

        def paths(x, y):
            if x < 0 or y < 0 or closed(x, y):
                return 0
            return 1 if x + y == 0 else paths(x - 1, y) + paths(x, y - 1)
        """
    assert "@_paths_cache" in same_answer(cached_function, before, "paths(4, 6)", "[paths(i, 3) for i in range(6)]")


@pytest.mark.parametrize("helper", [
    "def g(n):\n    return n / 2\n", "def g(n):\n    return n * 0.5\n",        # floats: 0.0 and -0.0 are one key
    "def g(n):\n    print(n)\n    return n\n", "def g(n):\n    return f(n)\n", "def g(n):\n    yield n\n",
    "def g(n):\n    return n\ng = abs\n", "@print\ndef g(n):\n    return n\n", "C = []\ndef g(n):\n    return len(C)\n",
])
def test_answers_not_kept_with_such_a_helper(helper):
    silent(cached_function, f"{helper}def f(n):\n    return f(g(n) - 1) + f(n - 2) if n > 1 else 0\n")


LOOPS = "def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\n"


@pytest.mark.parametrize("calls, is_kept", [
    ("print(f(3))", False), ("for i in range(9): f(i)", False), ("[f(i + 3) for i in range(9)]", False),
    ("[f(i * j) for i in range(9) for j in range(9)]", True), ("", True), ("for i in range(9): f(3)", True),
    ("for i in range(9):\n    for j in range(9): f(j)", True), ("[f(i % 3) for i in range(9)]", True),
    ("[f(n) for n in data]", True), ("def g(n):\n    return f(n)", True), ("while f(3): pass", True),
])
def test_answers_are_kept_where_the_same_may_be_asked_again(calls, is_kept):
    assert bool(rewrites(cached_function, f"{LOOPS}{calls}\n")) is is_kept


@pytest.mark.parametrize("calls, is_kept", [("[f(i) for i in range(9)]", False), ("[f(n) for n in data]", True)])
def test_answers_of_a_chain_are_kept_where_the_same_may_be_asked_again(calls, is_kept):
    assert bool(rewrites(cached_function, f"def f(n):\n    return 0 if n < 1 else 1 + f(n - 2)\n{calls}\n")) is is_kept


@pytest.mark.parametrize("text", [
    "def f(n):\n    return n + 1\n",                                          # nothing to save
    "def f(n):\n    print(n)\n    return f(n - 1) + f(n - 2)\n", "def f(n):\n    return g(n) + f(n - 1) + f(n - 2)\n",
    "import random\ndef f(n):\n    return random.random() + f(n - 1) + f(n - 2)\n",
    "def f(n):\n    out = []\n    for i in range(n):\n        out.append(i)\n    return out\n",
    "def f(n):\n    return [i for i in range(n)]\n", "def f(n):\n    for i in range(n):\n        yield i\n",
    "def f(n):\n    global c\n    for i in range(n):\n        c = i\n    return n\n",
    "C = 1\ndef g():\n    global C\n    C = 2\ndef f(n):\n    for i in range(n):\n        n = C\n    return n\n",
    "def f(x):\n    for i in range(3):\n        x[0] = i\n    return 1\n", "def f(x):\n    for i in range(3):\n        x.y = i\n    return 1\n",
    "class A:\n    def f(self, n):\n        for i in range(n):\n            n = i\n        return n\n",
    "def g():\n    def f(n):\n        for i in range(n):\n            n = i\n        return n\n    return f\n",
    "@deco\ndef f(n):\n    for i in range(n):\n        n = i\n    return n\n",
    "def f(*n):\n    for i in range(3):\n        n = i\n    return n\n", "def f(n, m=[]):\n    for i in range(3):\n        n = i\n    return n\n",
    "def f(n):\n    return f(n / 2) + f(n / 3) if n > 1 else 0\n", "def f():\n    for i in range(3):\n        n = i\n    return n\n",
    "def f(n):\n    while True:\n        try:\n            return n\n        except ValueError:\n            pass\n",
    "def f(n):\n    for i in range(n):\n        n = i\n    return n\nf = 3\n",
    "async def f(n):\n    for i in range(n):\n        n = i\n    return n\n",
])
def test_answers_not_kept(text):
    silent(cached_function, text)


def test_table():
    only(table_at_start, """
        # The names.
        def f(k):
            names = {
                "a": 1, "b": 2,
                "c": 3, "d": (4, 5),
            }
            return names.get(k)
        """, """
        _f_names = {
            "a": 1, "b": 2,
            "c": 3, "d": (4, 5),
        }


        # The names.
        def f(k):
            names = _f_names
            return names.get(k)
        """)
    text = same_answer(table_at_start, """
        class A:
            def f(self, k):
                squares = {i: i * i for i in range(9)}
                return [squares[k] if k in squares else k, len(squares)]
        """, "A().f(3)", "A().f(99)")
    assert "_A_f_squares = {i: i * i for i in range(9)}\n" in text
    assert "return _f_table[k]" in rewrites(table_at_start, "def f(k):\n    return ['a', 'b', 'c', 'd'][k]\n")[0]
    assert "vowels = _f_vowels" in rewrites(
        table_at_start, "def f(w):\n    vowels = set('aeiou')\n    return [c for c in w if c in vowels]\n")[0]


@pytest.mark.parametrize("line", [
    "t[0] = k", "t.append(k)", "return t", "g(t)", "u = t", "k.t = t", "return [t]", "lambda: t", "t += [1]", "del t[0]", "t.sort()",
    "return t[1:]", "for t[0] in k: pass", "return t.keys()", "t[0] += 1", "u = (i for i in t)", "return t or k", "return {1: t}",
])
def test_table_that_gets_out_or_changes(line):
    silent(table_at_start, f"def f(k, g):\n    t = [1, 2, 3, 4, 5]\n    {line}\n")


@pytest.mark.parametrize("text", [
    "def f(k):\n    t = [1, 2]\n    return t[k]\n", "def f(k):\n    t = [k, 2, 3, 4]\n    return t[0]\n",
    "def f(k):\n    t = [[1], [2], [3], [4]]\n    return t[k]\n", "def f(k):\n    t = [[] for i in range(9)]\n    return t[k]\n",
    "def f(k):\n    return k in [1, 2, 3, 4, 5]\n", "def f(k):\n    t = [g(i) for i in range(9)]\n    return t[k]\n",
    "def f(k):\n    t = [i for i in range(k)]\n    return t[0]\n", "def f(k):\n    t = (1, 2, 3, 4)\n    return t[k]\n",
    "def f(k):\n    t = [1, 2, 3, 4]\n    t = [4, 3, 2, 1]\n    return t[k]\n",
    "def f(k):\n    global t\n    t = [1, 2, 3, 4]\n    return t[k]\n", "def f(k):\n    t = [f'{k}', 2, 3, 4]\n    return t[k]\n",
])
def test_table_keeps_silent(text):
    silent(table_at_start, text)


def test_pairs_before_the_loop():
    text = same_answer(pairs_dict, """
        def f(pairs, queries):
            out = []
            for q in queries:
                for key, price in pairs:
                    if key == q:
                        # found
                        out.append(price)
                        break
                else:
                    out.append(None)
            return out
        """, "f([('a', 1), ('b', 2), ('a', 3)], ['a', 'b', 'c', 'a'])", "f([], ['a'])", "f([('a', 1)], [])")
    assert "            if q in pairs_by_key:\n" in text or "        if q in pairs_by_key:\n" in text
    assert "pairs_by_key.setdefault(pair_key, pair_value)" in text and "# found" in text and "break" not in text


def test_pairs_of_a_module_and_with_next():
    more = ", ".join(f'("more{k}", {k})' for k in range(200))  # from some ten on a dict pays
    module = """
        CODES = [("a", 1), ("b", 2), ("a", 3), {more}]
        def f(name):
            for key, code in CODES:
                if name == key:
                    return code
            return -1
        """
    assert [text.partition("; ")[0] for text in remarks(pairs_dict, module.format(more=""))] == ["n is 3"]
    text = same_answer(pairs_dict, module.format(more=more), "[f(n) for n in ['a', 'b', 'c', 'more7']]")
    assert "CODES_BY_KEY = {k: v for k, v in reversed(CODES)}" in text and "code = CODES_BY_KEY[name]" in text
    text = same_answer(pairs_dict, """
        def f(pairs, queries):
            return_ = []
            for q in queries:
                return_.append(next((v for k, v in pairs if k == q), 0))
            return return_
        """, "f([(1, 2), (1, 3)], [1, 1.0, 5])")
    assert "pairs_by_key.get(q, 0)" in text


@pytest.mark.parametrize("line", [
    "if k == q:\n                print(k)\n                break", "if k == q:\n                print(v)",
    "if k > q:\n                print(v)\n                break", "if k == q:\n                v = 1\n                break",
    "if k == g(q):\n                print(v)\n                break", "if k == q and v:\n                print(v)\n                break",
    "print(k)\n            if k == q:\n                break", "if k == q:\n                pairs.append(q)\n                break",
    "if k == q:\n                print(v)\n                break\n            else:\n                print(q)",
    "if k == q:\n                print('''\na''')\n                break", "if k == q:\n                g(pairs)\n                break",
])
def test_pairs_keeps_silent(line):
    silent(pairs_dict, f"""
def f(pairs, queries, g):
    for q in queries:
        for k, v in pairs:
            {line}
""")


@pytest.mark.parametrize("text", [
    "def f(pairs, q):\n    for k, v in pairs:\n        if k == q:\n            return v\n",
    "def f(pairs, qs):\n    for q in qs:\n        for k, v in pairs:\n            if k == q:\n                break\n        print(v)\n",
    "P = []\ndef f(q):\n    for k, v in P:\n        if k == q:\n            return v\n",
    "P = [(1, 2)]\nP.append(3)\ndef f(q):\n    for k, v in P:\n        if k == q:\n            return v\n",
    "def f(pairs, qs):\n    for q in qs:\n        for k, v in pairs.items():\n            if k == q:\n                break\n",
    "def f(pairs, qs):\n    for q in qs:\n        pairs = pairs[1:]\n        for k, v in pairs:\n            if k == q:\n                break\n",
])
def test_pairs_elsewhere_keeps_silent(text):
    silent(pairs_dict, text)


LOOP = """
    import math
    def f(xs):
        total = 0.0
        for x in xs:
            total += math.sqrt(x)
        return total
    """


def test_attribute_read_once_where_it_pays():
    source, [p] = found(type("rule", (), {"find": staticmethod(lambda c: local_attribute.find(c, (3, 11)))}), LOOP)
    text = source.apply(p.edits).decode()
    assert "math_sqrt = math.sqrt\n    for x in xs:\n        total += math_sqrt(x)" in text
    assert value(text, "f([1, 2, 3])") == value(LOOP, "f([1, 2, 3])")
    for version in ((3, 12), (3, 13)):
        assert not found(type("rule", (), {"find": staticmethod(lambda c: local_attribute.find(c, version))}), LOOP)[1]


@pytest.mark.parametrize("line", [
    "self.x = i", "g(i)", "self.go()", "self = i", "i.x = 1", "del self.x", "for self.x in n: pass", "setattr(self, 'x', 1)",
])
def test_attribute_that_may_change(line):
    rule = type("rule", (), {"find": staticmethod(lambda c: local_attribute.find(c, (3, 11)))})
    before = "def f(self, n, g):\n    t = 0\n    for i in n:\n        t += self.x\n"
    assert [p.what for p in found(rule, before)[1]] == ["`self.x` read once"]
    silent(rule, f"{before}        {line}\n")


@pytest.mark.parametrize("rule, text", [
    (tested_first, "def g(d):\n    def f(k):\n        try:\n            return d[k]\n        except KeyError:\n            return 0\n    return f\n"),
    (tested_first, "def f(k, d=DEFAULT):\n    try:\n        return d[k]\n    except KeyError:\n        return 0\n"),
    (tested_first, "def f(k, *d):\n    try:\n        return d[k]\n    except KeyError:\n        return 0\n"),
    (hoisted_call, "def f(i, q=3):\n    while i:\n        i = q.lower()\n"),
    (hoisted_call, "def g(q):\n    return lambda: 1\n    def f(i):\n        while i:\n            i = q.lower()\n"),
    (cached_function, "def f(n: float):\n    for i in range(3):\n        n = n + i\n    return n\n"),
    (cached_function, "def f(n, m=0.0):\n    for i in range(3):\n        n = n + i\n    return n\n"),
])
def test_types_that_no_call_would_show(rule, text):
    silent(rule, text)


def test_an_empty_handler_leaves_no_branch():
    only(tested_first, """
        def f(d, k):
            try:
                return d[k]
            except KeyError:
                pass
            return 1
        """, """
        def f(d, k):
            if k in d:
                return d[k]
            return 1
        """)


PURE = """
    def limit(n):
        total = 0
        for i in range(n):
            total += i
        return total
    """


def test_a_pure_function_of_the_module_is_called_once():
    text = same_answer(hoisted_call, PURE + """
    def f(xs, n):
        out = 0
        for x in xs:
            out += x * limit(n)
        return out
    """, "f([1, 2, 3], 9)", "f([], 9)")
    assert "limit_of_n = limit(n)\n    for x in xs:\n        out += x * limit_of_n" in text


@pytest.mark.parametrize("text", [
    "def g(n):\n    print(n)\n    return n\ndef f(xs, n):\n    for x in xs:\n        y = g(n)\n",
    "C = 0\ndef g(n):\n    global C\n    C = n\n    return n\ndef f(xs, n):\n    for x in xs:\n        y = g(n)\n",
    "@deco\ndef g(n):\n    return n\ndef f(xs, n):\n    for x in xs:\n        y = g(n)\n",
    "def g(n):\n    return n\ndef f(xs, n):\n    for x in xs:\n        y = g(x)\n",
    "def g(n):\n    return n\ng = 3\ndef f(xs, n):\n    for x in xs:\n        y = g(n)\n",
    "def g(n):\n    return [n for i in range(3)]\ndef f(xs, n):\n    for x in xs:\n        y = g(n)\n",
])
def test_other_functions_are_called_each_time(text):
    silent(hoisted_call, text)


def test_self_is_no_plain_dict():
    silent(tested_first, """
        class Mapping:
            def get(self, key, default=None):
                try:
                    return self[key]
                except KeyError:
                    return default
        """)
    assert rewrites(tested_first, """
        class A:
            @staticmethod
            def get(d, key):
                try:
                    return d[key]
                except KeyError:
                    return None
        """)
