"""What stands at module level: imports that are there or to be added, and constants beside a function."""

import libcst as cst
from libcst.helpers import get_full_name_for_node

from hasten.fix.rules.context import walk
from hasten.fix.source import Edit


def holder(context):
    """The statement of the module that the function stands in."""
    node = context.node
    while not isinstance(context.parent(node), cst.Module):
        node = context.parent(node)
    return node


def module_names(context, module):
    """Names under which the file's own head imports a module, and that mean nothing else anywhere in it."""
    return [name for name, what in _imports(context) if what == (module, None) and context.times_bound(name) == 1]


def library_call(context, call, module):
    """The function of a module that a call calls (`re.match(...)`, or `match(...)` after from re import match), or None."""
    func = call.func
    if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name):
        return func.attr.value if func.value.value in module_names(context, module) else None
    if isinstance(func, cst.Name):
        for name, (origin, attribute) in _imports(context):
            if name == func.value and origin == module and context.times_bound(name) == 1:
                return attribute
    return None


def need(context, module, attribute=None):
    """(how to write module.attribute, additions, added names): what is imported already, or an import to add.

    With an attribute that is not imported yet, `from module import attribute` is added.
    """
    for name, what in _imports(context):
        if context.times_bound(name) != 1:
            continue
        if what == (module, None):
            return (name if attribute is None else f"{name}.{attribute}"), [], ()
        if attribute is not None and what == (module, attribute):
            return name, [], ()
    wanted = attribute or module
    name = context.fresh_name(wanted)
    alias = "" if name == wanted else f" as {name}"
    line = f"import {module}{alias}" if attribute is None else f"from {module} import {attribute}{alias}"
    return name, [after_head(context, [line])], (name,)


def after_head(context, lines):
    """An insertion of lines behind the docstring and imports that the module begins with."""
    source = context.source
    last = last_of_head(source.wrapper.module)
    if last is not None:
        blank = [] if isinstance(last.body[0], (cst.Import, cst.ImportFrom)) else [""]
        return source.insert_after(last, blank + lines)
    line = 1
    for text_line in source.text.splitlines():
        if not text_line.startswith("#"):
            break
        line += 1
    at = source.line_start(line)
    return Edit(at, at, source.newline.join(lines) + source.newline * 3)


def last_of_head(module):
    """The last statement of the docstring and imports that a module begins with, or None."""
    last = None
    for i, statement in enumerate(module.body):
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        first = statement.body[0]
        is_docstring = i == 0 and isinstance(first, cst.Expr) and isinstance(first.value, (cst.SimpleString,
                                                                                         cst.ConcatenatedString))
        if not is_docstring and not isinstance(first, (cst.Import, cst.ImportFrom)):
            break
        last = statement
    return last


def constant_name(context, word, taken=()):
    """A free module-level name for something that belongs to the function: `_parse_pattern`, `_parse_pattern_2`."""
    own = _flat(context.function)
    same = [f for f in context.source.functions if _flat(f) == own]
    number = f"_{same.index(context.function) + 1}" if len(same) > 1 else ""
    stem = f"_{own}{number}_{word}"
    name, number = context.fresh_name(stem), 2
    while name in taken:
        name = context.fresh_name(f"{stem}_{number}")
        number += 1
    return name


def _flat(function):
    return function.qualname.replace(".<locals>.", "_").replace(".", "_").lstrip("_")


def before_function(context, lines):
    """An insertion of lines in front of the module's statement that holds the function, above its comments."""
    source = context.source
    statement = holder(context)
    line = first = min([source.line(statement)] + [source.line(d) for d in getattr(statement, "decorators", ())])
    text_lines = source.text.splitlines()
    while line > 1 and text_lines[line - 2].startswith("#"):
        line -= 1
    if text_lines[line - 1].startswith("#!") or "coding" in text_lines[line - 1]:
        line = first  # what a file begins with stays there
    at = source.line_start(line)
    blank = source.newline * (3 if line == 1 or not text_lines[line - 2].strip() else 1)
    return Edit(at, at, source.newline.join(lines) + blank)


def is_imported_before(context, name):
    """The import that binds the name runs before the statement that holds the function."""
    before = []
    for statement in context.source.wrapper.module.body:
        if statement is holder(context):
            break
        before.append(statement)
    return any(context.bindings(name, within=statement) for statement in before
               if isinstance(statement, cst.SimpleStatementLine))


def module_assignment(context, name):
    """(statement, value) of `NAME = value`, the one binding of a module-level name, or None."""
    if context.times_bound(name) != 1:
        return None
    for statement in context.source.wrapper.module.body:
        if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
            assign = statement.body[0]
            if (isinstance(assign, cst.Assign) and len(assign.targets) == 1
                    and isinstance(assign.targets[0].target, cst.Name) and assign.targets[0].target.value == name):
                return statement, assign.value
    return None


def _imports(context):
    """[(name, (module, attribute or None))] of the imports directly at module level, read once a file."""
    known = getattr(context.source, "_imports", None)
    if known is not None:
        return known
    found = []
    for statement in context.source.wrapper.module.body:
        if not isinstance(statement, cst.SimpleStatementLine):
            continue
        for node in walk(statement, (cst.Import, cst.ImportFrom)):
            if isinstance(node.names, cst.ImportStar):
                continue
            for alias in node.names:
                name = alias.evaluated_alias or alias.evaluated_name
                if isinstance(node, cst.ImportFrom):
                    if node.module is not None and not node.relative:
                        module = get_full_name_for_node(node.module)
                        found.append((name, (module, alias.evaluated_name)))
                elif alias.asname is not None or "." not in name:
                    found.append((name, (alias.evaluated_name, None)))
    context.source._imports = found
    return found
