"""A change that somebody else made: files before and after, and which of their functions can be judged at their calls.

A function is judged if its parameters and decorators stay and what it uses means the same in the old module: new helper
functions, imports and constants are carried into the old text, where nothing else can see them. What is altered otherwise
(a constant, a class, a function with other parameters) cannot be had in one process together with the old one; functions
that name it are compared by runs of the whole program only.
"""

from __future__ import annotations

import ast
import builtins
import copy
import os
from dataclasses import dataclass, field

from hasten.errors import HastenError
from hasten.fix.trial.observe import walk_functions

_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class FileChange:
    """One file of the program's own, under the path by which the program knows it."""

    path: str
    before: bytes | None  # None: the change adds the file
    after: bytes | None   # None: the change removes it
    # Of a notebook: what the file holds, while the above is the program that its code cells are.
    file_before: bytes | None = None
    file_after: bytes | None = None


@dataclass
class ChangedFunction:
    path: str
    qualname: str
    ordinal: int
    line: int
    why_not: str = ""  # why its calls are not judged; empty: they are
    is_changed: bool = True  # False: it stays, but uses what the change alters
    is_wanted: bool = True   # False: the user asked for another function's calls

    @property
    def key(self):
        return self.path, self.qualname, self.ordinal


@dataclass
class Change:
    """title: what it is, for a person; others: changed files that are no Python source, which no trial can swap."""

    title: str
    files: list
    others: list = field(default_factory=list)
    functions: list = field(default_factory=list)  # that it changes, and those that use what it alters
    judged_text: dict = field(default_factory=dict)  # path: the old text with what is new and harmless carried into it
    added_names: set = field(default_factory=set)    # that it carries
    module_paths: list = field(default_factory=list)  # files whose code outside functions changes
    altered: set = field(default_factory=set)         # names that mean something else in the changed program

    def __post_init__(self):
        if not self.files:
            what = f" (only {', '.join(self.others[:3])})" if self.others else ""
            raise HastenError(f"{self.title} changes no Python source{what}", hint="there is nothing to run old against new")
        comparisons = [c for c in map(self._read, self.files) if c is not None]
        self._spread([pair for c in comparisons for pair in c.changed])
        self.functions = [f for c in comparisons for f, _ in c.changed]
        self.functions += [f for c in comparisons for f in self._affected(c.same)]

    def _spread(self, changed):
        """A function that names something altered cannot run in the old program; nor can one that names that function."""
        self.altered |= {_last_name(f) for f, _ in changed if f.why_not}
        again = True
        while again:
            again = False
            for function, node in changed:
                found = sorted(_mentioned(node) & self.altered) if node is not None and not function.why_not else []
                if found:
                    function.why_not = f"it uses {found[0]}, which the change alters too"
                    self.altered.add(_last_name(function))
                    again = True

    def _affected(self, pairs):
        """Those of some unchanged functions that name something altered."""
        out = []
        for function, node in pairs:
            found = sorted(_mentioned(node) & self.altered)
            if found:
                function.why_not = f"it stays as it is, but uses {found[0]}, which the change alters"
                out.append(function)
        return out

    def affected_in(self, path, raw):
        """The functions of another file of the program that name something altered."""
        if not self.altered:
            return []
        try:
            tree = ast.parse(raw, path)
        except (SyntaxError, ValueError):
            return []
        return self._affected([(ChangedFunction(path, name, ordinal, node.lineno, is_changed=False), node)
                               for name, nodes in _by_name(tree).items() for ordinal, node in enumerate(nodes)])

    def _read(self, change):
        if change.before is None or change.after is None:
            for raw in (change.before, change.after):
                if raw is not None:
                    _parsed(raw, change.path)
            self.module_paths.append(change.path)
            return None
        comparison = _FileComparison(_parsed(change.before, change.path), _parsed(change.after, change.path), change)
        self.altered |= comparison.altered
        self.judged_text[change.path] = comparison.judged_text
        self.added_names |= comparison.added_names
        if comparison.module_changed:
            self.module_paths.append(change.path)
        return comparison

    def only(self, name):
        """Judges the calls of this function alone. Raises HastenError if the change does not touch it."""
        changed = [f for f in self.functions if f.is_changed]
        if not any(name in (f.qualname, _last_name(f)) for f in changed):
            names = ", ".join(dict.fromkeys(f.qualname for f in changed)) or "no function"
            raise HastenError(f"--function {name}: {self.title} does not change it; it changes {names}")
        for function in self.functions:
            function.is_wanted = name in (function.qualname, _last_name(function))

    def originals(self):
        """{path: bytes} of the files that exist without the change."""
        return {f.path: f.before for f in self.files if f.before is not None}

    def overlay(self):
        """{path: bytes} of the changed program. A removed file stays: a program that still imports it shows by itself."""
        return {f.path: f.after for f in self.files if f.after is not None}

    def text_after(self, path):
        return next(f.after for f in self.files if f.path == path)

    def patch(self):
        """A unified diff of the files."""
        from hasten.fix.source import unified_diff

        text = "".join(unified_diff(f.path, f.file_before or f.before or b"", f.file_after or f.after or b"") for f in self.files)
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _parsed(raw, path):
    try:
        return ast.parse(raw, path)
    except (SyntaxError, ValueError) as error:
        place = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
        raise HastenError(f"{os.path.basename(path)}{place} of the change cannot be parsed ({getattr(error, 'msg', error)})",
                          hint="put it right first") from None


class _FileComparison:
    """Two versions of one module."""

    def __init__(self, old, new, change):
        self._path = change.path
        self._old_lines = change.before.splitlines(keepends=True)
        self._new_lines = change.after.splitlines(keepends=True)
        self._insertions = []   # (after this line of the old text, text)
        self.altered = set()    # names that mean something else in the new module
        self.added_names = set()
        self.module_changed = False
        self.changed = []       # (ChangedFunction, its new node or None)
        self.same = []          # the same of functions that stay
        self._old_names = _bound(old.body) | set(dir(builtins))
        self._compare_bodies(old.body, new.body, None)
        self._compare_functions(old, new)
        self.judged_text = self._with_insertions()

    # -- outside functions -----------------------------------------------------------------------------

    def _compare_bodies(self, old_body, new_body, owner):
        """Statements of a module or class: which are new and can be carried, which alter a name."""
        old_by_text = {}
        for node in old_body:
            old_by_text.setdefault(_outline(node), node)
        old_classes = {n.name: n for n in old_body if isinstance(n, ast.ClassDef)}
        taken = set()
        anchor = None  # the old statement behind which something new stands
        for number, node in enumerate(new_body):
            text = _outline(node)
            if text in old_by_text:
                anchor = old_by_text[text]
                taken.add(text)
                continue
            same_class = old_classes.get(node.name) if isinstance(node, ast.ClassDef) else None
            if same_class is not None and _class_head(node) == _class_head(same_class):
                anchor = same_class
                taken.add(_outline(same_class))
                self._compare_bodies(same_class.body, node.body, same_class)
                continue
            names = _bound([node])
            if self._can_be_carried(node, names, new_body, number, owner, old_body):
                self._carry(node, names, anchor, old_body, owner)
            else:
                self._alter(names, node)
        for text, node in old_by_text.items():
            if text not in taken:
                self._alter(_bound([node]), node)

    def _alter(self, names, node):
        self.altered |= names
        if not isinstance(node, _DEFS):
            self.module_changed = True

    def _can_be_carried(self, node, names, body, number, owner, old_body):
        if not names or isinstance(node, ast.ImportFrom) and node.module == "__future__":
            return False
        if owner is None:
            if names & self._old_names:
                return False
        elif not isinstance(node, _DEFS) or node.name.startswith("__") or names & _bound(old_body):
            return False
        before = body[number - 1].end_lineno if number else 0
        after = _first_line(body[number + 1]) if number + 1 < len(body) else node.end_lineno + 1
        return before < _first_line(node) and node.end_lineno < after  # no other statement on its lines

    def _carry(self, node, names, anchor, old_body, owner):
        if anchor is not None:
            line = anchor.end_lineno
        else:
            line = _first_line(old_body[0]) - 1 if old_body else 0
        text = b"".join(self._new_lines[_first_line(node) - 1:node.end_lineno])
        self._insertions.append((line, text if text.endswith((b"\n", b"\r")) else text + b"\n"))
        if owner is None:
            self.added_names |= names
            if not isinstance(node, (*_DEFS, ast.ClassDef)):
                self.module_changed = True

    def _with_insertions(self):
        out = []
        for number, line in enumerate([b"", *self._old_lines]):
            out.append(line)
            here = [text for at, text in self._insertions if at == number]
            if here and line and not line.endswith((b"\n", b"\r")):
                out.append(b"\n")
            out += here
        return b"".join(out)

    # -- functions -------------------------------------------------------------------------------------

    def _compare_functions(self, old, new):
        olds, news = _by_name(old), _by_name(new)
        changed = self.changed
        for name, nodes in olds.items():
            if name not in news:
                continue
            if len(nodes) != len(news[name]):
                changed.append((ChangedFunction(self._path, name, 0, news[name][0].lineno,
                                                f"it is defined {len(nodes)} times before and {len(news[name])} times after"), None))
                continue
            for ordinal, (before, after) in enumerate(zip(nodes, news[name])):
                if _own_text(before) != _own_text(after):
                    why = "" if _signature(before) == _signature(after) else "its parameters or decorators change"
                    changed.append((ChangedFunction(self._path, name, ordinal, after.lineno, why), after))
                else:
                    self.same.append((ChangedFunction(self._path, name, ordinal, after.lineno, is_changed=False), after))
        names = {f.qualname for f, _ in changed}
        for function, _ in changed:
            if any(name.startswith(f"{function.qualname}.<locals>.") for name in names) and not function.why_not:
                function.why_not = "functions that it makes change too"


def _last_name(function):
    return function.qualname.rpartition(".")[2]


def _by_name(tree):
    found = {}
    for name, node in walk_functions(tree, ""):
        found.setdefault(name, []).append(node)
    return found


class _Emptied(ast.NodeTransformer):
    """Empties the bodies of functions; of all but the outermost if keep_first."""

    def __init__(self, keep_first):
        self._keep = keep_first

    def visit_FunctionDef(self, node):
        if self._keep:
            self._keep = False
            return self.generic_visit(node)
        node.body = [ast.Pass()]
        return node

    visit_AsyncFunctionDef = visit_FunctionDef


def _outline(node):
    """The text of a statement without the bodies of its functions."""
    return ast.dump(_Emptied(keep_first=False).visit(copy.deepcopy(node)))


def _own_text(node):
    """The text of a function without the bodies of those inside it."""
    return ast.dump(_Emptied(keep_first=True).visit(copy.deepcopy(node)))


def _signature(node):
    arguments = copy.deepcopy(node.args)
    for part in ast.walk(arguments):
        if isinstance(part, ast.arg):
            part.annotation = None
    return type(node), ast.dump(arguments), [ast.dump(d) for d in node.decorator_list]


def _class_head(node):
    return [ast.dump(part) for part in (*node.bases, *node.keywords, *node.decorator_list)]


def _first_line(node):
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])


def _bound(body):
    """The names that statements bind, without looking into functions and classes."""
    names = set()
    todo = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, (*_DEFS, ast.ClassDef)):
            names.add(node.name)
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            names.add(node.id)
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            base = node.value
            while isinstance(base, (ast.Attribute, ast.Subscript)):
                base = base.value
            if isinstance(base, ast.Name):
                names.add(base.id)  # `table[k] = v` alters what table means
        todo += ast.iter_child_nodes(node)
    return names


def _mentioned(node):
    """Every name and attribute in a function's text."""
    return {part.id if isinstance(part, ast.Name) else part.attr for part in ast.walk(node)
            if isinstance(part, (ast.Name, ast.Attribute))}
