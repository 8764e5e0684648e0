"""A function whose time goes into the interpreter is compiled by hasten.jit.

What it sees: a function with a loop, or one that calls itself, without decorators other than staticmethod or
classmethod, that is no generator and no coroutine.
Evidence needed: the time of the function's own lines in bytecode and runtime (not in extension modules, libraries
or the kernel) gives a ceiling above 1.1.
Why it is slow: the interpreter decodes each step and makes an object of each number.
Prescription: the decorator @jit, and an import that falls back to an empty decorator where Hasten is not installed.
Expected gain: 1/(1-p+p/f), f from 2 to 60.
How it is verified: recorded calls in forked copies (the compiled function against the plain one), then
whole-program runs, which include the time to compile.
When it is wrong: code that looks at its own frames, or patches the function's code object. What cannot be compiled
is called through CPython, so that the answer stays; then the measurement shows no gain and the fix is refused.
Sources: docs/guide/jit.md.
"""

import libcst as cst

from hasten.fix.rules.context import COMPREHENSIONS, LOOPS, Prescription, walk
from hasten.fix.rules.module_level import after_head, last_of_head
from hasten.fix.source import Edit

KIND = "compile"
FACTORS = (2.0, 60.0)
NEEDS = "hasten"
_ALLOWED_DECORATORS = ("staticmethod", "classmethod")


def find(context):
    node = context.node
    if context.function.is_generator or node.asynchronous is not None or not _has_loop(context):
        return
    for decorator in node.decorators:
        if not (isinstance(decorator.decorator, cst.Name) and decorator.decorator.value in _ALLOWED_DECORATORS):
            return
    source = context.source
    name, additions = _decorator_import(context)
    def_line = context.function.def_line
    start = source.line_start(def_line)
    raw = source.text.encode("utf-8", "surrogatepass")
    end = start
    while raw[end:end + 1] in (b" ", b"\t"):
        end += 1
    edit = Edit(start, start, f"{raw[start:end].decode()}@{name}{source.newline}")
    yield Prescription(KIND, f"@{name}", def_line, [edit], (context.function.first_line, context.function.last_line),
                       additions=additions, added_names=(name,), decorator=name, needs=(NEEDS,))


def _has_loop(context):
    if context.inside_function(*LOOPS, *COMPREHENSIONS):
        return True
    own_name = context.node.name.value
    return any(isinstance(c.func, cst.Name) and c.func.value == own_name for c in context.inside_function(cst.Call))


def _decorator_import(context):
    """(the decorator's name, the insertion that imports it), behind the file's first imports."""
    source = context.source
    module = source.wrapper.module
    for statement in walk(module, (cst.ImportFrom,)):
        if isinstance(statement.module, cst.Name) and statement.module.value == "hasten" and not isinstance(
                statement.names, cst.ImportStar):
            for alias in statement.names:
                if alias.name.value == "jit":
                    return (alias.asname.name.value if alias.asname else "jit"), []
    name = "jit" if context.fresh_name("jit") == "jit" else context.fresh_name("hasten_jit")
    imported = "jit" if name == "jit" else f"jit as {name}"
    lines = ["try:", f"    from hasten import {imported}",
             "except ImportError:  # without Hasten the functions run as they are", "",
             f"    def {name}(function):", "        return function"]
    last = last_of_head(module)
    newline = source.newline
    if last is not None:
        edit = source.insert_after(last, [])
        text = newline + newline.join(lines) + newline
        return name, [Edit(edit.start, edit.end, edit.text + text)]
    return name, [after_head(context, lines)]
