"""A list comprehension that is only reduced is not built.

What it sees: any([...]), all([...]), sum([...]), min([...]), max([...]), set([...]) over a list comprehension.
Evidence needed: the line's time gives a ceiling above 1.1.
Why it is slow: the list is built in full and thrown away; any and all could have stopped at the first answer.
Prescription: the same comprehension without brackets (a generator); for set a set comprehension.
Expected gain: 1/(1-p+p/f), f from 0.7 (a generator resumes for each element, which costs more than it saves: the
common case of sum, refused by measurement) to 100 (any or all that stops early).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: elements whose evaluation has effects or raises, behind the one that decides any or all; a
StopIteration raised in an element, which a generator turns into RuntimeError (not proposed where next() is called).
Sources: PEP 289; PEP 479; docs.python.org/3/library/functions.html#all.
"""

import libcst as cst

from hasten.fix.rules.context import Prescription, walk

KIND = "no list for a reduction"
FACTORS = (0.7, 100.0)
_REDUCERS = ("any", "all", "sum", "min", "max", "set")


def find(context):
    for call in context.inside_function(cst.Call):
        if not (isinstance(call.func, cst.Name) and call.func.value in _REDUCERS and call.args):
            continue
        comprehension = call.args[0].value
        if (not isinstance(comprehension, cst.ListComp) or call.args[0].star or call.args[0].keyword is not None
                or not context.is_builtin(call.func.value) or _unsafe(comprehension)):
            continue
        if call.func.value in ("min", "max") and any(a.keyword is None for a in call.args[1:]):
            continue  # min(list, other) compares the list itself
        source = context.source
        inner = source.code(comprehension)
        if comprehension.lpar or not (inner.startswith("[") and inner.endswith("]")):
            continue
        inner = inner[1:-1]
        if call.func.value == "set" and len(call.args) == 1:
            edit = source.replace(call, f"{{{inner}}}")
        else:
            edit = source.replace(comprehension, inner if len(call.args) == 1 else f"({inner})")
        yield Prescription(KIND, f"{call.func.value}() without the list", source.line(call), [edit], source.lines(call))


def _unsafe(comprehension):
    if any(isinstance(n, (cst.Await, cst.NamedExpr)) for n in walk(comprehension, (cst.Await, cst.NamedExpr))):
        return True
    if any(c.asynchronous for c in walk(comprehension, (cst.CompFor,))):
        return True
    return any(n.value == "next" for n in walk(comprehension, (cst.Name,)))
