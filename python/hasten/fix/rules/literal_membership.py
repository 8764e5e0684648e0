"""A long literal list behind `in` becomes a set; a short one is left alone.

What it sees: `x in [1, 2, 3, ...]` or `x in (1, 2, 3, ...)`, and `not in`, where all elements are constants.
Evidence needed: the test's lines give a ceiling above 1.1; the number of elements is at least what pays on this machine
and interpreter, which is measured once and kept (prices.py).
Why it is slow: the compiler makes a constant tuple of the list, and a constant frozenset of a set; the tuple is searched from
its beginning, 5 to 15 ns for each element, the set answers in 15 to 40 ns, whatever its size.
Prescription: braces for brackets. For fewer elements nothing, and `hasten fix --why` says so with both numbers.
Expected gain: 1/(1-p+p/f), f from 1.0 (found at the front) to 30 (a hundred elements, not among them).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: an x that cannot be hashed (a list answers False, a set raises TypeError); a class whose __eq__ and __hash__
disagree. Linters that ask for a set at every literal (PLR6201) are wrong for short ones.
Sources: CPython Python/compile.c (fold of constants behind `in`), Objects/tupleobject.c, Objects/setobject.c.
"""

import libcst as cst

from hasten.fix.rules import prices
from hasten.fix.rules.context import Prescription, Remark
from hasten.fix.rules.values import is_constant
from hasten.fix.source import Edit

KIND = "set literal for membership"
FACTORS = (1.0, 30.0)


def find(context):
    source = context.source
    for test in context.inside_function(cst.Comparison):
        target = test.comparisons[0]
        if len(test.comparisons) != 1 or not isinstance(target.operator, (cst.In, cst.NotIn)):
            continue
        literal = target.comparator
        if not isinstance(literal, (cst.List, cst.Tuple)) or not literal.elements or not all(
                isinstance(e, cst.Element) and is_constant(e.value) for e in literal.elements):
            continue
        count = len(literal.elements)
        is_number = all(isinstance(e.value, (cst.Integer, cst.UnaryOperation)) for e in literal.elements)
        least = prices.set_pays_from("int" if is_number else "str")
        if count < least:
            yield Remark(KIND, source.line(test), f"n is {count}; a set pays from {least} here", source.lines(test))
            continue
        start, end = source.span(literal)
        raw = source.text.encode("utf-8", "surrogatepass")
        if isinstance(literal, cst.Tuple):
            start, end = start - 1, end + 1  # a tuple's own span is without its parentheses
        if raw[start:start + 1] not in (b"[", b"(") or raw[end - 1:end] not in (b"]", b")"):
            continue
        yield Prescription(KIND, f"{count} constants searched as a set", source.line(test),
                           [Edit(start, start + 1, "{"), Edit(end - 1, end, "}")], source.lines(test))
