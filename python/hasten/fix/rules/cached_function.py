"""A pure function that is asked the same again and again keeps its answers.

What it sees: a function of the module whose parameters are whole numbers, texts or truth values, whose body does only
arithmetic, comparisons, loops over ranges, harmless built-in functions, calls of itself and of such functions beside it, and which returns numbers,
text or truth values.
Evidence needed: the function's lines give a ceiling above 1.1; the judged calls have those types exactly. A function
that branches into calls of itself, or one that loops or calls itself once and whose calls in this file may ask the same again (not
f(i) for each i of a range). Whether
they do is for the whole program to show: where not, keeping costs more than it saves, and it is refused.
Why it is slow: fib(30) by its definition makes 1.3 million calls of 31 different arguments.
Prescription: functools.lru_cache with typed=True (1, 1.0 and True are different questions) and at most 65 536 answers.
Expected gain: 1/(1-p+p/f), f from 0.5 (all arguments different) through 1800 (fib(18)) to 10000 (recursion that branches).
How it is verified: recorded calls in forked copies that begin with an empty cache, then whole-program runs.
When it is wrong: a function that is changed or replaced while the program runs; recursion near to the recursion
limit, of which the cache takes two steps where there was one; floats, which are left alone because 0.0 and -0.0 would share
an answer. Memory: the answers, at most 65 536.
Sources: docs.python.org/3/library/functools.html#functools.lru_cache; ruff B019 (why methods are left alone).
"""

import re

import libcst as cst

from hasten.fix.rules.context import COMPREHENSIONS, SCOPES, Context, Prescription, walk
from hasten.fix.rules.module_level import (before_function, constant_name, holder, library_call, module_assignment,
                                           need)
from hasten.fix.rules.values import is_constant, is_text, plain_arguments
from hasten.fix.source import Edit

KIND = "answers kept"
FACTORS = (0.5, 10000.0)
ANSWERS_MAX = 65536
PLAIN_TYPES = ["int", "str", "bool", "bytes", "NoneType"]
_STATEMENTS = (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Return, cst.If, cst.While, cst.For, cst.Pass, cst.Break, cst.Continue,
               cst.Expr, cst.Else, cst.IndentedBlock, cst.SimpleStatementLine, cst.SimpleStatementSuite, cst.Assert)
_CALLS = ("abs", "min", "max", "len", "range", "int", "bool", "str", "divmod", "ord", "chr", "sum", "round", "pow", "bin", "hex", "oct")


def find(context):
    node = context.node
    parameters = node.params
    if (holder(context) is not node or node.decorators or context.function.is_generator or node.asynchronous is not None
            or parameters.kwonly_params or isinstance(parameters.star_arg, cst.Param) or parameters.star_kwarg is not None
            or not context.parameters or context.times_bound(node.name.value) != 1):
        return
    if not all(_is_one_of_these(context, p) for p in (*parameters.params, *parameters.posonly_params)):
        return
    if not is_pure(context) or not _is_worth_it(context):
        return
    source = context.source
    maker, additions, names = need(context, "functools", "lru_cache")
    name = constant_name(context, "cache")
    line = f"{name} = {maker}(maxsize={ANSWERS_MAX}, typed=True)"
    at = source.line_start(context.function.def_line)
    yield Prescription(KIND, f"answers of {node.name.value}() kept", context.function.def_line,
                       [Edit(at, at, f"@{name}{source.newline}")], (context.function.first_line, context.function.last_line),
                       additions=[*additions, before_function(context, [line])], added_names=(*names, name),
                       requires={p: PLAIN_TYPES for p in context.parameters}, decorator=name)


def _is_one_of_these(context, parameter):
    """Neither its default nor its annotation says that it is anything but a whole number, text or truth value."""
    if parameter.default is not None and (not is_constant(parameter.default) or isinstance(
            parameter.default, (cst.Float, cst.Imaginary, cst.Tuple))):
        return False
    if parameter.annotation is None:
        return True
    return set(re.findall(r"\w+", context.source.code(parameter.annotation.annotation))) <= {*PLAIN_TYPES, "None", "Optional"}


def _is_worth_it(context):
    """It branches into calls of itself, or goes down by one or loops: a call must cost more than a look into the cache."""
    own = [c for c in context.inside_function(cst.Call) if _is_own(context, c)]
    return len(own) > 1 or _may_repeat(context) and bool(own or context.inside_function(cst.For, cst.While, *COMPREHENSIONS))


def _may_repeat(context):
    """Some call of it in this file may ask the same twice; calls from other files may always."""
    sites = [c for c in walk(context.source.wrapper.module, (cst.Call,)) if _is_own(context, c)
             and context.node not in _around(context, c)]
    return not sites or any(not _is_asked_once(context, site) for site in sites)


def _around(context, node):
    while (node := context.parent(node)) is not None:
        yield node


def _is_asked_once(context, site):
    """Straight in the module, each loop around it counts and gives its number to the call: all arguments differ."""
    mentioned = set()
    for argument in site.args:
        value = argument.value
        if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, (cst.Add, cst.Subtract)):
            value = value.left if is_constant(value.right) else value.right if is_constant(value.left) else value
        if isinstance(value, cst.Name):
            mentioned.add(value.value)
    for node in _around(context, site):
        if isinstance(node, (*SCOPES, cst.While)):
            return False
        loops = [node] if isinstance(node, cst.For) else list(walk(node.for_in, (cst.CompFor,))) if isinstance(
            node, (*COMPREHENSIONS, cst.GeneratorExp)) else []
        for loop in loops:
            counts = isinstance(loop.iter, cst.Call) and isinstance(loop.iter.func, cst.Name) and loop.iter.func.value == "range"
            if not (counts and isinstance(loop.target, cst.Name) and loop.target.value in mentioned):
                return False
    return True


def _is_own(context, call):
    return isinstance(call.func, cst.Name) and call.func.value == context.node.name.value


def _is_pure_helper(context, call):
    """A pure function of this file, bound once, that itself calls no further ones."""
    functions = [f for f in context.source.functions if isinstance(call.func, cst.Name) and f.qualname == call.func.value]
    if len(functions) != 1 or functions[0].node is context.node or context.times_bound(call.func.value) != 1:
        return False
    helper = Context(context.source, functions[0])
    if helper.node.decorators or helper.function.is_generator or helper.node.asynchronous is not None or not helper.parameters:
        return False
    known = {f.qualname for f in context.source.functions}
    return not any(isinstance(c.func, cst.Name) and c.func.value in known for c in helper.inside_function(cst.Call)) and (
        not _may_make_floats(helper) and is_pure(helper))


def _may_make_floats(context):
    return any(isinstance(n, (cst.Float, cst.Divide)) or isinstance(n, cst.Call) and library_call(context, n, "math")
               for n in walk(context.node.body, (cst.Float, cst.Divide, cst.Call)))


def is_pure(context):
    """Nothing but local names, and only answers that never change. A name is taken for plain until a binding says otherwise."""
    plain = set(context.parameters)
    own = [c for c in context.inside_function(cst.Call) if _is_own(context, c)]
    if own and _may_make_floats(context):
        return False  # its arguments further down may be floats
    for node in walk(context.node.body, (cst.BaseSmallStatement, cst.BaseCompoundStatement, cst.Lambda, cst.Await, cst.NamedExpr)):
        if not isinstance(node, _STATEMENTS):
            return False
    for name in {n.value for n in walk(context.node.body, (cst.Name,)) if context.bindings(n.value)}:
        plain.add(name)
    for statement in walk(context.node.body, (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.For, cst.Return, cst.Expr, cst.While, cst.If,
                                              cst.Assert)):
        if isinstance(statement, cst.Assign):
            parts = [statement.value]
            for target in statement.targets:
                if isinstance(target.target, cst.Name):
                    continue
                if not (isinstance(target.target, cst.Tuple) and isinstance(statement.value, cst.Tuple) and len(
                        target.target.elements) == len(statement.value.elements)
                        and all(isinstance(e.value, cst.Name) for e in target.target.elements)):
                    return False
            if isinstance(statement.value, cst.Tuple) and isinstance(statement.targets[0].target, cst.Tuple):
                parts = [e.value for e in statement.value.elements]
        elif isinstance(statement, cst.For):
            call = statement.iter
            if not (isinstance(statement.target, cst.Name) and (
                    isinstance(call, cst.Name) and call.value in plain  # the letters of a text
                    or isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value == "range")):
                return False
            parts = [a.value for a in call.args] if isinstance(call, cst.Call) else []
        elif isinstance(statement, (cst.While, cst.If, cst.Assert)):
            parts = [statement.test]
        else:
            if isinstance(statement, (cst.AnnAssign, cst.AugAssign)) and not isinstance(statement.target, cst.Name):
                return False
            parts = [] if statement.value is None else [statement.value]
            if isinstance(statement, cst.Expr) and isinstance(statement.value, (cst.SimpleString, cst.ConcatenatedString)):
                continue  # its docstring
        if not all(_is_plain(context, part, plain) for part in parts):
            return False
    return True


def _is_plain(context, node, plain):
    """Surely a number, a text or a truth value, made without foreign code."""
    if is_constant(node) and not isinstance(node, cst.Tuple):
        return True
    if isinstance(node, cst.Name):
        if node.value in plain:
            return True
        found = module_assignment(context, node.value)
        return found is not None and is_constant(found[1]) and not isinstance(found[1], cst.Tuple) and context.is_steady(
            node.value, context.node.body)
    if isinstance(node, (cst.UnaryOperation,)):
        return _is_plain(context, node.expression, plain)
    if isinstance(node, (cst.BinaryOperation, cst.BooleanOperation)):
        return _is_plain(context, node.left, plain) and _is_plain(context, node.right, plain)
    if isinstance(node, cst.Comparison):
        return _is_plain(context, node.left, plain) and all(_is_plain(context, t.comparator, plain) for t in node.comparisons)
    if isinstance(node, cst.IfExp):
        return all(_is_plain(context, part, plain) for part in (node.test, node.body, node.orelse))
    if isinstance(node, cst.Subscript):
        return _is_plain(context, node.value, plain) and all(
            _is_plain(context, part, plain) for s in node.slice
            for part in ([s.slice.value] if isinstance(s.slice, cst.Index) else [s.slice.lower, s.slice.upper, s.slice.step])
            if part is not None)
    if isinstance(node, cst.FormattedString):
        return is_text(context, node) and all(
            _is_plain(context, p.expression, plain) and p.format_spec is None
            for p in node.parts if isinstance(p, cst.FormattedStringExpression))
    if isinstance(node, cst.Call):
        values = plain_arguments(node)
        if values is None or not (_is_own(context, node) or _is_pure_helper(context, node) or library_call(
                context, node, "math") is not None or (
                isinstance(node.func, cst.Name) and node.func.value in _CALLS and node.func.value not in ("range", "divmod")
                and context.is_builtin(node.func.value))):
            return False
        if isinstance(node.func, cst.Name) and node.func.value in ("sum", "min", "max") and len(values) == 1:
            return _is_plain_run(context, values[0], plain)
        return all(_is_plain(context, v, plain) for v in values)
    return False


def _is_plain_run(context, node, plain):
    """A comprehension over a range, of plain values."""
    if not isinstance(node, (cst.GeneratorExp, cst.ListComp)) or node.for_in.inner_for_in is not None:
        return False
    loop = node.for_in
    if not (isinstance(loop.target, cst.Name) and isinstance(loop.iter, cst.Call) and isinstance(loop.iter.func, cst.Name)
            and loop.iter.func.value == "range" and context.is_builtin("range")):
        return False
    inner = plain | {loop.target.value}
    return all(_is_plain(context, v, inner) for v in [a.value for a in loop.iter.args] + [i.test for i in loop.ifs] + [node.elt])
