"""A __hash__ that gives many values one hash becomes the hash of a tuple of what __eq__ compares.

What it sees: a class whose __hash__ returns a constant, or a sum, product or exclusive or of attributes, and whose __eq__ is where
the time goes.
Evidence needed: the lines of __eq__ give a ceiling above 1.1: sets and dictionaries of such objects compare
where they should only look.
Why it is slow: objects with one hash stand in one chain, and each look-up compares with all of them: of 10 000 points of a
100 x 100 grid, x + y makes 199 different hashes.
Prescription: `return hash((self.x, self.y))`.
Expected gain: 7.6 times for such a grid; a constant costs the square of the number of objects.
How it is verified: by whole-program runs, whose output must be there to be compared. Not at calls: other hashes change the
order in which sets are iterated over, so that single calls do not have to agree.
When it is wrong: attributes that may be equal and of unequal hash, or that cannot be hashed; a program whose output hangs on
the order of a set.
Sources: docs.python.org/3/reference/datamodel.html#object.__hash__ ("pack them into a tuple and hash the tuple").
"""

import libcst as cst

from hasten.fix.rules.context import Prescription, walk
from hasten.fix.rules.values import builtin_call, is_constant

KIND = "hash that tells apart"
FACTORS = (1.0, 100.0)


def find(context):
    if context.node.name.value != "__eq__":
        return
    block = context.parent(context.node)
    owner = context.parent(block) if isinstance(block, cst.IndentedBlock) else None
    if not isinstance(owner, cst.ClassDef):
        return
    methods = {s.name.value: s for s in block.body if isinstance(s, cst.FunctionDef)}
    if "__hash__" not in methods:
        return
    returned = [r.value for r in walk(methods["__hash__"].body, (cst.Return,))]
    if len(returned) != 1 or returned[0] is None:
        return
    weak = returned[0]
    name, values = builtin_call(context, weak, ("hash",), 1)
    if name is not None:
        weak = values[0]
    attributes = list(dict.fromkeys(context.source.code(a) for a in walk(methods["__eq__"].body, (cst.Attribute,))
                                    if isinstance(a.value, cst.Name) and a.value.value == "self" and not _is_called(context, a)))
    if not _is_weak(weak) or not attributes:
        return
    if len(attributes) == 1 and not is_constant(weak):
        return
    text = f"hash(({', '.join(attributes)}{',' if len(attributes) == 1 else ''}))"
    yield Prescription(KIND, f"`{context.source.code(returned[0])}` is one hash for many values, `{text}` tells them apart",
                       context.source.line(returned[0]), [context.source.replace(returned[0], text)],
                       (context.function.first_line, context.function.last_line), at_calls=False)


def _is_weak(node):
    if is_constant(node):
        return True
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.BitXor, cst.Multiply, cst.BitOr, cst.BitAnd)) and (
        not any(True for _ in walk(node, (cst.Integer, cst.LeftShift))))


def _is_called(context, attribute):
    call = context.parent(attribute)
    return isinstance(call, cst.Call) and call.func is attribute
