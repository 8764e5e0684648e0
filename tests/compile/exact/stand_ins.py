"""Stand-ins for a wrong compiler: each rewrites the function's source with one known departure from Python.

They test this harness without any native code: the departures are those that other Python compilers really have
(integers that wrap, division and modulo as in C, zero-initialised locals, lists copied at the boundary, ...).
"""

from __future__ import annotations

import ast
import functools
import inspect
import math
import textwrap


def wrap64(value):
    if type(value) is int and not -(2**63) <= value < 2**63:
        return (value + 2**63) % 2**64 - 2**63
    return value


def c_div(a, b):
    if type(a) is int and type(b) is int and b:
        q = abs(a) // abs(b)
        return q if (a < 0) == (b < 0) else -q
    return a // b


def c_mod(a, b):
    if type(a) is int and type(b) is int and b:
        return a - b * c_div(a, b)
    if type(a) is float and type(b) is float and b and not math.isinf(a):
        return math.fmod(a, b)
    return a % b


def shift_by_low_bits(a, b):
    if type(a) is int and type(b) is int and -(2**63) <= a < 2**63 and b >= 0:
        return a >> (b & 63)
    return a >> b


def floor_of_quotient(a, b):
    if float in (type(a), type(b)) and {type(a), type(b)} <= {int, float} and b:
        quotient = float(a) / float(b)
        if math.isfinite(quotient):
            return math.copysign(math.floor(quotient), quotient)
        return quotient
    return a // b


def last_of_equals(choose, *args):
    best = choose(*args)
    if len(args) > 1:
        return next((a for a in reversed(args) if type(a) in (int, float) and a == best), best)
    return best


def round_half_up(value, digits=None):
    if type(value) is float and digits is None and math.isfinite(value):
        return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)
    return round(value) if digits is None else round(value, digits)


def at_without_negative(container, key):
    return (
        container[max(key, 0)] if type(key) is int and type(container) is list else container[key]
    )


class Rewrite(ast.NodeTransformer):
    def __init__(self, rule: str):
        self.rule = rule

    def call(self, name, *args):
        return ast.Call(ast.Name(name, ast.Load()), list(args), [])

    def visit_BinOp(self, node):
        self.generic_visit(node)
        kind = type(node.op)
        if self.rule == "wrap" and kind in (ast.Add, ast.Sub, ast.Mult):
            return self.call("_wrap64", node)
        if self.rule == "c_div" and kind is ast.FloorDiv:
            return self.call("_c_div", node.left, node.right)
        if self.rule == "c_mod" and kind is ast.Mod:
            return self.call("_c_mod", node.left, node.right)
        if self.rule == "shift_wide" and kind is ast.RShift:
            return self.call("_shift_by_low_bits", node.left, node.right)
        if self.rule == "float_floor" and kind is ast.FloorDiv:
            return self.call("_floor_of_quotient", node.left, node.right)
        if self.rule == "no_negative_zero" and kind is ast.Mult:
            return ast.BinOp(node, ast.Add(), ast.Constant(0))
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        if self.rule == "round" and isinstance(node.func, ast.Name) and node.func.id == "round":
            return ast.Call(ast.Name("_round", ast.Load()), node.args, [])
        if self.rule == "min_ties" and isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
            return self.call("_last_of_equals", node.func, *node.args)
        return node

    def visit_Compare(self, node):
        self.generic_visit(node)
        if (
            self.rule == "float_compare"
            and len(node.ops) == 1
            and isinstance(node.ops[0], (ast.Lt, ast.Gt, ast.LtE, ast.GtE, ast.Eq))
        ):
            node.left = self.call("_as_double", node.left)
            node.comparators = [self.call("_as_double", node.comparators[0])]
        return node

    def visit_Subscript(self, node):
        self.generic_visit(node)
        if (
            self.rule == "negative_index"
            and isinstance(node.ctx, ast.Load)
            and not isinstance(node.slice, ast.Slice)
        ):
            return self.call("_at", node.value, node.slice)
        return node

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        if self.rule == "zero_locals":
            params = {a.arg for a in node.args.args}
            names = {
                n.id
                for n in ast.walk(node)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            } - params
            for n in ast.walk(node):
                if isinstance(n, ast.Global | ast.Nonlocal):
                    names -= set(n.names)
            node.body[:0] = [
                ast.Assign([ast.Name(name, ast.Store())], ast.Constant(0)) for name in sorted(names)
            ]
        if self.rule == "copied_lists":
            for a in node.args.args:
                node.body.insert(
                    0,
                    ast.Assign(
                        [ast.Name(a.arg, ast.Store())],
                        self.call("_copied", ast.Name(a.arg, ast.Load())),
                    ),
                )
        if self.rule == "lost_line":
            node.body = [ast.increment_lineno(s, 1) for s in node.body]
        return node


def as_double(value):
    return float(value) if type(value) is int and abs(value) < 2**1000 else value


HELPERS = {
    "_wrap64": wrap64,
    "_c_div": c_div,
    "_c_mod": c_mod,
    "_shift_by_low_bits": shift_by_low_bits,
    "_floor_of_quotient": floor_of_quotient,
    "_last_of_equals": last_of_equals,
    "_round": round_half_up,
    "_at": at_without_negative,
    "_as_double": as_double,
    "_copied": lambda v: list(v) if type(v) is list else v,
}
RULES = [
    "wrap",
    "c_div",
    "c_mod",
    "round",
    "float_compare",
    "negative_index",
    "zero_locals",
    "copied_lists",
    "no_negative_zero",
    "lost_line",
    "shift_wide",
    "float_floor",
    "min_ties",
]


def departing(rule: str, function):
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    ast.increment_lineno(tree, function.__code__.co_firstlineno - 1)
    tree = ast.fix_missing_locations(Rewrite(rule).visit(tree))
    function.__globals__.update(HELPERS)
    names: dict = {}
    code = compile(tree, function.__code__.co_filename, "exec")
    exec(code, function.__globals__, names)
    made = names[function.__name__]
    made.__defaults__ = function.__defaults__
    return made


for _rule in RULES:
    globals()["rule_" + _rule] = functools.partial(departing, _rule)


def dies_on_floor_division(function):
    import os
    import signal

    if "//" in inspect.getsource(function):
        return lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGSEGV)
    return function
