"""A call whose answer cannot change in a loop is made once, before it.

What it sees: in a loop's condition or straight in its body: `len(x)` of something that the loop does not change,
`sum(x)` of a list or tuple,
functions of math, methods of text without arguments (`s.lower()`), and pure functions of the module (arithmetic on numbers and
text, as for kept answers), on names that the loop does not bind anew.
Evidence needed: the lines of the calls give a ceiling above 1.1; the arguments have the types meant at every judged call.
Why it is slow: each round pays a look-up and a call, 0.03 to 0.1 us and the work itself: `s.lower()` copies s.
Prescription: `x_len = len(x)` before the outermost loop in which nothing changes, and the name in it.
Expected gain: 1/(1-p+p/f), f from 1.05 (a len in a full line) to 54 (a method that copies a text of 2000).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: an x that the loop changes through another name or through code that it calls; a loop with no
round at all, where the call now happens once and may raise (math.sqrt(-1)). Calls behind an if, and or a possible
continue are left where they are, except len and methods of text, which cannot raise for their types.
Sources: wiki.python.org/moin/PythonSpeed/PerformanceTips; perflint W8201 (by syntax alone).
"""

import libcst as cst

from hasten.fix.rules.cached_function import PLAIN_TYPES, is_pure
from hasten.fix.rules.context import COMPREHENSIONS, LOOPS, SCOPES, Context, Prescription, walk
from hasten.fix.rules.membership_set import is_list
from hasten.fix.rules.module_level import library_call
from hasten.fix.rules.values import (MAPPINGS, READING_METHODS, SEQUENCES, SETS, TEXT_METHODS, builtin_call, is_constant,
                                     is_keyed, is_surely, is_text, local_values, only_known_calls,
                                     plain_arguments)

KIND = "called once before the loop"
FACTORS = (1.05, 54.0)
_SIZED = SEQUENCES + MAPPINGS + SETS + ["str", "bytes", "range", "deque"]
_MATH = frozenset({"sqrt", "sin", "cos", "tan", "exp", "log", "log2", "log10", "floor", "ceil", "atan2", "hypot", "pow", "radians",
                   "degrees", "factorial", "gcd", "comb", "isqrt", "fabs", "copysign", "fmod"})
_NO_ARGUMENTS = frozenset({"lower", "upper", "strip", "lstrip", "rstrip", "casefold", "title", "capitalize", "swapcase", "split",
                           "splitlines", "isdigit", "isalpha", "isalnum", "isspace", "islower", "isupper"}) & TEXT_METHODS
_IMMUTABLE_ANSWER = _NO_ARGUMENTS - {"split", "splitlines"}


def find(context):
    groups = {}
    for call in context.inside_function(cst.Call):
        found = _kind(context, call)
        if found is None or "\n" in context.source.code(call):
            continue
        names, requires, is_list_like, can_raise, word = found
        loop = _loop(context, call, names, can_raise, not is_list_like)
        if loop is not None:
            groups.setdefault((context.source.code(call), loop), []).append((call, requires, word))
    taken = set()
    for (text, loop), sites in groups.items():
        source = context.source
        name = context.fresh_name(sites[0][2])
        while name in taken:
            name += "_"
        taken.add(name)
        edits = [source.insert_before(loop, [f"{name} = {text}"])]
        edits += [source.replace(call, name) for call, _, _ in sites]
        lines = [source.lines(call) for call, _, _ in sites]
        yield Prescription(KIND, f"`{text}` called once", lines[0][0], edits,
                           (min(a for a, _ in lines), max(b for _, b in lines)), requires=sites[0][1])


def _kind(context, call):
    """(names that it depends on, required types, is it the length of a container, can it raise, a name for the answer), or None."""
    name, values = builtin_call(context, call, ("len",), 1)
    if name is not None and isinstance(values[0], cst.Name):
        x = values[0].value
        if context.is_seen(x, _SIZED):
            return [x], {x: _SIZED}, True, False, f"{x}_len"
        if is_surely(context, values[0], lambda c, v: is_list(c, v) or is_keyed(c, v) or is_text(c, v)):
            return [x], {}, True, False, f"{x}_len"
        return None
    name, values = builtin_call(context, call, ("sum",), 1)
    if name is not None and isinstance(values[0], cst.Name) and context.is_seen(values[0].value, SEQUENCES):
        x = values[0].value
        return [x], {x: SEQUENCES}, True, True, f"{x}_sum"
    if library_call(context, call, "math") in _MATH:
        values = plain_arguments(call)
        names = [v.value for v in values or () if isinstance(v, cst.Name) and not is_constant(v)]
        if not names or len(names) + sum(map(is_constant, values)) != len(values):
            return None
        requires = {x: ["int", "float"] for x in names if context.is_seen(x, ["int", "float"])}
        if any(x not in requires and not is_surely(context, cst.Name(x), _is_plain_number) for x in names):
            return None
        return names, requires, False, True, f"{names[0]}_{library_call(context, call, 'math')}"
    if isinstance(call.func, cst.Name):
        return _own_function(context, call)
    if isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.Name) and (
            call.func.attr.value in _IMMUTABLE_ANSWER and not call.args):
        x = call.func.value.value
        if context.is_seen(x, ["str"]):
            return [x], {x: ["str"]}, False, False, f"{x}_{call.func.attr.value}"
        if is_surely(context, call.func.value, is_text):
            return [x], {}, False, False, f"{x}_{call.func.attr.value}"
    return None


def _own_function(context, call):
    """The same for a pure function of the module, on names and constants."""
    values = plain_arguments(call)
    names = [v.value for v in values or () if isinstance(v, cst.Name) and not is_constant(v)]
    if not names or len(names) + sum(map(is_constant, values)) != len(values):
        return None
    word = call.func.value
    definitions = [f for f in context.source.functions if f.qualname == word]
    if len(definitions) != 1 or definitions[0].node is context.node or context.times_bound(word) != 1 or definitions[0].node.decorators:
        return None
    own = Context(context.source, definitions[0])
    if definitions[0].is_generator or definitions[0].node.asynchronous is not None or not own.parameters or not is_pure(own):
        return None
    kinds = [*PLAIN_TYPES, "float"]
    requires = {x: kinds for x in names if context.is_seen(x, kinds)}
    if any(x not in requires and not is_surely(context, cst.Name(x), _is_plain_number) for x in names):
        return None
    return names, requires, False, True, f"{word.lstrip('_')}_of_{names[0]}"


def _is_plain_number(context, value):
    return isinstance(value, (cst.Integer, cst.Float)) or builtin_call(context, value, ("int", "float", "len"))[0] is not None


def _loop(context, call, names, can_raise, is_immutable):
    """The outermost loop, or statement with a comprehension, before which the call may stand, or None."""
    best = None
    is_once = False  # below the first iterable of a comprehension, which is evaluated once
    child = call
    for ancestor in context.ancestors(call):
        if isinstance(ancestor, (*SCOPES, cst.GeneratorExp, cst.Try)):
            break  # code that runs at another time, or a place where an exception would be caught
        if isinstance(ancestor, cst.CompFor) and child is ancestor.iter:
            is_once = isinstance(context.parent(ancestor), COMPREHENSIONS)
        if isinstance(ancestor, COMPREHENSIONS):
            statement = context.statement_line(ancestor)
            if not is_once:
                if can_raise or statement is None or any(context.bindings(n, within=ancestor) for n in names):
                    break
                if len(statement.body) == 1 and all(_stays(context, n, statement, is_immutable) for n in names):
                    best = statement
            is_once = False
        if isinstance(ancestor, LOOPS):
            if isinstance(ancestor, cst.For) and child is ancestor.iter:
                child = ancestor
                continue  # evaluated once already
            if child is ancestor.orelse or not all(_stays(context, n, ancestor, is_immutable) for n in names):
                break
            if can_raise and not _is_reached(context, call, ancestor):
                break
            if isinstance(context.parent(ancestor), cst.IndentedBlock):
                best = ancestor
            if can_raise:
                break  # further out it might not have been reached
        child = ancestor
    return best


def _stays(context, name, place, is_immutable):
    """The name's value is the same, and has the same length, all the time that these statements run."""
    if not context.is_steady(name, place):
        return False
    is_global = name not in context.parameters and not context.bindings(name)
    if is_global and (context.times_bound(name) == 0 or not only_known_calls(context, place)):
        return False
    if is_immutable or _is_immutable(context, name):
        return True
    for node in context.uses(name, place):
        parent = context.parent(node)
        if isinstance(parent, cst.Attribute):
            call = context.parent(parent)
            if not (isinstance(call, cst.Call) and call.func is parent and parent.attr.value in READING_METHODS):
                return False
    return not context.mutated_in(name, place)


def _is_immutable(context, name):
    values = local_values(context, name)
    return values is not None and all(is_text(context, v) or _is_plain_number(context, v) for v in values)


def _is_reached(context, call, loop):
    """The loop's first round surely makes the call, before anything could leave the round."""
    if isinstance(loop, cst.While) and any(node is call for node in walk(loop.test, (cst.Call,))):
        return not isinstance(loop.test, cst.BooleanOperation)
    statement = context.statement_line(call)
    if statement is None or context.parent(statement) is not loop.body:
        return False
    for node in [call, *context.ancestors(call)]:
        if node is statement:
            break
        if isinstance(node, (cst.BooleanOperation, cst.IfExp)):
            return False
    for earlier in loop.body.body:
        if earlier is statement:
            return True
        if any(True for _ in walk(earlier, (cst.Continue, cst.Break, cst.Return, cst.Raise, cst.Yield))):
            return False
    return False
