"""A look-up that often fails is tested first, instead of being tried and caught.

What it sees: `try: v = d[k]` with `except KeyError: v = default`; the same with return; and `try: d[k] += x` or
`d[k].append(x)` with `except KeyError:` and any handler that does not use the exception, where d is a plain dict.
Evidence needed: the statement's lines give a ceiling above 1.1; a parameter or global d is exactly a dict at every judged call.
Why it is slow: raising and catching costs some 0.3-0.5 us, a test 0.03 us. Where the key is nearly always there,
try costs nothing and the test something: then it is refused by measurement.
Prescription: `v = d.get(k, default)` where the default is a constant or a name; else `if k in d:` and `else:`.
Expected gain: 1/(1-p+p/f), f from 0.9 (never raised) to 6 (always).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: a defaultdict or another dict with __missing__ (refused at the call by its type); a key whose
__hash__ or __eq__ raises KeyError; another thread that takes the key away between test and look-up; a handler in which something asks for the current exception. A value None in d stays
None, as it was. Keys, defaults and d must be names, attributes or constants, which raise no KeyError themselves.
Sources: docs.python.org/3/library/stdtypes.html#dict.get; CPython Objects/exception_handling_notes.txt.
"""

import libcst as cst

from hasten.fix.rules.context import Prescription, walk
from hasten.fix.rules.values import is_constant, is_dict, is_simple, is_surely
from hasten.fix.source import Edit

KIND = "tested instead of caught"
FACTORS = (0.9, 6.0)
_OF_EXCEPTIONS = (cst.Raise, cst.Try, cst.Yield, cst.Await, cst.FunctionDef, cst.ClassDef, cst.Lambda)


def find(context):
    source = context.source
    for node in context.inside_function(cst.Try):
        if len(node.handlers) != 1 or node.orelse is not None or node.finalbody is not None:
            continue
        handler = node.handlers[0]
        if handler.name is not None or not isinstance(handler.type, cst.Name) or handler.type.value != "KeyError" or (
                not context.is_builtin("KeyError")):
            continue
        tried, caught = _one(node.body), handler.body
        lookup = _lookup(context, tried)
        if lookup is None:
            continue
        d, key, requires = lookup
        edits = _get(context, node, tried, _one(caught), d, key) or _branches(context, node, handler, d, key)
        if edits is not None:
            yield Prescription(KIND, f"`{source.code(d)}` asked instead of tried", source.line(node), edits,
                               source.lines(node), requires=requires)


def _one(body):
    """The one simple statement of a block, or None."""
    if isinstance(body, cst.IndentedBlock) and len(body.body) == 1 and isinstance(body.body[0], cst.SimpleStatementLine) and (
            len(body.body[0].body) == 1):
        return body.body[0].body[0]
    return None


def _lookup(context, statement):
    """(d, k, requires) of the one place where the statement can raise KeyError, or None."""
    if isinstance(statement, cst.Assign):
        if len(statement.targets) != 1 or not isinstance(statement.targets[0].target, cst.Name):
            return None
        node = statement.value
    elif isinstance(statement, cst.Return):
        node = statement.value
    elif isinstance(statement, cst.AugAssign):
        if not is_simple(statement.value):
            return None
        node = statement.target
    elif isinstance(statement, cst.Expr) and isinstance(statement.value, cst.Call):
        call = statement.value
        if not (isinstance(call.func, cst.Attribute) and call.func.attr.value in ("append", "add") and len(call.args) == 1
                and not call.args[0].star and is_simple(call.args[0].value)):
            return None
        node = call.func.value
    else:
        return None
    if not (isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index)):
        return None
    d, key = node.value, node.slice[0].slice.value
    if not isinstance(d, (cst.Name, cst.Attribute)) or not is_simple(d) or not is_simple(key):
        return None
    if isinstance(d, cst.Name) and context.is_seen(d.value, ["dict"]):
        return d, key, {d.value: ["dict"]}
    return (d, key, {}) if is_surely(context, d, is_dict) else None


def _get(context, node, tried, caught, d, key):
    """`v = d.get(k, default)`, or None."""
    source = context.source
    head = None
    if isinstance(tried, cst.Assign) and isinstance(caught, cst.Assign) and len(caught.targets) == 1 and source.code(
            caught.targets[0].target) == tried.targets[0].target.value:
        head = tried.targets[0].target.value + " = "
    elif isinstance(tried, cst.Return) and isinstance(caught, cst.Return):
        head = "return "
    if head is None or "#" in source.code(node):
        return None
    default = caught.value
    if default is not None and not is_constant(default) and not (
            isinstance(default, cst.Name) and default.value in context.parameters and not context.bindings(default.value)):
        return None  # a name that is bound later or not at all must not be asked for before it is needed
    more = "" if default is None or source.code(default) == "None" else f", {source.code(default)}"
    line = f"{head}{source.code(d)}.get({source.code(key)}{more})"
    start = source.span(node)[0]
    end = source.span(caught)[1]
    return [Edit(start, end, line)]


def _branches(context, node, handler, d, key):
    """`if k in d:` and `else:` in the places of try and except."""
    if any(True for _ in walk(handler.body, _OF_EXCEPTIONS)):
        return None
    names = {n.value for n in walk(handler.body, (cst.Name, cst.Attribute)) if isinstance(n, cst.Name)}
    if names & {"sys", "traceback", "logging", "log", "logger"}:
        return None
    source = context.source
    raw = source.text.encode("utf-8", "surrogatepass")
    start = source.span(node)[0]
    at = source.span(handler)[0]
    type_end = source.span(handler.type)[1]
    if raw[start:start + 4] != b"try:" or raw[type_end:type_end + 1] != b":":
        return None
    only = _one(handler.body)
    if isinstance(only, cst.Pass) and "#" not in source.code(handler):
        return [Edit(start, start + 3, f"if {source.code(key)} in {source.code(d)}"),
                Edit(source.line_start(source.line(handler)), source.line_start(source.line(only) + 1), "")]
    return [Edit(start, start + 3, f"if {source.code(key)} in {source.code(d)}"), Edit(at, type_end, "else")]
