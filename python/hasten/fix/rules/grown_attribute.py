"""Text that a loop grows on an attribute or an element is collected in a list and joined once.

What it sees: `self.text += "..."` or `d[k] += "..."` in a loop that neither looks at that text otherwise, nor binds self,
d or k anew, nor calls code that could look at it (a plain function of the file in the loop's head has ended by then), nor leaves
the function.
Evidence needed: the += lines give a ceiling above 1.1.
Why it is slow: a local name's text is extended in place; an attribute's or element's has a second reference while
it is added to, so that each += copies all the text so far.
Prescription: `text_pieces = []` before the loop, `text_pieces.append(...)` in it, and behind it
`if text_pieces: self.text += "".join(text_pieces)`.
Expected gain: 1/(1-p+p/f), f from 0.9 (ten short pieces) to 122 (8000 lines).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: an exception in the middle of the loop, after which the half-built text could be seen (not proposed
inside try, nor with raise in the loop); a property or __setitem__ that counts its calls; text that is no str
before the loop. Proposed only where every piece surely is a str.
Sources: CPython Python/ceval.c (unicode_concatenate: local names only); docs.python.org/3/faq/programming.html.
"""

import libcst as cst

from hasten.fix.rules.context import LOOPS, Prescription, walk
from hasten.fix.rules.values import is_constant, is_text, names_in, only_known_calls

KIND = "join for text in an attribute"
FACTORS = (0.9, 122.0)
_LEAVES = (cst.Return, cst.Raise, cst.Yield, cst.Await, cst.Assert, cst.Global, cst.Nonlocal)


def find(context):
    by_target = {}
    for node in context.inside_function(cst.AugAssign):
        if isinstance(node.operator, cst.AddAssign) and _is_target(node.target) and is_text(context, node.value):
            by_target.setdefault(context.source.code(node.target), []).append(node)
    for text, additions in by_target.items():
        # The outermost loop that allows it: there the pieces are joined least often.
        tried = (_prescribe(context, text, additions, loop) for loop in _loops(context, additions[0]))
        prescription = next((p for p in tried if p is not None), None)
        if prescription is not None:
            yield prescription


def _is_target(target):
    if isinstance(target, cst.Attribute):
        return isinstance(target.value, cst.Name)
    if isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name) and len(target.slice) == 1:
        index = target.slice[0].slice
        return isinstance(index, cst.Index) and (isinstance(index.value, cst.Name) or is_constant(index.value))
    return False


def _prescribe(context, target_text, additions, loop):
    target = additions[0].target
    if context.in_try(loop):
        return None
    inside = [a for a in additions if loop in context.ancestors(a)]
    source = context.source
    names = names_in(target) - ({target.attr.value} if isinstance(target, cst.Attribute) else set())
    if any(not context.is_steady(n, loop) for n in names) or any(True for _ in walk(loop, _LEAVES)):
        return None
    if not only_known_calls(context, loop, _before(context, loop)) or any(True for _ in walk(loop, (cst.FunctionDef, cst.Lambda, cst.Try, cst.With))):
        return None
    if any(not isinstance(context.parent(a), cst.SimpleStatementLine) for a in inside):
        return None
    holder = target.value.value
    if isinstance(target, cst.Attribute):
        # The same attribute of any object may be this one by another name; the object itself may be handed on.
        seen = [n for n in walk(loop, (cst.Attribute,)) if n.attr.value == target.attr.value]
        bare = [n for n in context.uses(holder, loop) if not isinstance(context.parent(n), cst.Attribute)]
    else:
        seen = context.uses(holder, loop)
        bare = []
    if len(seen) != len(inside) or bare:
        return None
    word = target.attr.value if isinstance(target, cst.Attribute) else holder
    parts = context.fresh_name(f"{word.lstrip('_')}_pieces")
    edits = [source.insert_before(loop, [f"{parts} = []"]),
             source.insert_after(loop, [f"if {parts}:", f'    {target_text} += "".join({parts})'])]
    edits += [source.replace(a, f"{parts}.append({source.code(a.value)})") for a in inside]
    lines = [source.lines(a) for a in inside]
    return Prescription(KIND, f"`{target_text}` joined once instead of grown", lines[0][0], edits,
                        (min(a for a, _ in lines), max(b for _, b in lines)), pays="join_attribute")


def _before(context, loop):
    """The call of a for statement's head, if a plain function of this file: it has ended before the first piece is there."""
    call = loop.iter if isinstance(loop, cst.For) else None
    if not (isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and context.times_bound(call.func.value) == 1):
        return ()
    plain = any(f.qualname == call.func.value and not f.is_generator and not f.node.decorators and f.node.asynchronous is None
                for f in context.source.functions)
    return (call,) if plain else ()


def _loops(context, node):
    """The loops around a statement that stand in a block, from the outermost in."""
    return [a for a in context.ancestors(node) if isinstance(a, LOOPS) and isinstance(context.parent(a), cst.IndentedBlock)][::-1]
