"""Each rule on small sources: the text it gives, and the places where it must keep silent."""

import pytest
from fix_rewriting import only, rewrites, silent

from hasten.fix.rules import (RULES, compile as compile_rule, membership_set, reduced_comprehension, selection,
                              text_join)
from hasten.fix.rules.context import Context
from hasten.fix.source import SourceFile


def test_membership_in_a_parameter():
    only(membership_set, """
        def f(words, known):  # comment
            for w in words:
                if w not in known:  # why
                    yield_(w)
        """, """
        def f(words, known):  # comment
            known_set = set(known)
            for w in words:
                if w not in known_set:  # why
                    yield_(w)
        """)


def test_membership_in_a_list_that_grows():
    only(membership_set, """
        def unique(words):
            seen = []
            for w in words:
                if w not in seen:
                    seen.append(w)
            return seen
        """, """
        def unique(words):
            seen = []
            seen_set = set(seen)
            for w in words:
                if w not in seen_set:
                    seen.append(w)
                    seen_set.add(w)
            return seen
        """)


def test_membership_in_a_module_constant():
    only(membership_set, """
        STOP = "a b c d e f g h i j k l".split()
        def stop(w):
            return w in STOP
        """, """
        STOP = "a b c d e f g h i j k l".split()
        STOP_SET = frozenset(STOP)
        def stop(w):
            return w in STOP_SET
        """)


@pytest.mark.parametrize("body", [
    "known.remove(w)", "known = other(w)", "known[0] = w", "known += [w]", "change(known)", "alias = known",
    "del known[0]", "known.append(*w)", "known.extend([w])", "lambda: known",
])
def test_membership_in_a_list_that_changes_otherwise(body):
    silent(membership_set, f"""
        def f(words, known):
            for w in words:
                if w in known:
                    {body}
        """)


def test_membership_in_a_list_that_grows_by_an_expression_evaluates_it_once():
    only(membership_set, """
        def f(rows, known):
            for row in rows:
                if row[0] in known:
                    continue
                known.append(row.pop(0))
        """, """
        def f(rows, known):
            known_set = set(known)
            for row in rows:
                if row[0] in known_set:
                    continue
                known.append(row.pop(0))
                known_set.add(known[-1])
        """)


def test_membership_without_a_loop_or_in_what_is_no_list():
    silent(membership_set, "def f(w, known):\n    return w in known\n")
    silent(membership_set, "def f(ws):\n    known = {1: 2}\n    for w in ws:\n        if w in known: pass\n")
    silent(membership_set, "def f(ws):\n    known = 'text'\n    for w in ws:\n        if w in known: pass\n")
    silent(membership_set, "S = [1]\nS.append(2)\ndef f(w):\n    return w in S\n")


def test_join():
    only(text_join, '''
        def f(rows):
            text = ""
            for r in rows:
                text += f"{r}\\n"  # one a line
            return text
        ''', '''
        def f(rows):
            text_parts = []
            for r in rows:
                text_parts.append(f"{r}\\n")  # one a line
            text = "".join(text_parts)
            return text
        ''')


def test_join_keeps_what_the_text_began_with():
    assert 'text_parts = ["head"]' in rewrites(text_join, '''
        def f(rows):
            text = "head"
            for r in rows:
                text += r
            return text
        ''')[0]


@pytest.mark.parametrize("line", ["print(text)", "text = text.strip()", "if text: break", "other = lambda: text",
                                  "return text"])
def test_join_where_the_text_is_looked_at_in_between(line):
    silent(text_join, f'''
        def f(rows):
            text = ""
            for r in rows:
                text += r
                {line}
            return text
        ''')


def test_join_not_for_numbers_nor_inside_try():
    silent(text_join, "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n")
    silent(text_join, "def f(xs):\n    try:\n        t = ''\n        for x in xs:\n            t += x\n"
                      "    except ValueError:\n        pass\n    return t\n")
    silent(text_join, "def f(xs):\n    global t\n    t = ''\n    for x in xs:\n        t += x\n")


@pytest.mark.parametrize("before, after", [
    ("sorted(x)[0]", "min(x)"), ("sorted(x, reverse=True)[0]", "max(x)"), ("sorted(x, key=len)[0]", "min(x, key=len)"),
    ("sorted(x)[-1]", "max(x)"), ("sorted(x, key=len, reverse=True)[0]", "max(x, key=len)"),
    ("sorted(i for i in x)[0]", "min(i for i in x)"),
])
def test_selection(before, after):
    only(selection, f"def f(x):\n    return {before}\n", f"def f(x):\n    return {after}\n")


@pytest.mark.parametrize("text", [
    "def f(x):\n    return sorted(x, key=len)[-1]\n", "def f(x):\n    return sorted(x, reverse=True)[-1]\n",
    "def f(x):\n    return sorted(x)[1]\n", "def f(x):\n    return sorted(x)[:1]\n",
    "def f(x, min):\n    return sorted(x)[0]\n", "def sorted(x):\n    return x\ndef f(x):\n    return sorted(x)[0]\n",
    "def f(x):\n    try:\n        return sorted(x)[0]\n    except IndexError:\n        return None\n",
])
def test_selection_keeps_silent(text):
    silent(selection, text)


@pytest.mark.parametrize("before, after", [
    ("any([p(i) for i in x])", "any(p(i) for i in x)"), ("sum([i for i in x], 1)", "sum((i for i in x), 1)"),
    ("set([i for i in x])", "{i for i in x}"),
])
def test_reduction(before, after):
    only(reduced_comprehension, f"def f(x):\n    return {before}\n", f"def f(x):\n    return {after}\n")


def test_reduction_keeps_silent():
    silent(reduced_comprehension, "def f(x):\n    return any([next(i) for i in x])\n")
    silent(reduced_comprehension, "def f(x):\n    return len([i for i in x])\n")
    silent(reduced_comprehension, "def f(x):\n    return any([y := i for i in x])\n")


def test_compile_writes_an_import_that_falls_back():
    only(compile_rule, '''
        """Doc."""
        from __future__ import annotations
        import math

        def f(n):
            for i in range(n):
                pass
        ''', '''
        """Doc."""
        from __future__ import annotations
        import math

        try:
            from hasten import jit
        except ImportError:  # without Hasten the functions run as they are

            def jit(function):
                return function

        @jit
        def f(n):
            for i in range(n):
                pass
        ''')


def test_the_fallback_import_works_without_hasten():
    text = rewrites(compile_rule, "def f(n):\n    return [i for i in range(n)]\n")[0]
    namespace = {"__builtins__": {**__builtins__, "__import__": _no_hasten}}
    exec(compile(text, "x.py", "exec"), namespace)
    assert namespace["f"](3) == [0, 1, 2]


def _no_hasten(name, *rest):
    if name == "hasten":
        raise ImportError(name)
    return __import__(name, *rest)


def test_compile_in_a_class_and_beside_another_jit():
    text = rewrites(compile_rule, """
        from numba import jit
        class A:
            @staticmethod
            def f(n):
                while n:
                    n -= 1
        """)[0]
    assert "from hasten import jit as hasten_jit" in text
    assert "    @staticmethod\n    @hasten_jit\n    def f(n):" in text


def test_compile_uses_the_import_that_is_there():
    assert rewrites(compile_rule, "from hasten import jit as fast\ndef f(n):\n    for i in n: pass\n") == [
        "from hasten import jit as fast\n@fast\ndef f(n):\n    for i in n: pass\n"]


@pytest.mark.parametrize("text", [
    "def f(n):\n    for i in n:\n        yield i\n", "async def f(n):\n    for i in n: pass\n",
    "@cache\ndef f(n):\n    for i in n: pass\n", "def f(n):\n    return n + 1\n",
])
def test_compile_keeps_silent(text):
    silent(compile_rule, text)


def test_newlines_encoding_and_mark_are_kept():
    raw = b"\xef\xbb\xbf# -*- coding: utf-8 -*-\r\ndef f(x):\r\n    # \xc3\xa9\r\n    return sorted(x)[0]\r\n"
    source = SourceFile.from_bytes("x.py", raw)
    p = next(iter(selection.find(Context(source, source.functions[0]))))
    assert source.apply(p.edits) == raw.replace(b"sorted(x)[0]", b"min(x)")
    raw = "# -*- coding: latin-1 -*-\ndef f(x):\n    'é'; return sorted(x)[0]\n".encode("latin-1")
    source = SourceFile.from_bytes("x.py", raw)
    p = next(iter(selection.find(Context(source, source.functions[0]))))
    assert source.apply(p.edits) == raw.replace(b"sorted(x)[0]", b"min(x)")


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__.rpartition(".")[2])
def test_every_rule_has_its_manual_page(rule):
    for heading in ("What it sees:", "Evidence needed:", "Why it is slow:", "Prescription:", "Expected gain:",
                    "How it is verified:", "When it is wrong:", "Sources:"):
        assert heading in rule.__doc__
