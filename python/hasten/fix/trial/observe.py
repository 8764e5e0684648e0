"""Finding the functions under trial in a source, wrapping them, and counting their calls."""

import ast
import builtins
import functools
import heapq
import json
import os
import sys
import time
import types

_perf_counter_ns = time.perf_counter_ns
_os_write = os.write
SLOWEST_COUNT = 8
SIZED_FIRST = 64  # of so many first calls the lists are measured, then of each whose number is a power of two
# Where any Python keeps its library and what is installed, whichever Python runs this.
_FOREIGN_PARTS = ("/site-packages/", "/dist-packages/", "/lib/python3.")


class Reporter:
    """One JSON line an event, written at once: a run that is killed keeps what it has said."""

    def __init__(self, fd):
        self._fd = fd
        os.set_inheritable(fd, False)

    def __call__(self, event):
        _os_write(self._fd, json.dumps(event, default=str).encode() + b"\n")


class OwnModules:
    """Tells the program's own modules from the standard library and installed packages."""

    def __init__(self, foreign_prefixes):
        self._foreign = tuple(foreign_prefixes)
        self._known = {"__main__": True}

    def paths(self):
        """The files of those that are loaded."""
        return sorted({os.path.abspath(module.__file__) for name, module in list(sys.modules.items())
                       if self(name) and isinstance(getattr(module, "__file__", None), str)})

    def __call__(self, name):
        known = self._known.get(name)
        if known is None:
            module = sys.modules.get(name) if isinstance(name, str) else None
            file = getattr(module, "__file__", None)
            known = (isinstance(file, str) and file.endswith((".py", ".pyc"))
                     and not os.path.abspath(file).startswith(self._foreign)
                     and not any(part in file for part in _FOREIGN_PARTS))
            if module is not None:
                self._known[name] = known
        return known


class Counted:
    def __init__(self, spec):
        self.key = spec["key"]
        self.wanted = set(spec["recorded"]) if spec.get("recorded") is not None else None  # calls to be recorded, if said
        self.count = 0
        self.total_ns = 0
        self.depth = 0
        self.slowest = []  # heap of (ns, call index)
        self.marks = None  # of its branches, in the watched run
        self.sizes = {}    # name -> [least, most, looks, type names of first elements, "call" or "use"], of lists
        self.named = spec.get("sized", ())

    def look_at_sizes(self, function, args, kwargs):
        """At those that a call is given or finds in globals."""
        code = function.__code__
        given = dict(zip(code.co_varnames, args)) | kwargs
        for name in self.named:
            if name in given:
                self.note_size(name, given[name], "call")
            elif name not in code.co_varnames:
                self.note_size(name, function.__globals__.get(name), "call")

    def note_size(self, name, value, what="use"):
        """Of a local list at a use of it. Returns the list."""
        if type(value) in (list, tuple):
            size = len(value)
            known = self.sizes.setdefault(name, [size, size, 0, set(), what])
            known[0], known[1], known[2] = min(known[0], size), max(known[1], size), known[2] + 1
            known[3].update(type(first).__name__ for first in value[:1])
        return value


class Observer:
    def __init__(self, report):
        self._report = report

    def wrap(self, function, target):
        if type(function) is not types.FunctionType:
            return function

        @functools.wraps(function)
        def counted(*args, **kwargs):
            target.count += 1
            index = target.count
            if target.named and (index <= SIZED_FIRST or not index & (index - 1)):
                target.look_at_sizes(function, args, kwargs)
            target.depth += 1
            marks = target.marks
            around, marks.current = marks.current, index
            start = _perf_counter_ns()
            try:
                return function(*args, **kwargs)
            finally:
                spent = _perf_counter_ns() - start
                marks.current = around
                target.depth -= 1
                if not target.depth:
                    target.total_ns += spent
                slowest = target.slowest
                if len(slowest) < SLOWEST_COUNT:
                    heapq.heappush(slowest, (spent, index))
                elif spent > slowest[0][0]:
                    heapq.heapreplace(slowest, (spent, index))
        return counted

    def report(self, targets, own):
        self._report({"event": "modules", "paths": own.paths()})
        for target in targets:
            self._report({"event": "counted", "key": target.key, "count": target.count, "total_ns": target.total_ns,
                          "slowest": [i for _, i in sorted(target.slowest, reverse=True)],
                          "taken_first": target.marks.first if target.marks else [],
                          "sizes": {name: [least, most, looks, sorted(kinds), what]
                                    for name, (least, most, looks, kinds, what) in target.sizes.items()}})


def compile_wrapped(source, path, targets, specs, wrap):
    """The code of a module in which each function under trial carries one more, innermost decorator, and marks if it is to."""
    tree = ast.parse(source, path)
    for number, (target, spec) in enumerate(zip(targets, specs)):
        node = find_function(tree, spec["qualname"], spec["ordinal"])
        if node is None:
            continue
        if getattr(target, "marks", None) is not None:
            target.marks.put_into(node)
            _LocalLists(node, target).put_into(node)
        name = f"_hasten_trial_{spec['key']}"
        setattr(builtins, name, functools.partial(wrap, target=target))
        reference = ast.Name(name, ast.Load())
        # The line of the def: an undecorated function keeps its first line number.
        node.decorator_list.append(ast.copy_location(reference, node))
    return compile(tree, path, "exec", dont_inherit=True)


class _LocalLists(ast.NodeTransformer):
    """Lets local lists tell their length where they are sorted, or taken from or put to at an end."""

    def __init__(self, function, target):
        arguments = function.args
        given = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        bound = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self._names = set(target.named) & bound - given
        self._call = f"_hasten_trial_size_{target.key}"
        if self._names:
            setattr(builtins, self._call, target.note_size)

    def put_into(self, function):
        if self._names:
            self.generic_visit(function)

    def visit_Call(self, node):
        self.generic_visit(node)
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in ("pop", "insert"):
            called.value = self._told(called.value)
        elif isinstance(called, ast.Name) and called.id == "sorted" and node.args:
            node.args[0] = self._told(node.args[0])
        return node

    def _told(self, node):
        if not (isinstance(node, ast.Name) and node.id in self._names):
            return node
        told = ast.Call(ast.Name(self._call, ast.Load()), [ast.Constant(node.id), node], [])
        return ast.fix_missing_locations(ast.copy_location(told, node))


def find_function(tree, qualname, ordinal):
    """The ordinal-th definition (from 0, in source order) with this qualified name."""
    found = [node for name, node in walk_functions(tree, "") if name == qualname]
    return found[ordinal] if ordinal < len(found) else None


def walk_functions(node, prefix):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + child.name, child
            yield from walk_functions(child, f"{prefix}{child.name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from walk_functions(child, f"{prefix}{child.name}.")
        else:
            yield from walk_functions(child, prefix)


def variant_codes(spec):
    """The new code object of each variant of a function under trial."""
    return [find_code(compile(v["text"], spec["path"], "exec", dont_inherit=True), spec["qualname"], spec["ordinal"])
            for v in spec["variants"]]


def find_code(code, qualname, ordinal):
    found = [c for c in _walk_codes(code) if c.co_qualname == qualname]
    if ordinal >= len(found):
        raise LookupError(f"no function {qualname} in the changed source")
    return found[ordinal]


def _walk_codes(code):
    for const in code.co_consts:
        if type(const) is types.CodeType:
            yield const
            yield from _walk_codes(const)
