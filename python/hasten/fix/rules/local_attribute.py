"""An attribute that a loop reads in every round is read once, on the Pythons where that pays.

What it sees: `module.function` of an imported module, and `self.x` where the loop binds neither self nor any x and runs
no code that could, read straight in the body of a loop. On CPython 3.11 only.
Evidence needed: the lines give a ceiling above 1.1.
Why it is slow: 3.11 looks a module up among the globals and its function in the module's dictionary, each time, 2 to 5 ns
each; from 3.12 on the specialised instructions cost no more than a local name.
Prescription: `math_sqrt = math.sqrt` before the outermost loop, and the name in it.
Expected gain: 1/(1-p+p/f), f from 1.0 (one square root in a line) to 1.3 (math.sin(math.cos(x))).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: a program that replaces math.sqrt while the loop runs; a property that counts or computes anew; an attribute
that is missing, in a loop with no round.
Sources: docs.python.org/3/whatsnew/3.12.html (LOAD_ATTR), peps.python.org/pep-0659; perflint W8202 (by syntax alone).
"""

import libcst as cst

from hasten._compat import VERSION, reads_attributes_slowly
from hasten.fix.rules.context import COMPREHENSIONS, LOOPS, SCOPES, Prescription, walk
from hasten.fix.rules.module_level import module_names
from hasten.fix.rules.values import only_known_calls

KIND = "attribute read once"
FACTORS = (1.0, 1.3)
_MODULES = ("math", "cmath", "operator", "bisect", "heapq")  # functions as quick as their look-up


def find(context, version=VERSION):
    if not reads_attributes_slowly(version):
        return
    modules = {name for module in _MODULES for name in module_names(context, module)}
    groups = {}
    for node in context.inside_function(cst.Attribute):
        if isinstance(node.value, cst.Name) and (node.value.value in modules or node.value.value in context.parameters):
            loop = _loop(context, node, node.value.value in modules)
            if loop is not None:
                groups.setdefault((context.source.code(node), loop), []).append(node)
    for (text, loop), nodes in groups.items():
        source = context.source
        name = context.fresh_name(text.replace(".", "_"))
        lines = [source.lines(n) for n in nodes]
        yield Prescription(KIND, f"`{text}` read once", lines[0][0],
                           [source.insert_before(loop, [f"{name} = {text}"])] + [source.replace(n, name) for n in nodes],
                           (min(a for a, _ in lines), max(b for _, b in lines)))


def _loop(context, node, is_module):
    """The outermost loop before which the attribute may be read, or None."""
    parent = context.parent(node)
    if isinstance(parent, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.Del, cst.Element, cst.For)) and not (
            isinstance(parent, (cst.AugAssign, cst.AnnAssign)) and parent.value is node
            or isinstance(parent, cst.For) and parent.iter is node
            or isinstance(parent, cst.Element) and isinstance(context.parent(parent), cst.Tuple) and is_module):
        return None
    is_called = isinstance(parent, cst.Call) and parent.func is node
    if not is_module and is_called:
        return None  # a method of the program's own: unknown code, which may bind anything
    best, child = None, node
    for ancestor in context.ancestors(node):
        if isinstance(ancestor, (*SCOPES, *COMPREHENSIONS, cst.Try)):
            break
        if isinstance(ancestor, LOOPS):
            if isinstance(ancestor, cst.For) and child is ancestor.iter:
                child = ancestor
                continue
            if not context.is_steady(node.value.value, ancestor):
                break
            if not is_module and (not only_known_calls(context, ancestor) or _is_bound(context, node.attr.value, ancestor)
                                  or not _is_reached(context, node, ancestor)):
                break
            if isinstance(context.parent(ancestor), cst.IndentedBlock):
                best = ancestor
        child = ancestor
    return best


def _is_bound(context, attribute, loop):
    for node in walk(loop, (cst.Attribute,)):
        if node.attr.value != attribute:
            continue
        parent = context.parent(node)
        if isinstance(parent, (cst.AssignTarget, cst.Del, cst.Element, cst.AsName)) or (
                isinstance(parent, (cst.AugAssign, cst.AnnAssign, cst.For, cst.CompFor)) and parent.target is node):
            return True
    return False


def _is_reached(context, node, loop):
    """The loop's first round surely reads it."""
    statement = context.statement_line(node)
    return statement is not None and loop.body.body and context.parent(statement) is loop.body and (
        statement is loop.body.body[0])
