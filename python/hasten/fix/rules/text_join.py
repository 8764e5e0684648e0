"""Text that a loop builds by += is collected in a list and joined once.

What it sees: `s = "..."`, then in the same block a loop whose only use of s is `s += expression`.
Evidence needed: the loop's += lines hold enough time for a ceiling above 1.1.
Why it is slow: each += may copy all the text so far. CPython extends a string in place where nothing else
refers to it, so that the loss is often small: the measurement decides.
Prescription: `s_parts = []`, `s_parts.append(expression)`, and `s = "".join(s_parts)` behind the loop.
Expected gain: 1/(1-p+p/f), f from 0.8 (in-place extension worked) to 100 (it copied each time).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: an expression that is not a str (the error comes later and reads otherwise); an object whose
__radd__ makes something other than text. Not proposed inside try, where the half-built text could be seen.
Sources: CPython Python/ceval.c (unicode_concatenate), Objects/unicodeobject.c (PyUnicode_Join).
"""

import libcst as cst

from hasten.fix.rules.context import Prescription

KIND = "join for text"
FACTORS = (0.8, 100.0)


def find(context):
    by_name = {}
    for node in context.inside_function(cst.AugAssign):
        if isinstance(node.operator, cst.AddAssign) and isinstance(node.target, cst.Name):
            by_name.setdefault(node.target.value, []).append(node)
    for name, additions in by_name.items():
        prescription = _prescribe(context, name, additions)
        if prescription is not None:
            yield prescription


def _prescribe(context, name, additions):
    if name in context.parameters or context.is_declared_elsewhere(name) or context.captured(name):
        return None
    found = _start_and_loop(context, name, additions[0])
    if found is None:
        return None
    start, loop = found
    inside = [a for a in additions if loop in context.ancestors(a)]
    mentions = context.uses(name, loop)
    if len(mentions) != len(inside) or context.in_try(loop):
        return None
    if any(_needs_care(a.value) or not isinstance(context.parent(a), (cst.SimpleStatementLine, cst.SimpleStatementSuite))
           for a in inside):
        return None
    source = context.source
    parts = context.fresh_name(f"{name}_parts")
    assign = start.body[0]
    initial = source.code(assign.value)
    edits = [source.replace(assign, f"{parts} = []" if assign.value.evaluated_value == "" else f"{parts} = [{initial}]"),
             source.insert_after(loop, [f'{name} = "".join({parts})'])]
    edits += [source.replace(a, f"{parts}.append({source.code(a.value)})") for a in inside]
    lines = [source.lines(a) for a in inside]
    return Prescription(KIND, f"`{name}` joined once instead of grown", lines[0][0], edits,
                        (min(a for a, _ in lines), max(b for _, b in lines)), pays="join")


def _start_and_loop(context, name, addition):
    """(the statement `name = "..."`, the loop behind it in the same block) around an addition."""
    for loop in [a for a in context.ancestors(addition) if isinstance(a, (cst.For, cst.While))]:
        block = context.parent(loop)
        if not isinstance(block, cst.IndentedBlock):
            continue
        before = []
        for statement in block.body:
            if statement is loop:
                break
            before.append(statement)
        for statement in reversed(before):
            if not context.uses(name, statement):
                continue
            if (isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
                    and isinstance(statement.body[0], cst.Assign) and len(statement.body[0].targets) == 1
                    and isinstance(statement.body[0].value, cst.SimpleString)
                    and isinstance(statement.body[0].value.evaluated_value, str)):
                return statement, loop
            break
    return None


def _needs_care(value):
    return isinstance(value, (cst.Yield, cst.Await, cst.NamedExpr)) or isinstance(value, cst.Tuple)
