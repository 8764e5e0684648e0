"""A constant table that each call builds again is built once, when the program starts.

What it sees: a local `table = {...}`, `[...]`, frozenset or a comprehension over constants, whose entries are all
constants and which the function only reads; or such a literal that is indexed or searched where it stands.
Evidence needed: the lines that build it give a ceiling above 1.1.
Why it is slow: a literal of n entries costs some 10 to 30 ns an entry, at each call; a global name costs 2 ns.
Prescription: the table as `_f_table` in front of the function, and `table = _f_table` where it stood.
Expected gain: 1/(1-p+p/f), f from 1.5 (eight entries, the look-up included) to 1000.
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: a function whose table is changed by what it is handed to: a table that is returned, stored, captured,
handed on or changed is left alone, and so are entries that could change. `x in {1, 2, 3}` and `x in [1, 2, 3]` are left alone
too: the compiler makes a constant of them.
Sources: CPython Python/compile.c (constants are folded for tuples and for membership only).
"""

import libcst as cst

from hasten.fix.rules.context import COMPREHENSIONS, Prescription, walk
from hasten.fix.rules.module_level import before_function, constant_name
from hasten.fix.rules.values import builtin_call, is_constant

KIND = "table built at the start"
FACTORS = (1.5, 1000.0)
ENTRIES_MIN = 4
_READERS = ("len", "sum", "min", "max", "any", "all", "sorted", "list", "tuple", "set", "frozenset", "enumerate", "zip")
_METHODS = frozenset({"get", "items", "keys", "values", "index", "count"})


def find(context):
    source = context.source
    made = {}
    for assign in context.inside_function(cst.Assign):
        target = assign.targets[0].target
        if len(assign.targets) != 1 or not isinstance(target, cst.Name) or not _is_table(context, assign.value):
            continue
        name = target.value
        if len(context.bindings(name)) != 1 or name in context.parameters or context.is_declared_elsewhere(name) or (
                context.captured(name)) or not all(_is_read(context, n) for n in context.uses(name, context.node.body)
                                                   if n is not target):
            continue
        yield _prescription(context, made, name, assign.value)
    for node in context.inside_function(cst.Dict, cst.List):
        parent = context.parent(node)
        is_indexed = isinstance(parent, cst.Subscript) and parent.value is node and isinstance(parent.slice[0].slice, cst.Index)
        is_asked = isinstance(parent, cst.Attribute) and parent.attr.value in ("get", "index") and isinstance(
            context.parent(parent), cst.Call)
        if (is_indexed or is_asked) and _is_table(context, node) and "\n" not in source.code(node):
            yield _prescription(context, made, "table", node)


def _prescription(context, made, word, value):
    source = context.source
    name = constant_name(context, word.lstrip("_"), made)
    made[name] = value
    text = source.code(value)
    return Prescription(KIND, f"{word} built once", source.line(value), [source.replace(value, name)], source.lines(value),
                        additions=[before_function(context, [f"{name} = {text}"])], added_names=(name,))


def _is_table(context, value):
    """A display or comprehension of constants that is worth a name."""
    if getattr(value, "lpar", ()) or any(True for _ in walk(value, (cst.FormattedString,))):
        return False
    if isinstance(value, (cst.List, cst.Set)):
        return len(value.elements) >= ENTRIES_MIN and all(isinstance(e, cst.Element) and is_constant(e.value) for e in value.elements)
    if isinstance(value, cst.Dict):
        return len(value.elements) >= ENTRIES_MIN and all(
            isinstance(e, cst.DictElement) and is_constant(e.key) and is_constant(e.value) for e in value.elements)
    if isinstance(value, (cst.ListComp, cst.SetComp, cst.DictComp)):
        return _is_closed(context, value)
    name, values = builtin_call(context, value, ("set", "frozenset", "list", "dict", "sorted", "tuple"), 1)
    if name is not None:
        inner = values[0]
        if isinstance(inner, (cst.List, cst.Tuple, cst.Set)):
            return len(inner.elements) >= ENTRIES_MIN and all(is_constant(e.value) for e in inner.elements)
        if builtin_call(context, inner, ("range",))[0] is not None:
            return name != "dict" and all(is_constant(a.value) for a in inner.args)
        return isinstance(inner, cst.SimpleString) and len(inner.evaluated_value) >= ENTRIES_MIN and name != "dict"
    return False


def _is_closed(context, comprehension):
    """It reads nothing but constants and its own names, and calls only what makes constants of constants."""
    own = {n.value for part in walk(comprehension, (cst.CompFor,)) for n in walk(part.target, (cst.Name,))}
    for part in walk(comprehension, (cst.CompFor,)):
        if part.asynchronous is not None or not (builtin_call(context, part.iter, ("range",))[0] or isinstance(
                part.iter, (cst.List, cst.Tuple, cst.SimpleString))):
            return False
    called = ("range", "chr", "ord", "str", "int", "float", "len", "abs", "min", "max", "pow", "hex", "bin", "round")
    for call in walk(comprehension, (cst.Call,)):
        if not (isinstance(call.func, cst.Name) and call.func.value in called and context.is_builtin(call.func.value)):
            return False
    parts = [comprehension.key, comprehension.value] if isinstance(comprehension, cst.DictComp) else [comprehension.elt]
    if any(isinstance(n, (cst.List, cst.Dict, cst.Set, *COMPREHENSIONS, cst.Lambda, cst.NamedExpr))
           for part in parts for n in walk(part, (cst.CSTNode,))):
        return False  # an entry that could be changed
    return all(n.value in own or n.value in called or n.value in ("True", "False", "None")
               for n in walk(comprehension, (cst.Name,)))


def _is_read(context, node):
    """A use that neither changes the table nor lets it out."""
    parent = context.parent(node)
    if isinstance(parent, cst.ComparisonTarget):
        return isinstance(parent.operator, (cst.In, cst.NotIn))
    if isinstance(parent, cst.Subscript) and parent.value is node:
        holder = context.parent(parent)
        return isinstance(parent.slice[0].slice, cst.Index) and not isinstance(holder, (cst.AssignTarget, cst.Del)) and not (
            isinstance(holder, (cst.AugAssign, cst.AnnAssign, cst.For, cst.CompFor)) and holder.target is parent) and not isinstance(
                holder, (cst.Element, cst.AsName))
    if isinstance(parent, (cst.For, cst.CompFor)):
        return parent.iter is node and _is_in_this_function(context, parent)
    if isinstance(parent, cst.Attribute):
        call = context.parent(parent)
        if not (isinstance(call, cst.Call) and call.func is parent and parent.attr.value in _METHODS):
            return False
        if parent.attr.value in ("get", "index", "count"):
            return True
        user = context.parent(call)  # a view of the table must not get out
        return isinstance(user, (cst.For, cst.CompFor)) and user.iter is call and _is_in_this_function(context, user)
    if isinstance(parent, cst.Arg):
        call = context.parent(parent)
        return isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value in _READERS and (
            context.is_builtin(call.func.value)) and (call.func.value not in ("enumerate", "zip")
                                                      or isinstance(context.parent(call), (cst.For, cst.CompFor)))
    return False


def _is_in_this_function(context, loop):
    """Not in a generator expression, which may read the table later (it could do no harm, but it holds it)."""
    return isinstance(loop, cst.For) or not any(isinstance(a, cst.GeneratorExp) for a in context.ancestors(loop))
