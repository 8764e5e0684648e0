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
_GENERATOR = 0x20  # CO_GENERATOR
FLOATS_MOST = 20_000  # of one call; what holds more is not compared from run to run
RECORDED_FIRST = 64  # so many first calls are recorded, then each whose number is a power of two
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
        self.count = 0
        self.total_ns = 0
        self.depth = 0
        self.slowest = []  # heap of (ns, call index)
        self.sizes = {name: [] for name in spec.get("sized", ())}  # of lists that a call is given or finds in globals
        self.kinds = {}    # name -> type names of their first elements

    def look_at_sizes(self, function, args, kwargs):
        code = function.__code__
        given = dict(zip(code.co_varnames, args)) | kwargs
        for name, sizes in self.sizes.items():
            value = given[name] if name in given else function.__globals__.get(name)
            if type(value) in (list, tuple):
                sizes.append(len(value))
                self.kinds.setdefault(name, set()).update(type(first).__name__ for first in value[:1])


class Recorder:
    """Digests of what calls were given and gave, for at most so many seconds."""

    def __init__(self, report, snapshot_module, is_own_module, seconds):
        self._report = report
        self._snapshot = snapshot_module
        self._is_own_module = is_own_module
        self._ns_left = int(seconds * 1e9)

    def is_over(self):
        return self._ns_left <= 0

    def digest(self, value):
        """[digest, floats beside it where they are kept]; None for what cannot be looked into."""
        start = _perf_counter_ns()
        taken = self._snapshot.Snapshot({}, self._is_own_module)
        try:
            taken.add("", value)
        except self._snapshot.CannotTell:
            return None
        finally:
            self._ns_left -= _perf_counter_ns() - start
        kept = taken.floats.get("", b"")
        return [taken.sections[0][1], list(memoryview(kept).cast("d"))] if len(kept) <= 8 * FLOATS_MOST else None

    def report(self, target, index, given, outcome, arguments, shown):
        gave = self.digest((outcome, arguments))
        if given is not None and gave is not None:
            self._report({"event": "result", "key": target.key, "index": index, "given": given, "gave": gave,
                          "shown": self._snapshot.preview(shown)})


class Observer:
    def __init__(self, report, recorder=None):
        self._report = report
        self._recorder = recorder

    def wrap(self, function, target):
        if type(function) is not types.FunctionType:
            return function

        @functools.wraps(function)
        def counted(*args, **kwargs):
            target.count += 1
            index = target.count
            if target.sizes and (index <= RECORDED_FIRST or not index & (index - 1)):
                target.look_at_sizes(function, args, kwargs)
            target.depth += 1
            start = _perf_counter_ns()
            try:
                return function(*args, **kwargs)
            finally:
                spent = _perf_counter_ns() - start
                target.depth -= 1
                if not target.depth:
                    target.total_ns += spent
                slowest = target.slowest
                if len(slowest) < SLOWEST_COUNT:
                    heapq.heappush(slowest, (spent, index))
                elif spent > slowest[0][0]:
                    heapq.heapreplace(slowest, (spent, index))
        return counted

    def wrap_recorded(self, function, target):
        """Says of some calls what they were given and what came of them, so that two processes can be compared."""
        if type(function) is not types.FunctionType:
            return function

        if function.__code__.co_flags & _GENERATOR:
            return self._wrap_generator(function, target)

        @functools.wraps(function)
        def recorded(*args, **kwargs):
            index = self._count(target)
            if index is None:
                return function(*args, **kwargs)
            given = self._recorder.digest((args, kwargs))
            try:
                result = function(*args, **kwargs)
            except Exception as error:
                self._recorder.report(target, index, given, (type(error), error.args), (args, kwargs), error)
                raise
            self._recorder.report(target, index, given, result, (args, kwargs), result)
            return result
        return recorded

    def _count(self, target):
        """The number of this call if it is to be recorded."""
        target.count += 1
        index = target.count
        return None if index > RECORDED_FIRST and index & (index - 1) or self._recorder.is_over() else index

    def _wrap_generator(self, function, target):
        @functools.wraps(function)
        def recorded(*args, **kwargs):
            index = self._count(target)
            made = function(*args, **kwargs)
            if index is None:
                return (yield from made)
            given = self._recorder.digest((args, kwargs))
            items = []
            shown = None
            send, value = made.send, None
            try:
                while True:
                    item = send(value)
                    items.append(self._recorder.digest(item))
                    shown = item if len(items) == 1 else shown
                    try:
                        send, value = made.send, (yield item)
                    except GeneratorExit:
                        made.close()
                        raise
                    except BaseException as error:
                        send, value = made.throw, error
            except StopIteration as end:
                items.append(self._recorder.digest(end.value))
                return end.value
            finally:
                if None not in items:
                    self._recorder.report(target, index, given, items, (args, kwargs), shown)
        return recorded

    def report(self, targets, own):
        self._report({"event": "modules", "paths": own.paths()})
        for target in targets:
            self._report({"event": "counted", "key": target.key, "count": target.count, "total_ns": target.total_ns,
                          "slowest": [i for _, i in sorted(target.slowest, reverse=True)],
                          "sizes": {name: [min(sizes), max(sizes), len(sizes), sorted(target.kinds[name])]
                                    for name, sizes in target.sizes.items() if sizes}})


def compile_wrapped(source, path, targets, specs, wrap):
    """The code of a module in which each function under trial carries one more, innermost decorator."""
    tree = ast.parse(source, path)
    for number, (target, spec) in enumerate(zip(targets, specs)):
        node = find_function(tree, spec["qualname"], spec["ordinal"])
        if node is None:
            continue
        name = f"_hasten_trial_{spec['key']}"
        setattr(builtins, name, functools.partial(wrap, target=target))
        reference = ast.Name(name, ast.Load())
        # The line of the def: an undecorated function keeps its first line number.
        node.decorator_list.append(ast.copy_location(reference, node))
    return compile(tree, path, "exec", dont_inherit=True)


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
