"""deepcopy of a plain structure becomes a copy of just what is there.

What it sees: `copy.deepcopy(x)` in a loop or a hot function, where x is a parameter, a local name or an attribute.
Evidence needed: the line's time gives a ceiling above 1.1. How the copy or the original is used (`y[i][j]`, a row in
a nested loop) tells whether rows have to be copied too; a parameter has the expected type at every judged call.
Why it is slow: deepcopy asks of every object, numbers too, what it is and whether it was met before.
Prescription: `x.copy()`, or `[row[:] for row in x]` for rows that are lists.
Expected gain: 1/(1-p+p/f), f from 5 (two rows of two) to 100 (a hundred rows of a hundred).
How it is verified: recorded calls in forked copies, in which it is compared which objects are one and the same; then
whole-program runs.
When it is wrong: elements that are changed later through the copy, in a way that the recorded calls did not show; one row
that stands twice in x; a class with a __deepcopy__ of its own. The judge sees shared elements wherever the
result or an argument holds them.
Sources: CPython Lib/copy.py; docs.python.org/3/library/copy.html.
"""

import libcst as cst

from hasten.fix.rules.context import Prescription, walk
from hasten.fix.rules.membership_set import is_list
from hasten.fix.rules.module_level import library_call, module_assignment
from hasten.fix.rules.values import attribute_values, is_constant, local_values, plain_arguments

KIND = "copy of what is there"
FACTORS = (5.0, 100.0)


def find(context):
    source = context.source
    for call in context.inside_function(cst.Call):
        values = plain_arguments(call, 1)
        if values is None or library_call(context, call, "copy") != "deepcopy":
            continue
        x = values[0]
        if not isinstance(x, (cst.Name, cst.Attribute)) or x.lpar:
            continue
        text, requires = _copy(context, call, x)
        if text is not None:
            yield Prescription(KIND, f"`{text}` instead of deepcopy", source.line(call), [source.replace(call, text)],
                               source.lines(call), requires=requires)


def _copy(context, call, x):
    """(expression that copies x, types it must have), or (None, None)."""
    code = context.source.code(x)
    if isinstance(x, cst.Name) and x.value in context.parameters and context.is_seen(x.value, ["list", "dict", "set"]):
        is_nested = _is_used_nested(context, call, x)
        if is_nested:
            row = context.fresh_name("row")
            return f"[{row}[:] for {row} in {code}]", {x.value: ["list"]}
        return f"{code}.copy()", {x.value: ["list", "dict", "set"]}
    shown = local_values(context, x.value) if isinstance(x, cst.Name) else attribute_values(context, x.attr.value)
    if shown is None and isinstance(x, cst.Name) and not context.bindings(x.value):
        shown = _module_values(context, x.value)
    # A copy of one has the shape of the one; what was no copy must tell it.
    shapes = {_shape(context, value) for value in shown or () if _copy_function(context, value) != "deepcopy"}
    if shapes == {"rows"}:
        row = context.fresh_name("row")
        return f"[{row}[:] for {row} in {code}]", {}
    if shapes == {"flat"}:
        return f"{code}.copy()", {}
    return None, None


def _copy_function(context, value):
    return library_call(context, value, "copy") if isinstance(value, cst.Call) else None


def _module_values(context, name):
    found = module_assignment(context, name)
    return [found[1]] if found is not None else None


def _shape(context, value):
    """`flat`: a container of what never changes; `rows`: a list of lists of such; None: unknown."""
    if isinstance(value, (cst.List, cst.Set)):
        elements = [e.value for e in value.elements if isinstance(e, cst.Element)]
        if len(elements) != len(value.elements) or not elements:
            return None
        if all(is_constant(e) for e in elements):
            return "flat"
        return "rows" if isinstance(value, cst.List) and all(_shape(context, e) == "flat" and isinstance(e, cst.List)
                                                             for e in elements) else None
    if isinstance(value, cst.Dict):
        return "flat" if value.elements and all(isinstance(e, cst.DictElement) and is_constant(e.value)
                                                for e in value.elements) else None
    if isinstance(value, (cst.ListComp, cst.SetComp)):
        if _is_number(value.elt):
            return "flat"
        return "rows" if isinstance(value, cst.ListComp) and is_list(context, value.elt) and _shape(
            context, value.elt) == "flat" else None
    if isinstance(value, cst.DictComp):
        return "flat" if _is_number(value.value) else None
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Multiply):
        return next((s for side in (value.left, value.right) if isinstance(side, cst.List)
                     and (s := _shape(context, side)) == "flat"), None)
    return None


def _is_number(node):
    """Surely a number or text: a constant, or arithmetic with one."""
    if isinstance(node, cst.BinaryOperation):
        if isinstance(node.operator, (cst.Modulo, cst.Subtract, cst.FloorDivide, cst.Divide, cst.Power)):
            return _is_number(node.left) or _is_number(node.right)
        return _is_number(node.left) and _is_number(node.right)
    return is_constant(node)


def _is_used_nested(context, call, x):
    """Rows of the original or of the copy are indexed or iterated over."""
    names = {x.value}
    assign = context.parent(call)
    if isinstance(assign, cst.Assign):
        names |= {t.target.value for t in assign.targets if isinstance(t.target, cst.Name)}
    rows = set()
    for loop in walk(context.node.body, (cst.For, cst.CompFor)):
        if isinstance(loop.iter, cst.Name) and loop.iter.value in names and isinstance(loop.target, cst.Name):
            rows.add(loop.target.value)
    for node in walk(context.node.body, (cst.Subscript, cst.For, cst.CompFor)):
        inner = node.value if isinstance(node, cst.Subscript) else node.iter
        if isinstance(inner, cst.Subscript) and isinstance(inner.value, cst.Name) and inner.value.value in names:
            return True
        if isinstance(inner, cst.Name) and inner.value in rows:
            return True
    return False
