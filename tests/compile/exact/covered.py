"""What of the language the generated programs use, against what there is.

What there is comes from CPython itself (the classes of `ast`, the methods of each type, the operators that two types have an
answer to) and from the compiler's own table of functions (src/compile/types/known.cc): what is added there shows as
missing here. What is used is seen by running the program with each operation replaced by one that takes down its
operands' types. Left out is what the compiler refuses (REFUSED, which test_coverage.py compares with the compiler) and what
no exact test can look at (OUT_OF_REACH, with the reason).
"""

from __future__ import annotations

import array
import ast
import builtins
import cmath
import math
import operator
import re
import warnings
from pathlib import Path

KNOWN = Path(__file__).resolve().parents[3] / "src" / "compile" / "types" / "known.cc"
REFUSED = {  # ast class -> the body of a function that has it
    "ClassDef": "class C:\n    pass", "With": "with a: pass", "AsyncWith": "async with a: pass", "AsyncFor": "async for b in a: pass",
    "TryStar": "try:\n    pass\nexcept* ValueError:\n    pass", "Match": "match a:\n    case 1:\n        pass", "Yield": "yield a", "YieldFrom": "yield from a",
    "Await": "await a", "TypeAlias": "type X = int",
}  # fmt: skip
OUT_OF_REACH = {
    "syntax Import": "", "syntax ImportFrom": "", "syntax AsyncFunctionDef": "", "syntax Interactive": "",  # tests/compile/language.py has these
    "builtin input": "input", "builtin open": "files", "builtin id": "addresses", "builtin help": "output", "builtin exit": "", "builtin quit": "",
    "builtin copyright": "", "builtin credits": "", "builtin license": "", "builtin aiter": "async", "builtin anext": "async", "builtin compile": "runs code", "builtin classmethod": "in classes",
    "builtin staticmethod": "in classes", "builtin property": "in classes", "builtin setattr": "the program's own objects", "builtin delattr": "",
}  # fmt: skip
FRAME_READERS = {"locals", "vars", "dir", "eval", "exec", "super", "globals", "__import__", "breakpoint"}  # refused
HIDDEN_METHODS = {"array": {"fromfile", "tofile", "fromunicode", "tounicode", "buffer_info"}, "memoryview": {"release", "obj", "c_contiguous"}}

SAMPLES = {
    "int": 7, "bigint": 2**70, "bool": True, "float": 2.5, "complex": 1 + 2j, "str": "abc", "bytes": b"abc", "bytearray": bytearray(b"ab"), "list": [1, 2], "tuple": (1, 2),
    "dict": {1: 2}, "set": {1}, "frozenset": frozenset({1}), "range": range(3), "array": array.array("q", [1]), "memoryview": memoryview(b"ab"), "NoneType": None,
}  # fmt: skip
BINARY = {"Add": operator.add, "Sub": operator.sub, "Mult": operator.mul, "Div": operator.truediv, "FloorDiv": operator.floordiv, "Mod": operator.mod, "Pow": operator.pow,
          "LShift": operator.lshift, "RShift": operator.rshift, "BitAnd": operator.and_, "BitOr": operator.or_, "BitXor": operator.xor, "MatMult": operator.matmul}  # fmt: skip
INPLACE = {"Add": operator.iadd, "Sub": operator.isub, "Mult": operator.imul, "Div": operator.itruediv, "FloorDiv": operator.ifloordiv, "Mod": operator.imod, "Pow": operator.ipow,
           "LShift": operator.ilshift, "RShift": operator.irshift, "BitAnd": operator.iand, "BitOr": operator.ior, "BitXor": operator.ixor, "MatMult": operator.imatmul}  # fmt: skip
COMPARE = {"Eq": operator.eq, "NotEq": operator.ne, "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge, "Is": operator.is_, "IsNot": operator.is_not,
           "In": lambda a, b: a in b, "NotIn": lambda a, b: a not in b}  # fmt: skip
UNARY = {"USub": operator.neg, "UAdd": operator.pos, "Invert": operator.invert, "Not": operator.not_}
SHAPES = [
    "try except", "try except as", "try except tuple", "try except bare", "try two clauses", "try else", "try finally", "try except finally", "return in try", "jump in try", "raise alone",
    "raise class", "raise instance", "raise from", "raise from None", "assert message", "for else", "while else", "call keywords", "call star", "call double star", "call generator",
    "def defaults", "def positional only", "def keyword only", "def keyword default", "def star", "def double star", "def nested", "def recursive", "lambda parameters", "lambda captures",
    "comprehension two ifs", "comprehension two fors", "comprehension pair", "comprehension nested", "f-string conversion r", "f-string conversion s", "f-string conversion a", "f-string spec",
    "f-string nested spec", "f-string several", "slice nothing", "slice lower", "slice upper", "slice step", "slice lower upper", "slice lower upper step", "slice lower step", "slice upper step",
    "target pair", "target nested", "target star", "target item", "target slice", "target attribute", "assign chain", "augment name", "augment item", "augment attribute", "delete name",
    "delete item", "delete slice", "delete several", "compare chain", "display star list", "display star tuple", "display star set", "display double star", "and value", "or value", "and test",
    "or test", "not test", "closure write", "global write", "walrus", "if expression nested", "loop in loop", "loop over iterator", "string % ", "constant int", "constant float",
    "constant complex", "constant str", "constant bytes", "constant bool", "constant NoneType", "empty return",
]  # fmt: skip


def kind(value) -> str:
    name = type(value).__name__
    return "bigint" if name == "int" and not -(2**63) <= value < 2**63 else name


def universe() -> set[str]:
    keys = {f"shape {shape.strip()}" for shape in SHAPES}
    for base in (ast.stmt, ast.expr, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.excepthandler, ast.expr_context):
        keys |= {f"syntax {cls.__name__}" for cls in base.__subclasses__() if cls.__name__ not in REFUSED}
    keys -= {key for key in keys if key in ("syntax AugLoad", "syntax AugStore", "syntax Param", "syntax TemplateStr", "syntax Interpolation")}
    for name in dir(builtins):
        thing = getattr(builtins, name)
        is_error = isinstance(thing, type) and issubclass(thing, BaseException)
        if callable(thing) and not is_error and not name.startswith("_") and name not in FRAME_READERS:
            keys.add(f"builtin {name}")
    for table in re.findall(r"constexpr Entry k(\w+)\[\] = \{(.*?)\n\};", KNOWN.read_text(), re.DOTALL):
        module = {"Builtins": builtins, "Math": math, "Cmath": cmath}.get(table[0])
        for name in re.findall(r'\{"(\w+)",', table[1]):
            if hasattr(module, name):
                keys.add(f"builtin {name}" if module is builtins else f"function {module.__name__}.{name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keys |= operations()
    return keys - set(OUT_OF_REACH)


def operations() -> set[str]:
    keys = set()

    def works(operation, *values) -> bool:
        try:
            operation(*values)
        except (TypeError, BufferError):
            return False
        except Exception:  # noqa: BLE001 - with other values it works
            return True
        return True

    for name, value in SAMPLES.items():
        for attribute in dir(value):
            if not attribute.startswith("_") and callable(getattr(value, attribute)) and attribute not in HIDDEN_METHODS.get(name, ()) and name != "bigint":
                keys.add(f"method {name}.{attribute}")
        keys |= {f"unary {op} {name}" for op, function in UNARY.items() if works(function, value)}
        keys |= {f"iterate {name}"} if works(iter, value) else set()
        keys.add(f"truth {name}")
        for other_name, other in SAMPLES.items():
            fresh = type(value)(value) if name in ("list", "dict", "set", "bytearray") else value
            for op, function in BINARY.items():
                if other_name == "bigint" and op in ("Pow", "LShift"):
                    continue  # 7 ** 2**70 never ends
                if works(function, value, other):
                    keys.add(f"operator {op} {name} {other_name}")
                if name in ("list", "dict", "set", "bytearray") and works(INPLACE[op], fresh, other):
                    keys.add(f"augmented {op} {name} {other_name}")
            for op, function in COMPARE.items():
                if op not in ("Is", "IsNot", "Eq", "NotEq") and works(function, value, other):
                    keys.add(f"compare {op} {name} {other_name}")
            if works(operator.getitem, value, other) and other_name in ("int", "bool", "str", "tuple", "NoneType"):
                keys.add(f"item {name} {other_name}")
    return keys


class Recorder(ast.NodeTransformer):
    """Replaces operations by calls of Recording's methods."""

    def __init__(self):
        self.inside = 0

    def call(self, name: str, *args) -> ast.Call:
        return ast.Call(ast.Attribute(ast.Name("_seen", ast.Load()), name, ast.Load()), list(args), [])

    def visit_FunctionDef(self, node):
        node.body = [self.visit(child) for child in node.body]
        return node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        return self.call("binary", ast.Constant(type(node.op).__name__), node.left, node.right)

    def visit_AugAssign(self, node):
        node.value = self.visit(node.value)
        if not isinstance(node.target, ast.Name):
            return node
        value = self.call("augmented", ast.Constant(type(node.op).__name__), ast.Name(node.target.id, ast.Load()), node.value)
        return ast.Assign([node.target], value)

    def visit_Compare(self, node):
        self.generic_visit(node)
        if len(node.ops) > 1:
            return node
        return self.call("compare", ast.Constant(type(node.ops[0]).__name__), node.left, node.comparators[0])

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        return self.call("unary", ast.Constant(type(node.op).__name__), node.operand)

    def visit_Subscript(self, node):
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) or isinstance(node.slice, ast.Slice):
            return node
        return self.call("item", node.value, node.slice)

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            node.func = self.call("method", node.func.value, ast.Constant(node.func.attr))
        elif isinstance(node.func, ast.Name):
            node.func = self.call("function", ast.Constant(node.func.id), node.func)
        return node

    def visit_For(self, node):
        self.generic_visit(node)
        node.iter = self.call("iterate", node.iter)
        return node

    def visit_comprehension(self, node):
        self.generic_visit(node)
        node.iter = self.call("iterate", node.iter)
        return node

    def tested(self, node):
        self.generic_visit(node)
        node.test = self.call("truth", node.test)
        return node

    visit_If = visit_While = visit_IfExp = visit_Assert = tested

    def visit_JoinedStr(self, node):
        return node


class Recording:
    def __init__(self):
        self.keys: set[str] = set()

    def binary(self, op, a, b):
        key = f"operator {op} {kind(a)} {kind(b)}"
        result = BINARY[op](a, b)
        self.keys.add(key)
        return result

    def augmented(self, op, a, b):
        key = f"augmented {op} {kind(a)} {kind(b)}"
        result = INPLACE[op](a, b)
        self.keys.add(key)
        return result

    def compare(self, op, a, b):
        result = COMPARE[op](a, b)
        self.keys.add(f"compare {op} {kind(a)} {kind(b)}")
        return result

    def unary(self, op, a):
        self.keys.add(f"unary {op} {kind(a)}")
        return UNARY[op](a)

    def item(self, container, key):
        self.keys.add(f"item {kind(container)} {kind(key)}")
        return container[key]

    def method(self, value, name):
        if type(value).__name__ == "module":
            self.keys.add(f"function {value.__name__}.{name}")
        else:
            self.keys.add(f"method {value.__name__ if isinstance(value, type) else type(value).__name__}.{name}")
        return getattr(value, name)

    def function(self, name, value):
        if getattr(builtins, name, None) is value:
            self.keys.add(f"builtin {name}")
        return value

    def iterate(self, value):
        self.keys.add(f"iterate {kind(value)}")
        return value

    def truth(self, value):
        self.keys.add(f"truth {kind(value)}")
        return value


def used(text: str) -> set[str]:
    """The keys of what the program's functions are written with and, as it runs, what they meet."""
    from run import TooLong, limited
    from shapes import shapes_of

    tree = ast.parse(text)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and re.fullmatch(r"[fp]\d+", node.name)]
    keys = set()
    for function in functions:
        keys |= shapes_of(function)
    seen = Recording()
    transform = Recorder()
    for function in functions:
        transform.visit(function)
    names: dict = {"__name__": "program", "_seen": seen}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(ast.fix_missing_locations(tree), "<covered>", "exec"), names)
        for name in sorted(n for n in names if n.startswith("call_")):
            action, function, *rest = names[name]()
            try:
                if action == "call":
                    with limited():
                        names[function](*rest[0], **rest[1])
            except TooLong:
                break
            except Exception:  # noqa: BLE001 - only what it meets counts here
                pass
    return keys | seen.keys


def report(seen: set[str]) -> str:
    """The share of each sort, in total, and what is missing."""
    wanted = universe()
    lines = []
    for sort in sorted({key.split()[0] for key in wanted}):
        of_sort = {key for key in wanted if key.split()[0] == sort}
        missing = sorted(key.split(" ", 1)[1] for key in of_sort - seen)
        names = ", ".join(missing[:40]) + (f" and {len(missing) - 40} more" if len(missing) > 40 else "")
        lines.append(f"  {sort}: {len(of_sort & seen)} of {len(of_sort)}" + (f"; missing: {names}" if missing else ""))
    return "\n".join([f"grammar coverage: {share(seen):.1%} of {len(wanted)}", *lines])


def share(seen: set[str]) -> float:
    wanted = universe()
    return len(wanted & seen) / len(wanted)
