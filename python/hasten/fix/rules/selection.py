"""Sorting only to take the first or last element becomes min or max.

What it sees: `sorted(x)[0]`, `sorted(x, key=k)[0]`, the same with reverse=True, and `sorted(x)[-1]` without a key.
Evidence needed: the line's time gives a ceiling above 1.1.
Why it is slow: sorting makes n*log2(n) comparisons and a copy, the smallest needs n-1 and none.
Prescription: min(x) or max(x). With [0] both name the first of equal elements, because sorting is stable and
keeps that order under reverse=True too. With [-1] sorting names the last of equals and max the first: that is
proposed only without a key, where equals are commonly alike, and refused if one recorded call differs.
Expected gain: 1/(1-p+p/f), f from 0.8 (a hundred elements in order) to 35.
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: an empty x raises ValueError where it raised IndexError (not proposed where the function
catches exceptions); NaN among the elements; equal elements that can be told apart, with [-1].
Sources: docs.python.org/3/library/functions.html#sorted ("guaranteed to be stable"), #max ("the first one encountered").
"""

import libcst as cst

from hasten.fix.rules.context import Prescription

KIND = "min or max for sorting"
FACTORS = (0.8, 35.0)


def find(context):
    for node in context.inside_function(cst.Subscript):
        index = _index(node)
        found = sorted_call(context, node.value) if index is not None and not context.in_try(node) else None
        if found is None:
            continue
        arguments, key, is_reverse = found
        if index == -1 and (key is not None or is_reverse):
            continue
        selector = "max" if (index == -1) != is_reverse else "min"
        if not context.is_builtin(selector):
            continue
        source = context.source
        if isinstance(node.value.args[0].value, cst.GeneratorExp) and key is None:
            arguments = arguments.removeprefix("(").removesuffix(")")
        if key is not None:
            arguments += f", key={key}"
        yield Prescription(KIND, f"{selector}() instead of sorting", source.line(node),
                           [source.replace(node, f"{selector}({arguments})")], source.lines(node),
                           not_for=("nan", "-0.0"), sized=sized_names(node.value), pays="min")


def sorted_call(context, call):
    """(text of what is sorted, text of its key or None, is it reversed) of `sorted(x, key=, reverse=)`, or None."""
    if not (isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value == "sorted"
            and call.args and context.is_builtin("sorted")):
        return None
    keywords = {a.keyword.value: a.value for a in call.args[1:] if a.keyword is not None}
    if call.args[0].keyword is not None or call.args[0].star or len(keywords) != len(call.args) - 1:
        return None
    reverse = keywords.pop("reverse", None)
    if reverse is not None and not (isinstance(reverse, cst.Name) and reverse.value in ("True", "False")):
        return None
    if set(keywords) - {"key"}:
        return None
    source = context.source
    sorted_text = source.code(call.args[0].value)
    if isinstance(call.args[0].value, cst.GeneratorExp) and not call.args[0].value.lpar:
        sorted_text = f"({sorted_text})"
    key = source.code(keywords["key"]) if keywords else None
    return sorted_text, key, reverse is not None and reverse.value == "True"


def sized_names(call):
    """The list whose length decides, where it has a name and its elements themselves are compared."""
    is_priced = isinstance(call.args[0].value, cst.Name) and not any(a.keyword and a.keyword.value == "key" for a in call.args)
    return (call.args[0].value.value,) if is_priced else ()


def _index(node):
    """0 or -1 if the subscript is just that."""
    if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
        return None
    value = node.slice[0].slice.value
    if isinstance(value, cst.Integer) and value.value == "0":
        return 0
    if (isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Minus)
            and isinstance(value.expression, cst.Integer) and value.expression.value == "1"):
        return -1
    return None
