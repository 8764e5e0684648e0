"""What is set up again at each call (a pattern, a binary format, a JSON encoder) is set up once, at module level.

What it sees: `re.match("literal", ...)` and its sisters, `re.compile("literal")`, `struct.pack("literal", ...)` and its
sisters, `json.dumps(x, sort_keys=True)` with options that are constants, in a function.
Evidence needed: the lines of the calls give a ceiling above 1.1.
Why it is slow: re and struct look the text up in a cache at each call, with all flags and types (0.3-0.5 us; re's
cache holds 512 patterns, struct's 100, and a program that uses more compiles each time); json.dumps with options
builds an encoder for each call.
Prescription: `_f_pattern = re.compile("literal")` in front of the function, and `_f_pattern.match(...)`.
Expected gain: 1/(1-p+p/f), f from 1.05 (long texts, where matching itself is the work) to 4 (short ones).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: a program that replaces re.match or json.JSONEncoder by something of its own; one that changes the
locale between calls (patterns with re.LOCALE are left alone). A literal that does not compile is left where it is, so
that its error comes when it came.
Sources: CPython Lib/re/__init__.py (_compile), Modules/_struct.c (cache_struct_converter), Lib/json/__init__.py.
"""

import re
import struct
import warnings

import libcst as cst

from hasten.fix.rules.context import Prescription
from hasten.fix.rules.module_level import (before_function, constant_name, is_imported_before, library_call,
                                           module_names)
from hasten.fix.rules.values import arguments_text, is_constant

KIND = "set up once"
FACTORS = (1.05, 4.0)
# Where the flags may stand among the positional arguments: re.match(pattern, string, flags).
_PATTERN_CALLS = {"match": 2, "search": 2, "fullmatch": 2, "findall": 2, "finditer": 2, "split": 3, "sub": 4, "subn": 4}
_STRUCT_CALLS = ("pack", "unpack", "unpack_from", "pack_into", "iter_unpack", "calcsize")
_JSON_OPTIONS = ("skipkeys", "ensure_ascii", "check_circular", "allow_nan", "indent", "separators", "sort_keys")


def find(context):
    for module, word, ready in (("re", "pattern", _pattern), ("struct", "format", _format), ("json", "encoder", _encoder)):
        alias = next((n for n in module_names(context, module) if is_imported_before(context, n)), None)
        if alias is None:
            continue
        made, sites = {}, []
        for call in context.inside_function(cst.Call):
            if any(call is c or c in context.ancestors(call) for c, _ in sites):
                continue  # its text is part of a site already; the next session sees it
            function = library_call(context, call, module)
            found = ready(context, call, function, alias) if function is not None and isinstance(
                call.func, cst.Attribute) and "#" not in context.source.code(call) else None
            if found is not None:
                expression, use = found
                if expression not in made:
                    made[expression] = constant_name(context, word, made.values())
                sites.append((call, use.format(made[expression]) if use.startswith("{0}") else use))
        if sites:
            source = context.source
            lines = [source.lines(call) for call, _ in sites]
            yield Prescription(
                KIND, f"{word} of {', '.join(sorted({source.code(c.func) for c, _ in sites}))} set up once", lines[0][0],
                [source.replace(call, made_text) for call, made_text in sites],
                (min(a for a, _ in lines), max(b for _, b in lines)),
                additions=[before_function(context, [f"{name} = {text}" for text, name in made.items()])],
                added_names=tuple(made.values()))


def _literal(args):
    """The value of the first argument if it is one literal text or bytes, else None."""
    if not args or args[0].keyword is not None or args[0].star or not isinstance(
            args[0].value, (cst.SimpleString, cst.ConcatenatedString)) or not is_constant(args[0].value):
        return None
    return args[0].value.evaluated_value


def _use(method, rest):
    return "{0}." + method + "(" + rest.replace("{", "{{").replace("}", "}}") + ")"


def _pattern(context, call, function, alias):
    literal = _literal(call.args)
    if literal is None or any(a.star for a in call.args):
        return None
    rest = list(call.args[1:])
    at = 1 if function == "compile" else _PATTERN_CALLS.get(function)
    if at is None:
        return None
    flags = next((a for a in rest if a.keyword is not None and a.keyword.value == "flags"), None)
    if flags is None and len(call.args) > at and call.args[at].keyword is None:
        flags = call.args[at]
    value = 0
    if flags is not None:
        rest.remove(flags)
        value = _flags(flags.value, alias)
    if value is None or value & (re.LOCALE | re.DEBUG) or _is_refused(re.compile, literal, value):
        return None
    code = context.source.code
    expression = f"{alias}.compile({code(call.args[0].value)}{', ' + code(flags.value) if flags is not None else ''})"
    if function == "compile":
        return (expression, "{0}") if not rest else None
    if any(a.keyword is not None and a.keyword.value == "pattern" for a in rest) or not rest:
        return None
    return expression, _use(function, arguments_text(context, rest))


def _flags(node, alias):
    """The value of `re.I | re.M`, or None."""
    if isinstance(node, cst.Integer) and node.value == "0":
        return 0
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        left, right = _flags(node.left, alias), _flags(node.right, alias)
        return None if left is None or right is None else left | right
    if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name) and node.value.value == alias:
        flag = getattr(re, node.attr.value, None)
        return int(flag) if isinstance(flag, re.RegexFlag) else None
    return None


def _format(context, call, function, alias):
    literal = _literal(call.args)
    if literal is None or function not in _STRUCT_CALLS or _is_refused(struct.Struct, literal):
        return None
    expression = f"{alias}.Struct({context.source.code(call.args[0].value)})"
    if function == "calcsize":
        return (expression, "{0}.size") if len(call.args) == 1 else None
    return expression, _use(function, arguments_text(context, call.args[1:]))


def _encoder(context, call, function, alias):
    if function != "dumps" or len(call.args) < 2 or call.args[0].keyword is not None or call.args[0].star:
        return None
    options = call.args[1:]
    if any(a.keyword is None or a.keyword.value not in _JSON_OPTIONS or not is_constant(a.value) for a in options):
        return None
    return (f"{alias}.JSONEncoder({arguments_text(context, options)})",
            _use("encode", context.source.code(call.args[0].value)))


def _is_refused(make, *arguments):
    """It raises or warns here, so that it would at the program's start."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            make(*arguments)
    except Exception:
        return True
    return False
