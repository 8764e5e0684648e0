"""A membership test on a list, repeated in a loop, becomes a test on a set.

What it sees: `x in L` or `x not in L` inside a loop, where L is a list that the loop does not change, or
only extends by `L.append(item)`; or such a test on a module's constant list.
Evidence needed: the test's lines hold enough of the program's time that removing them would make it more
than 1.1 times faster; L is a list or a tuple at every judged call.
Why it is slow: a list is searched from its beginning, some 5 ns for each element; a set looks at one
or two places, whatever its size.
Prescription: a set built from L before the loop (and kept in step where the loop appends), and the test on it.
The list stays as it is: its order and its duplicates are used by the rest of the program.
Expected gain: 1/(1-p+p/f) with p the share of the lines and f from 1 (ten elements) to 1000 (long lists).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: elements that cannot be hashed (TypeError); classes whose __eq__ and __hash__ disagree; a
list that is changed inside the loop through another name. A short list is faster than a set: a literal one is left alone
with the number of elements from which a set pays on this machine (prices.py); the length of one that a call is given is
looked at in the watched run, and where the longest is below that number nothing is tried; others are refused by measurement.
Sources: CPython Objects/listobject.c (list_contains), Objects/setobject.c; wiki.python.org/moin/TimeComplexity.
"""

import libcst as cst

from hasten.fix.rules import prices
from hasten.fix.rules.context import COMPREHENSIONS, Prescription, Remark, walk
from hasten.fix.rules.module_level import module_assignment
from hasten.fix.rules.values import is_constant

KIND = "set for membership"
FACTORS = (1.0, 1000.0)
_LIST_MAKERS = {"list", "sorted"}
_SEQUENCES = ["list", "tuple"]


def find(context):
    by_list = {}
    for test in context.inside_function(cst.Comparison):
        target = test.comparisons[0]
        if (len(test.comparisons) == 1 and isinstance(target.operator, (cst.In, cst.NotIn))
                and isinstance(target.comparator, cst.Name)):
            by_list.setdefault(target.comparator.value, []).append(test)
    for name, tests in by_list.items():
        prescription = _in_loop(context, name, tests) or _module_constant(context, name, tests)
        if prescription is not None:
            yield _too_few(context, name, tests) or prescription


def _too_few(context, name, tests):
    """A remark where the list is a literal so short that it is faster than a set here; None where it is not."""
    found = module_assignment(context, name) if context.times_bound(name) == 1 else None
    if found is None or any(context.mutated_in(name, s) for s in context.source.wrapper.module.body if s is not found[0]):
        return None
    elements = found[1].elements if isinstance(found[1], (cst.List, cst.Tuple)) else ()
    if not elements or not all(isinstance(e, cst.Element) and is_constant(e.value) for e in elements):
        return None
    least = prices.set_pays_from("int" if all(isinstance(e.value, cst.Integer) for e in elements) else "str")
    if len(elements) >= least:
        return None
    return Remark(KIND, context.source.line(tests[0]), f"n is {len(elements)}; a set pays from {least} here",
                  context.source.lines(tests[0]))


def _in_loop(context, name, tests):
    place = _place(context, tests[0])
    if place is None:
        return None
    tests = [t for t in tests if _place(context, t) is place]
    requires = {}
    bindings = context.bindings(name)
    if context.is_declared_elsewhere(name) or context.captured(name):
        return None
    if bindings:
        if name in context.parameters or not _is_list_binding(context, bindings, place):
            return None
    elif not context.is_seen(name, _SEQUENCES):
        return None
    else:
        requires[name] = _SEQUENCES
    appends = _appends(context, name, place)
    if appends is None or context.mutated_in(name, place, except_calls=[call for call, _, _ in appends]):
        return None
    if appends and not bindings and name not in context.parameters:
        return None  # a global that grows: other functions may change it too
    source = context.source
    set_name = context.fresh_name(f"{name}_set")
    edits = [source.insert_before(place, [f"{set_name} = set({name})"])]
    edits += [source.replace(t.comparisons[0].comparator, set_name) for t in tests]
    for _, statement, item in appends:
        line = context.statement_line(statement)
        if line is not None and len(line.body) == 1:
            edits.append(source.insert_after(line, [f"{set_name}.add({item})"]))
        else:
            edits.append(source.replace(statement, f"{source.code(statement)}; {set_name}.add({item})"))
    lines = [source.lines(t) for t in tests]
    return Prescription(KIND, f"`{name}` searched through a set", lines[0][0], edits,
                        (min(a for a, _ in lines), max(b for _, b in lines)), requires=requires,
                        sized=() if appends else tuple(requires), pays="set")


def _place(context, test):
    """The statement in front of which the set is built: the outermost loop, or the line of a comprehension."""
    loop = context.outermost_loop(test)
    if loop is None and any(isinstance(a, COMPREHENSIONS) for a in context.ancestors(test)):
        loop = context.statement_line(test)
    if loop is None or not isinstance(context.parent(loop), cst.IndentedBlock):
        return None
    return loop


def _is_list_binding(context, bindings, place):
    """Bound once, in front of the place, to what is surely a list."""
    if len(bindings) != 1:
        return False
    target = context.parent(bindings[0])
    if not isinstance(target, cst.AssignTarget):
        return False
    assign = context.parent(target)
    return (isinstance(assign, cst.Assign) and len(assign.targets) == 1 and is_list(context, assign.value)
            and context.source.span(assign)[1] <= context.source.span(place)[0])


def is_list(context, value):
    if isinstance(value, (cst.List, cst.ListComp)):
        return True
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, (cst.Multiply, cst.Add)):
        return is_list(context, value.left) or is_list(context, value.right)
    if isinstance(value, cst.Call):
        if isinstance(value.func, cst.Name):
            return value.func.value in _LIST_MAKERS and context.is_builtin(value.func.value)
        if isinstance(value.func, cst.Attribute):
            return value.func.attr.value in ("split", "rsplit", "splitlines")
    return False


def _appends(context, name, place):
    """[(call, its statement, the item again)] of `name.append(item)`; None if the list grows in another way."""
    found = []
    for call in walk(place, (cst.Call,)):
        if not (isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.Name)
                and call.func.value.value == name and call.func.attr.value == "append"):
            continue
        statement = context.parent(call)
        if not (isinstance(statement, cst.Expr) and len(call.args) == 1 and not call.args[0].star
                and call.args[0].keyword is None):
            return None
        item = call.args[0].value
        # Any other expression is not evaluated twice: the list knows what it was.
        found.append((call, statement, item.value if isinstance(item, cst.Name) else f"{name}[-1]"))
    return found


def _module_constant(context, name, tests):
    """A list assigned once at module level and changed nowhere in the file: a companion set beside it."""
    module = context.source.wrapper.module
    if name in context.parameters or context.bindings(name):
        return None
    holders = []
    for statement in module.body:
        if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
            assign = statement.body[0]
            if (isinstance(assign, cst.Assign) and len(assign.targets) == 1 and isinstance(assign.targets[0].target, cst.Name)
                    and assign.targets[0].target.value == name and is_list(context, assign.value)):
                holders.append((statement, assign.targets[0].target))
    if len(holders) != 1:
        return None
    statement, target = holders[0]
    for other in module.body:
        if other is not statement and context.mutated_in(name, other):
            return None
    source = context.source
    set_name = context.fresh_name(f"{name}_SET" if name.isupper() else f"{name}_set")
    lines = [source.lines(t) for t in tests]
    return Prescription(KIND, f"`{name}` searched through a set", lines[0][0],
                        [source.replace(t.comparisons[0].comparator, set_name) for t in tests],
                        (min(a for a, _ in lines), max(b for _, b in lines)),
                        additions=[source.insert_after(statement, [f"{set_name} = frozenset({name})"])],
                        added_names=(set_name,), requires={name: ["list"]}, sized=(name,), pays="set")
