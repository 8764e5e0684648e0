"""Rules on text and on what is set up for it: patterns, formats, encoders, text grown on an attribute."""

import pytest
from fix_rewriting import only, rewrites, same_answer, silent

from hasten.fix.rules import grown_attribute, ready_made


def test_pattern():
    only(ready_made, r'''
        import re

        # Words only.
        def words(lines):
            out = []
            for line in lines:
                if re.match(r"\w+", line):  # why
                    out.append(re.sub("[ab]", "x", line, count=1))
            return out
        ''', r'''
        import re

        _words_pattern = re.compile(r"\w+")
        _words_pattern_2 = re.compile("[ab]")


        # Words only.
        def words(lines):
            out = []
            for line in lines:
                if _words_pattern.match(line):  # why
                    out.append(_words_pattern_2.sub("x", line, count=1))
            return out
        ''')


@pytest.mark.parametrize("call, made, use", [
    ("re.search('a', s, re.I)", "re.compile('a', re.I)", "_f_pattern.search(s)"),
    ("re.findall('a', s, flags=re.I | re.M)", "re.compile('a', re.I | re.M)", "_f_pattern.findall(s)"),
    ("re.split(',', s, 1)", "re.compile(',')", "_f_pattern.split(s, 1)"),
    ("re.split(',', s, maxsplit=1)", "re.compile(',')", "_f_pattern.split(s, maxsplit=1)"),
    ("re.sub('a', 'b', s, 0, re.I)", "re.compile('a', re.I)", "_f_pattern.sub('b', s, 0)"),
    ("re.sub('a', '{x}', s)", "re.compile('a')", "_f_pattern.sub('{x}', s)"),
    ("re.compile('a').match(s)", "re.compile('a')", "_f_pattern.match(s)"),
    ("re.fullmatch(b'a', s)", "re.compile(b'a')", "_f_pattern.fullmatch(s)"),
])
def test_pattern_calls(call, made, use):
    text = rewrites(ready_made, f"import re\ndef f(s):\n    return {call}\n")
    assert text == [f"import re\n_f_pattern = {made}\n\n\ndef f(s):\n    return {use}\n"] or text == [
        f"import re\n_f_pattern = {made}\ndef f(s):\n    return {use}\n"]


def test_struct_and_json():
    text = same_answer(ready_made, """
        import struct
        def f(n):
            return [struct.pack("<if", i, 1.5) for i in range(n)], struct.calcsize("<if"), struct.unpack("<if", bytes(8))
        """, "f(4)")
    assert text.count('struct.Struct("<if")') == 1 and "_f_format.size" in text
    text = same_answer(ready_made, """
        import json
        def f(x):
            return json.dumps(x, sort_keys=True, indent=2) + json.dumps(x)
        """, "f({'b': [1, 2.5, None], 'a': {'z': 'ä'}})")
    assert "_f_encoder.encode(x) + json.dumps(x)" in text


def test_pattern_in_a_decorated_method_stands_before_the_class():
    text = rewrites(ready_made, """
        import re

        @dataclass
        class A:
            def f(self, s):
                return re.match("a", s)
        """)[0]
    assert '_A_f_pattern = re.compile("a")\n\n\n@dataclass\nclass A:' in text


@pytest.mark.parametrize("text", [
    "def f(s):\n    import re\n    return re.match('a', s)\n", "import re\ndef f(s, p):\n    return re.match(p, s)\n",
    "import re\ndef f(s):\n    return re.match('(', s)\n", "import re\ndef f(s):\n    return re.match(b'a', s, re.L)\n",
    "import re\ndef f(s, flags):\n    return re.match('a', s, flags)\n", "import re\ndef f(s):\n    return re.match(f'a{s}', s)\n",
    "import re\ndef f(s, re):\n    return re.match('a', s)\n", "def f(s):\n    return re.match('a', s)\nimport re\n",
    "import re\ndef f(s):\n    return re.match('a', *s)\n", "import re\ndef f(s):\n    return re.escape('a')\n",
    "import re\ndef f(s):\n    return re.match('[[a]', s)\n",  # a FutureWarning: it would come at the start
    "import struct\ndef f(s):\n    return struct.pack('?!', s)\n", "import json\ndef f(x):\n    return json.dumps(x)\n",
    "import json\ndef f(x):\n    return json.dumps(x, default=str)\n", "import json\ndef f(x):\n    return json.dumps(x, cls=C)\n",
    "import json\ndef f(x, n):\n    return json.dumps(x, indent=n)\n", "try:\n    import re\nexcept ImportError:\n    pass\n"
    "def f(s):\n    return re.match('a', s)\n",
])
def test_set_up_keeps_silent(text):
    silent(ready_made, text)


def test_text_on_an_attribute():
    only(grown_attribute, """
        class Page:
            def fill(self, rows):
                for r in rows:
                    self.text += f"<{r}>"  # one a row
        """, """
        class Page:
            def fill(self, rows):
                text_pieces = []
                for r in rows:
                    text_pieces.append(f"<{r}>")  # one a row
                if text_pieces:
                    self.text += "".join(text_pieces)
        """)


def test_text_on_an_element_and_in_nested_loops():
    text = same_answer(grown_attribute, """
        def f(d, k, n):
            for i in range(n):
                for j in range(i):
                    if j % 2:
                        d[k] += str(j) + ","
                d[k] += "\\n"
            return d
        """, "f({'a': 'x'}, 'a', 6)", "f({}, 'a', 0)")
    assert text.count("d_pieces.append") == 2 and 'if d_pieces:\n        d[k] += "".join(d_pieces)' in text


def test_text_on_an_element_whose_loop_calls_a_function_first():
    text = same_answer(grown_attribute, """
        def rows(k, n):
            return [k] * n

        def f(keys, n):
            d = {}
            for k in keys:
                d[k] = "begin "
                for r in rows(k, n):
                    d[k] += f"{r:>3}"
            return d
        """, "f('ab', 3)", "f('a', 0)")
    assert "d_pieces = []\n        for r in rows(k, n):" in text


def test_text_on_an_element_whose_loop_asks_a_generator():
    silent(grown_attribute, """
def rows(d, k):
    while len(d[k]) < 9:
        yield k

def f(d, k):
    for r in rows(d, k):
        d[k] += f"{r}"
    return d
""")


@pytest.mark.parametrize("line", [
    "print(self.text, r)", "print(self)", "self.show(r)", "g(r)", "self = r", "return r", "raise ValueError(r)", "yield r",
    "assert r", "other.text = r", "x = lambda: self", "self.text = ''", "await_ = [s.text for s in r]", "n = len(self.text)",
    "try:\n            pass\n        except OSError:\n            pass", "setattr(self, 'text', r)",
])
def test_text_on_an_attribute_that_may_be_seen(line):
    silent(grown_attribute, f"""
def f(self, rows, g, other):
    for r in rows:
        self.text += f"{{r}}"
        {line}
""")


@pytest.mark.parametrize("text", [
    "def f(self, rows):\n    for r in rows:\n        self.n += r\n", "def f(self, rows):\n    for r in rows:\n        self.n += 1\n",
    "def f(d, rows):\n    for r in rows:\n        d[r] += 'x'\n", "def f(d, rows):\n    for r in rows:\n        d[r + 1] += 'x'\n",
    "def f(self, s):\n    self.text += 'a'\n", "def f(self, rows):\n    for r in rows:\n        self.a.text += 'x'\n",
    "def f(self, rows):\n    try:\n        for r in rows:\n            self.text += 'x'\n    except OSError:\n        pass\n",
    "def f(self, rows):\n    for r in rows: self.text += 'x'\n",
    "def f(d, rows):\n    k = 0\n    for r in rows:\n        d[k] += 'x'\n        k += 1\n",
    "def f(d, rows):\n    for r in rows:\n        d['a'] += 'x'\n        print(d)\n",
    "def f(self, rows):\n    for r in rows:\n        self.text += b'x'\n",
])
def test_text_on_an_attribute_keeps_silent(text):
    silent(grown_attribute, text)


def test_names_at_module_level_belong_to_one_function():
    texts = rewrites(ready_made, """
        import re
        class A:
            def f(self, s):
                return re.match("a", s)
        def A_f(s):
            return re.match("b", s)
        """)
    names = {text.partition(" = re.compile")[0].rpartition("\n")[2] for text in texts}
    assert names == {"_A_f_1_pattern", "_A_f_2_pattern"}


def test_a_call_inside_another_is_left_for_the_next_session():
    text = rewrites(ready_made, "import re\ndef f(s):\n    return re.sub('a', 'b', re.sub('c', 'd', s))\n")[0]
    assert "_f_pattern.sub('b', re.sub('c', 'd', s))" in text


def test_an_inner_loop_where_the_outer_one_looks_at_the_text():
    text = same_answer(grown_attribute, """
        def f(d, n):
            out = []
            for i in range(n):
                for j in range(i):
                    d["a"] += str(j)
                out.append(len(d["a"]))
            return out, d
        """, "f({'a': ''}, 5)")
    assert "        d_pieces = []\n        for j in range(i):" in text
