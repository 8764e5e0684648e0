"""NumPy arrays in a Python loop: elements as Python numbers, one array at the end, one call for all.

What it sees: in a program that imports NumPy: `a[i]`, `a[i, j]` or `for x in a` in a loop that only reads the array a
(a parameter); `a = np.append(a, x)` or `a = np.concatenate((a, x))` in a loop that does not look at a otherwise; `np.searchsorted(edges, x)` or
`if np.isin(x, table)` for each x of a list; `np.array(..., dtype=object)`.
Evidence needed: the lines give a ceiling above 1.1; a is an ndarray at every judged call.
Why it is slow: each a[i] makes a NumPy scalar (some 60 ns, and 50 for each operation on it); each np.append copies the array; each
call of a NumPy function costs 1 to 5 us, whatever it works on; arithmetic on dtype object calls a method for each element.
Prescription: `a_items = a.tolist()` before the loop; a list that is concatenated once; one call for all queries; no dtype.
Expected gain: 1/(1-p+p/f), f from 0.01 (two elements of a long array, refused by measurement) through 3.1 (all
elements), 4.2 (10 000 appends), 17 (3000 searches) to 118 (dtype object).
How it is verified: recorded calls in forked copies, in which types are compared (a float is not a numpy.float64), then
whole-program runs.
When it is wrong: integers that overflow in NumPy and do not in Python; results that keep the element's type: these differ
and are refused. An array that another name changes in the loop. Lists of mixed kinds, whose common type differs.
Sources: numpy.org/doc/stable/user/basics.types.html; numpy.org/neps/nep-0050-scalar-promotion.html.
"""

import libcst as cst

from hasten.fix.rules.context import COMPREHENSIONS, Prescription, walk
from hasten.fix.rules.module_level import module_names
from hasten.fix.rules.values import READING_METHODS, method_call

KIND = "NumPy outside the loop"
FACTORS = (0.01, 118.0)


def find(context):
    names = module_names(context, "numpy")
    if names:
        for rule in (_elements, _appends, _batches, _objects):
            yield from rule(context, names[0])


def _prescription(context, what, nodes, edits, requires=None):
    lines = [context.source.lines(n) for n in nodes]
    return Prescription(KIND, what, lines[0][0], edits, (min(a for a, _ in lines), max(b for _, b in lines)),
                        requires=requires or {})


def _place(context, node):
    """The outermost loop around a node that stands in a block, or the statement of its comprehension."""
    loop = context.outermost_loop(node)
    if loop is None and any(isinstance(a, COMPREHENSIONS) for a in context.ancestors(node)):
        loop = context.statement_line(node)
    return loop if loop is not None and isinstance(context.parent(loop), cst.IndentedBlock) else None


def _elements(context, np):
    """`a[i]` of an array that the loop only reads."""
    source = context.source
    by_name = {}
    for node in context.inside_function(cst.Subscript):
        if isinstance(node.value, cst.Name) and node.value.value in context.parameters and (
                context.is_seen(node.value.value, ["ndarray"])):
            place = _place(context, node)
            if place is not None:
                by_name.setdefault((node.value.value, place), []).append(node)
    for (name, place), subscripts in by_name.items():
        if context.captured(name) or not _only_elements(context, name, place):
            continue
        dimensions = {len(s.slice) for s in subscripts}
        if len(dimensions) != 1 or not all(isinstance(e.slice, cst.Index) and not _may_be_array(e.slice.value)
                                           for s in subscripts for e in s.slice):
            continue
        items = context.fresh_name(f"{name}_items")
        edits = [source.insert_before(place, [f"{items} = {name}.tolist()"])]
        edits += [source.replace(s, items + "".join(f"[{source.code(e.slice.value)}]" for e in s.slice)) for s in subscripts]
        yield _prescription(context, f"elements of `{name}` as Python numbers", subscripts, edits, {name: ["ndarray"]})


def _may_be_array(index):
    """An index that may be a slice, a mask, an Ellipsis or None."""
    return not isinstance(index, (cst.Name, cst.Integer, cst.BinaryOperation, cst.UnaryOperation)) or (
        isinstance(index, cst.Name) and index.value in ("None", "True", "False")) or any(
            isinstance(n, (cst.Call, cst.Subscript, cst.Tuple)) for n in walk(index, (cst.Call, cst.Subscript, cst.Tuple)))


def _only_elements(context, name, place):
    """Every use of the array in the loop reads an element, its length or its shape."""
    for node in context.uses(name, place):
        parent = context.parent(node)
        if isinstance(parent, cst.Subscript) and parent.value is node:
            holder = context.parent(parent)
            if isinstance(holder, (cst.AssignTarget, cst.Del, cst.Element)) or (
                    isinstance(holder, (cst.AugAssign, cst.For)) and holder.target is parent):
                return False
        elif isinstance(parent, cst.Attribute):
            if parent.attr.value not in ("shape", "size", "ndim"):
                return False
        elif not (isinstance(parent, cst.Arg) and isinstance(context.parent(parent), cst.Call)
                  and isinstance(context.parent(parent).func, cst.Name) and context.parent(parent).func.value == "len"):
            return False
    return True


def _appends(context, np):
    """`a = np.append(a, x)` in a loop: the pieces in a list, one concatenation behind the loop."""
    source = context.source
    groups = {}
    for assign in context.inside_function(cst.Assign):
        found = _append(context, assign, np)
        loop = context.outermost_loop(assign)
        if found is not None and loop is not None and isinstance(context.parent(assign), cst.SimpleStatementLine):
            groups.setdefault((found[0], loop), []).append((assign, found[1]))
    for (name, loop), sites in groups.items():
        # Before the first piece the name is a or was never bound: then np.append itself would have failed.
        if (not isinstance(context.parent(loop), cst.IndentedBlock) or len(context.uses(name, loop)) != 2 * len(sites)
                or context.is_declared_elsewhere(name) or context.captured(name) or context.in_try(loop)):
            continue
        if any(True for _ in walk(loop, (cst.Yield, cst.Await, cst.Return))):
            continue
        parts = context.fresh_name(f"{name}_parts")
        ravel = f"{np}.ravel"
        is_flat = all(kind == "append" for _, (kind, _) in sites)
        joined = (f"{name} = {np}.concatenate([{ravel}({name}), *map({ravel}, {parts})])" if is_flat
                  else f"{name} = {np}.concatenate([{name}, *{parts}])")
        if not is_flat and any(kind == "append" for _, (kind, _) in sites):
            continue
        edits = [source.insert_before(loop, [f"{parts} = []"]),
                 source.insert_after(loop, [f"if {parts}:", f"    {joined}"])]
        edits += [source.replace(assign, f"{parts}.append({source.code(piece)})") for assign, (_, piece) in sites]
        yield _prescription(context, f"`{name}` put together once", [a for a, _ in sites], edits)


def _append(context, assign, np):
    """(name, (kind, piece)) of `name = np.append(name, piece)` or np.concatenate((name, piece)), or None."""
    if len(assign.targets) != 1 or not isinstance(assign.targets[0].target, cst.Name):
        return None
    name = assign.targets[0].target.value
    receiver, values = method_call(assign.value, "append", 2)
    kind = "append"
    if receiver is None:
        kind = "concatenate"
        receiver, values = method_call(assign.value, "concatenate", 1)
        if receiver is None or not isinstance(values[0], (cst.Tuple, cst.List)) or len(values[0].elements) != 2:
            return None
        values = [e.value for e in values[0].elements]
    if not (isinstance(receiver, cst.Name) and receiver.value == np and isinstance(values[0], cst.Name)
            and values[0].value == name):
        return None
    piece = values[1]
    # A piece that the next round changes in place must not be kept by reference.
    if not (isinstance(piece, (cst.Integer, cst.Float, cst.BinaryOperation, cst.Call, cst.List)) or isinstance(piece, cst.Subscript)
            and kind == "append" or isinstance(piece, cst.Name) and _is_number(context, piece)):
        return None
    return name, (kind, piece)


def _is_number(context, node):
    """Surely a Python number, which nothing changes in place."""
    if isinstance(node, (cst.Integer, cst.Float)):
        return True
    if isinstance(node, cst.UnaryOperation):
        return _is_number(context, node.expression)
    if isinstance(node, cst.IfExp):
        return _is_number(context, node.body) and _is_number(context, node.orelse)
    if not isinstance(node, cst.Name) or node.value in context.parameters or context.is_declared_elsewhere(node.value):
        return False
    bindings = context.bindings(node.value)
    for binding in bindings:
        target = context.parent(binding)
        statement = context.parent(target) if isinstance(target, cst.AssignTarget) else target
        if not isinstance(statement, (cst.Assign, cst.AugAssign)) or any(
                n.value == node.value for n in walk(statement.value, (cst.Name,))) or not _is_number(context, statement.value):
            return False
    return bool(bindings)


def _batches(context, np):
    """`np.searchsorted(edges, x)` for each x of a list: one call before the loop."""
    source = context.source
    for loop in context.inside_function(cst.For):
        if not (isinstance(loop.target, cst.Name) and isinstance(loop.iter, cst.Name) and isinstance(
                context.parent(loop), cst.IndentedBlock) and loop.asynchronous is None):
            continue
        x, xs = loop.target.value, loop.iter.value
        if not context.is_seen(xs, ["list", "tuple", "ndarray"]) or xs not in context.parameters or context.bindings(x, within=loop.body) or context.captured(x):
            continue
        sites = {}
        for call in walk(loop.body, (cst.Call,)):
            for function in ("searchsorted", "isin"):
                receiver, values = method_call(call, function, 2)
                if not (isinstance(receiver, cst.Name) and receiver.value == np):
                    continue
                query, table = values if function == "isin" else values[::-1]
                if not (isinstance(query, cst.Name) and query.value == x and isinstance(table, cst.Name)
                        and context.is_steady(table.value, loop) and not _is_changed(context, table.value, loop)):
                    continue
                # isin of one value is a 0-d array, of many a row of bools: only the truth of both is the same.
                if function == "isin" and not _is_test(context, call):
                    continue
                sites.setdefault((function, table.value), []).append(call)
        for (function, table), calls in sites.items():
            at = context.fresh_name(f"{x}_{'place' if function == 'searchsorted' else 'known'}")
            arguments = f"{xs}, {table}" if function == "isin" else f"{table}, {xs}"
            if not context.is_builtin("zip") or _is_changed(context, xs, loop.body):
                continue
            edits = [source.replace(loop.target, f"{x}, {at}"), source.replace(
                loop.iter, f"zip({xs}, {np}.{function}({arguments}))")] + [source.replace(c, at) for c in calls]
            yield _prescription(context, f"one {np}.{function} for all of `{xs}`", calls, edits,
                                {xs: ["list", "tuple", "ndarray"]})


def _is_changed(context, name, place):
    for node in context.uses(name, place):
        parent = context.parent(node)
        if isinstance(parent, cst.Attribute) and parent.attr.value not in READING_METHODS | {"shape", "size", "dtype"}:
            return True
        if isinstance(parent, cst.Subscript) and not isinstance(context.parent(parent), (cst.Arg, cst.BinaryOperation, cst.Assign)):
            return True
    return bool(context.bindings(name, within=place))


def _is_test(context, call):
    child, parent = call, context.parent(call)
    while isinstance(parent, cst.BooleanOperation) or isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Not):
        child, parent = parent, context.parent(parent)
    return isinstance(parent, (cst.If, cst.IfExp, cst.CompIf)) and parent.test is child


def _objects(context, np):
    """`np.array(x, dtype=object)` without the dtype."""
    source = context.source
    for call in context.inside_function(cst.Call):
        if not (isinstance(call.func, cst.Attribute) and call.func.attr.value in ("array", "asarray") and isinstance(
                call.func.value, cst.Name) and call.func.value.value == np and len(call.args) == 2):
            continue
        dtype = call.args[1]
        if call.args[0].keyword is None and not call.args[0].star and (dtype.keyword is None or dtype.keyword.value == "dtype") and (
                isinstance(dtype.value, cst.Name) and dtype.value.value == "object" and context.is_builtin("object")):
            text = f"{source.code(call.func)}({source.code(call.args[0].value)})"
            yield _prescription(context, "an array of numbers instead of objects", [call], [source.replace(call, text)])
