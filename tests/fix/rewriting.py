"""What a rule makes of a small source: the helpers of the tests of rules."""

import textwrap

from hasten.fix.rules.context import Context, Remark
from hasten.fix.source import SourceFile


def found(rule, text):
    """(source, what the rule yields) for each function of a source."""
    source = SourceFile.from_bytes("x.py", textwrap.dedent(text).lstrip("\n").encode())
    return source, [p for function in source.functions for p in rule.find(Context(source, function))]


def rewrites(rule, text):
    """The new texts that a rule gives for a source, one a prescription."""
    source, prescriptions = found(rule, text)
    return [source.apply(p.additions + p.edits).decode() for p in prescriptions if not isinstance(p, Remark)]


def remarks(rule, text):
    return [p.reason for p in found(rule, text)[1] if isinstance(p, Remark)]


def only(rule, before, after):
    """The rule gives this one text, which compiles."""
    texts = rewrites(rule, before)
    assert texts == [textwrap.dedent(after).lstrip("\n")]
    compile(texts[0], "x.py", "exec")


def silent(rule, text):
    compile(textwrap.dedent(text), "x.py", "exec")
    assert rewrites(rule, text) == []


def value(text, expression):
    """The value of an expression behind a source, as CPython has it."""
    namespace = {"__name__": "x"}
    exec(compile(textwrap.dedent(text), "x.py", "exec"), namespace)
    return eval(expression, namespace)


def same_answer(rule, before, *expressions):
    """The rule's one text gives what the source gives, type for type; returns that text."""
    texts = rewrites(rule, before)
    assert len(texts) == 1, texts
    for expression in expressions:
        old, new = value(before, expression), value(texts[0], expression)
        assert repr(old) == repr(new) and type(old) is type(new), (old, new, texts[0])
    return texts[0]
