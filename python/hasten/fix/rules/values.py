"""What an expression surely is (a constant, text, a list, a mapping), and whether foreign code may run in it."""

import libcst as cst

from hasten.fix.rules.context import HARMLESS_CALLS, walk
from hasten.fix.rules.module_level import library_call

MAPPINGS = ["dict", "defaultdict", "OrderedDict", "Counter"]
SETS = ["set", "frozenset"]
SEQUENCES = ["list", "tuple"]
# Methods that text, numbers and containers have, and that run no code of the program's own on plain values.
TEXT_METHODS = frozenset({
    "capitalize", "casefold", "center", "count", "decode", "encode", "endswith", "expandtabs", "find", "format", "index",
    "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable",
    "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix",
    "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
    "swapcase", "title", "translate", "upper", "zfill", "hex"})
READING_METHODS = TEXT_METHODS | {"get", "items", "keys", "values", "copy", "bit_length", "is_integer"}
_PLAIN_CALLS = HARMLESS_CALLS | {"int", "float", "bool", "abs", "round", "divmod", "pow", "ord", "chr", "hex", "oct", "bin",
                                 "bytes", "bytearray", "complex", "dict", "slice", "format", "ascii", "callable", "map",
                                 "filter", "hash"}
_TEXT_MAKERS = ("str", "repr", "chr", "format", "hex", "oct", "bin", "ascii")


def is_constant(node):
    """A literal whose value never changes: number, text, bytes, True, False, None, a tuple of such."""
    if isinstance(node, (cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString)):
        return True
    if isinstance(node, cst.ConcatenatedString):
        return is_constant(node.left) and is_constant(node.right)
    if isinstance(node, cst.Name):
        return node.value in ("True", "False", "None")
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, (cst.Minus, cst.Plus)) and isinstance(
            node.expression, (cst.Integer, cst.Float, cst.Imaginary))
    if isinstance(node, cst.Tuple):
        return all(isinstance(e, cst.Element) and is_constant(e.value) for e in node.elements)
    return False


def is_simple(node):
    """Evaluating it runs nothing of interest: a constant, a name, an attribute of a name."""
    if isinstance(node, cst.Attribute):
        return is_simple(node.value)
    return isinstance(node, cst.Name) or is_constant(node)


def names_in(node):
    return {n.value for n in walk(node, (cst.Name,))}


def plain_arguments(call, count=None):
    """The values of a call's arguments if all are positional and none is starred (and so many), else None."""
    if any(a.keyword is not None or a.star for a in call.args) or count not in (None, len(call.args)):
        return None
    return [a.value for a in call.args]


def builtin_call(context, node, names, count=None):
    """(name, argument values) of a call of one of these built-in functions with plain arguments, or (None, None)."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in names:
        values = plain_arguments(node, count)
        if values is not None and context.is_builtin(node.func.value):
            return node.func.value, values
    return None, None


def method_call(node, attribute, count=None):
    """(receiver, argument values) of `receiver.attribute(...)` with plain arguments, or (None, None)."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == attribute:
        values = plain_arguments(node, count)
        if values is not None:
            return node.func.value, values
    return None, None


def is_text(context, node):
    """Surely a str."""
    if isinstance(node, cst.SimpleString):
        return isinstance(node.evaluated_value, str)
    if isinstance(node, cst.FormattedString):
        return True
    if isinstance(node, cst.ConcatenatedString):
        return is_text(context, node.left)
    if isinstance(node, cst.BinaryOperation):
        if isinstance(node.operator, cst.Add):
            return is_text(context, node.left) or is_text(context, node.right)
        return isinstance(node.operator, cst.Modulo) and is_text(context, node.left)
    if isinstance(node, cst.IfExp):
        return is_text(context, node.body) and is_text(context, node.orelse)
    if isinstance(node, cst.Call):
        if isinstance(node.func, cst.Name):
            return node.func.value in _TEXT_MAKERS and context.is_builtin(node.func.value)
        if isinstance(node.func, cst.Attribute):
            return is_text(context, node.func.value) and node.func.attr.value in (
                "join", "format", "upper", "lower", "strip", "lstrip", "rstrip", "replace", "rjust", "ljust", "center", "zfill")
    return False


def is_keyed(context, value):
    """Surely a dict or a set (or a dict from collections)."""
    if isinstance(value, (cst.Dict, cst.DictComp, cst.Set, cst.SetComp)):
        return True
    if not isinstance(value, cst.Call):
        return False
    if isinstance(value.func, cst.Name) and value.func.value in ("dict", "set", "frozenset"):
        return context.is_builtin(value.func.value)
    return library_call(context, value, "collections") in ("defaultdict", "Counter", "OrderedDict")


def is_dict(context, value):
    """Surely a plain dict."""
    return isinstance(value, (cst.Dict, cst.DictComp)) or builtin_call(context, value, ("dict",))[0] is not None or (
        isinstance(value, cst.Call) and isinstance(value.func, cst.Name) and value.func.value == "dict"
        and context.is_builtin("dict"))


def local_values(context, name):
    """The values that `name = value` statements of the function give a local name; None if something else binds it."""
    if name in context.parameters or context.is_declared_elsewhere(name):
        return None
    values = []
    for binding in context.bindings(name):
        target = context.parent(binding)
        if isinstance(target, cst.AnnAssign) and target.value is not None:
            values.append(target.value)
            continue
        assign = context.parent(target) if isinstance(target, cst.AssignTarget) else None
        if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
            return None
        values.append(assign.value)
    return values or None


def attribute_values(context, attribute):
    """The values that the file assigns to attributes of that name, on whatever object; None if otherwise bound."""
    values = []
    for node in walk(context.source.wrapper.module, (cst.Attribute,)):
        if node.attr.value != attribute:
            continue
        parent = context.parent(node)
        if isinstance(parent, (cst.AnnAssign, cst.AugAssign)) and parent.target is node:
            if isinstance(parent, cst.AugAssign) or parent.value is None:
                continue
            values.append(parent.value)
        elif isinstance(parent, cst.AssignTarget):
            values.append(context.parent(parent).value)
        elif isinstance(parent, (cst.Element, cst.For, cst.CompFor, cst.AsName, cst.Del)):
            if isinstance(parent, cst.Element) and not _is_target(context, parent):
                continue
            if isinstance(parent, (cst.For, cst.CompFor)) and parent.target is not node:
                continue
            return None
    return values or None


def _is_target(context, element):
    node = element
    while isinstance(node, (cst.Element, cst.StarredElement, cst.Tuple, cst.List)):
        child, node = node, context.parent(node)
    return isinstance(node, cst.AssignTarget) or isinstance(node, (cst.For, cst.CompFor)) and node.target is child


def is_surely(context, node, test):
    """Every value that the file shows for a local name or an attribute passes the test, and there is one."""
    if isinstance(node, cst.Name):
        values = local_values(context, node.value)
    elif isinstance(node, cst.Attribute):
        values = attribute_values(context, node.attr.value)
    else:
        return test(context, node)
    return values is not None and all(test(context, v) for v in values)


def only_known_calls(context, node, allowed=()):
    """No call below the node can run code that this file does not show: built-in functions and methods of plain values."""
    for call in walk(node, (cst.Call,)):
        if call in allowed:
            continue
        if isinstance(call.func, cst.Name):
            if call.func.value not in _PLAIN_CALLS or not context.is_builtin(call.func.value):
                return False
        elif isinstance(call.func, cst.Attribute):
            if call.func.attr.value not in READING_METHODS and library_call(context, call, "math") is None:
                return False
        else:
            return False
    return not any(True for _ in walk(node, (cst.Await, cst.Yield)))


def arguments_text(context, args):
    """Arguments as they stand, joined by commas."""
    out = []
    for a in args:
        keyword = f"{a.keyword.value}=" if a.keyword is not None else ""
        out.append(f"{a.star}{keyword}{context.source.code(a.value)}")
    return ", ".join(out)
