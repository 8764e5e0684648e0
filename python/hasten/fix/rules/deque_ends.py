"""A list that is emptied or filled at its beginning becomes a deque.

What it sees: a local list with `q.pop(0)` or `q.insert(0, x)` in a loop, all of whose other uses a deque has too:
append, pop(), extend, clear, len, truth, `in`, iteration, q[0], q[-1]. The list is made there, or by a function of the file.
Evidence needed: the function's lines that take or put at the beginning give a ceiling above 1.1.
Why it is slow: every element behind is moved by one place, 8 bytes each; a deque moves none.
Prescription: `q = deque(...)`, `q.popleft()`, `q.appendleft(x)`.
The longest that the queue gets is looked at in the watched run; where that is below the number from which a deque
pays on this machine (prices.py), nothing is tried.
Expected gain: 1/(1-p+p/f), f from 1.0 (some ten elements) through 91 (60 000) to 186 (a hundred thousand).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: the message of an IndexError from an empty q (not proposed where the function catches exceptions); a
q that is printed, compared, sliced, handed on, returned or indexed in the middle is left alone, and so is one
that changes while it is iterated over (a deque raises RuntimeError).
Sources: docs.python.org/3/library/collections.html#deque-objects; CPython Objects/listobject.c (ins1, list_ass_slice).
"""

import libcst as cst

from hasten.fix.rules.context import COMPREHENSIONS, Context, Prescription
from hasten.fix.rules.membership_set import is_list
from hasten.fix.rules.module_level import need
from hasten.fix.rules.values import local_values, plain_arguments

KIND = "deque for a queue"
FACTORS = (1.0, 186.0)
_COMMON_METHODS = {"append": 1, "extend": 1, "clear": 0, "reverse": 0}
_READERS = ("len", "sum", "min", "max", "any", "all", "sorted", "list", "tuple", "set", "frozenset", "bool")


def find(context):
    names = {}
    for call in context.inside_function(cst.Call):
        if _end_call(call) is not None and context.outermost_loop(call) is not None:
            names.setdefault(call.func.value.value, []).append(call)
    for name, calls in names.items():
        prescription = _prescribe(context, name, calls)
        if prescription is not None:
            yield prescription


def _end_call(call):
    """`popleft` for `q.pop(0)`, `appendleft` for `q.insert(0, x)`, else None."""
    if not (isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.Name)):
        return None
    values = plain_arguments(call)
    if not values or not (isinstance(values[0], cst.Integer) and values[0].value == "0"):
        return None
    return {("pop", 1): "popleft", ("insert", 2): "appendleft"}.get((call.func.attr.value, len(values)))


def _prescribe(context, name, calls):
    values = local_values(context, name)
    if values is None or context.captured(name) or not all(_is_new_list(context, v) for v in values):
        return None
    if any(context.in_try(call) for call in calls):
        return None
    source = context.source
    deque, additions, added = need(context, "collections", "deque")
    edits = []
    for node in context.uses(name, context.node.body):
        if context._binds(node):
            continue
        call = context.parent(context.parent(node))
        if isinstance(call, cst.Call) and call.func is context.parent(node) and _end_call(call) is not None:
            if any(a in calls for a in context.ancestors(call)):
                return None
            inner = source.code(call.args[1].value) if len(call.args) == 2 else ""
            edits.append(source.replace(call, f"{name}.{_end_call(call)}({inner})"))
        elif not _is_shared_use(context, name, node):
            return None
    for value in values:
        edits.append(source.replace(value, _made(context, value, deque)))
    for binding in context.bindings(name):
        annotated = context.parent(binding)
        if isinstance(annotated, cst.AnnAssign):
            edit = _annotation(source, annotated.annotation.annotation, deque)
            if edit is None:
                return None
            edits.append(edit)
    lines = [source.lines(call) for call in calls]
    return Prescription(KIND, f"`{name}` as a deque", lines[0][0], edits, (min(a for a, _ in lines), max(b for _, b in lines)),
                        additions=additions, added_names=added, sized=(name,), pays="deque")


def _is_new_list(context, value):
    """A list by its form, or from a plain function of this file that ends with one in each of its returns."""
    if not (isinstance(value, cst.Call) and isinstance(value.func, cst.Name)) or is_list(context, value):
        return is_list(context, value)
    functions = [f for f in context.source.functions if f.qualname == value.func.value]
    if len(functions) != 1 or context.times_bound(value.func.value) != 1 or context.bindings(value.func.value):
        return False
    maker = functions[0]
    if maker.is_generator or maker.node.decorators or maker.node.asynchronous is not None:
        return False
    inside = Context(context.source, maker)
    returns = inside.inside_function(cst.Return)
    return bool(returns) and all(r.value is not None and is_list(inside, r.value) for r in returns)


def _is_shared_use(context, name, node):
    """A use that a deque answers exactly as a list does."""
    parent = context.parent(node)
    if isinstance(parent, cst.Attribute):
        call = context.parent(parent)
        if not (isinstance(call, cst.Call) and call.func is parent):
            return False
        values = plain_arguments(call)
        method = parent.attr.value
        return values is not None and (_COMMON_METHODS.get(method) == len(values) or method == "pop" and not values)
    if isinstance(parent, cst.Subscript) and parent.value is node:
        return len(parent.slice) == 1 and isinstance(parent.slice[0].slice, cst.Index) and (
            context.source.code(parent.slice[0].slice.value) in ("0", "-1"))
    if isinstance(parent, cst.Arg):
        call = context.parent(parent)
        return (isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value in _READERS
                and context.is_builtin(call.func.value) and call.args[0] is parent and not parent.star)
    if isinstance(parent, cst.ComparisonTarget):
        return isinstance(parent.operator, (cst.In, cst.NotIn))
    if isinstance(parent, (cst.For, cst.CompFor)) and parent.iter is node:
        scope = parent if isinstance(parent, cst.For) else next(
            a for a in context.ancestors(parent) if isinstance(a, COMPREHENSIONS))
        return not context.mutated_in(name, scope) and not isinstance(scope, cst.GeneratorExp)
    return _is_truth(context, node)


def _is_truth(context, node):
    """Only whether it is empty is asked: `while q`, `if q and x`, `not q`."""
    child, parent = node, context.parent(node)
    while isinstance(parent, cst.BooleanOperation):
        child, parent = parent, context.parent(parent)
    if isinstance(parent, cst.UnaryOperation):
        return isinstance(parent.operator, cst.Not)
    return isinstance(parent, (cst.While, cst.If, cst.IfExp)) and parent.test is child


def _made(context, value, deque):
    code = context.source.code(value)
    if isinstance(value, cst.List) and not value.elements:
        return f"{deque}()"
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Name) and value.func.value == "list":
        return deque + code[code.index("("):] if not value.lpar else f"{deque}({code})"
    return f"{deque}({code})"


def _annotation(source, annotation, deque):
    """`list` or `list[...]` renamed; an annotation of a local name is never evaluated."""
    named = annotation.value if isinstance(annotation, cst.Subscript) else annotation
    if isinstance(named, cst.Name) and named.value in ("list", "List"):
        return source.replace(named, deque)
    return None
