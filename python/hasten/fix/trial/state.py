"""What a call can be seen to change, read as one snapshot: arguments, the function's own cells, the globals and
classes of the program's own modules, and the state of libraries that Python code commonly sets.

What the function may touch is read strictly: something there that cannot be compared stops the judgement. All
else is read leniently, where an object of unknown state stands for itself. Which is which is a matter of names:
Reach follows every name and attribute that the code mentions to every function that bears it, so that it finds
too much rather than too little. Wrong when: an attribute is looked up by a name made at run time.
"""

import builtins
import functools
import gc
import os
import sys
import types

_CLOCK_NAMES = {"now", "utcnow", "today"}
_MAKERS = {"__init__", "__new__", "__init_subclass__", "__set_name__", "__post_init__"}


class Reach:
    """The globals and classes that code reachable from a call can name.

    names: {id of a module's dictionary: names in it}; classes: own classes by id; clock: the name of a
    clock that may be read, or None.
    """

    def __init__(self, function, values, is_own_module):
        self.names = {}
        self.classes = {}
        self.clock = None
        self._is_own_module = is_own_module
        self._by_name = _functions_by_name(is_own_module)
        self._followed = set()
        self._keep = []
        self._todo = [function, *values]
        # Operators, iteration and formatting call these without a name in the code. What makes an object
        # names its class, which is followed from there.
        for name, found in self._by_name.items():
            if name.startswith("__") and name.endswith("__") and name not in _MAKERS:
                self._todo += [f for _, f in found]
        while self._todo:
            self._follow(self._todo.pop())

    def _follow(self, item):
        if id(item) in self._followed:
            return
        self._followed.add(id(item))
        self._keep.append(item)  # a method object lives only now, and its address must not be met again
        self._todo += _parts_of(item, self._is_own_module)
        if isinstance(item, type):
            if self._is_own_module(item.__module__):
                self.classes[id(item)] = item
                self._todo += [*vars(item).values(), *item.__bases__]
            return
        if type(item) is not types.FunctionType:
            self._todo.append(type(item))
            return
        if not self._is_own_module(item.__module__):
            return
        names = _names_of(item.__code__)
        if names & _CLOCK_NAMES and "datetime" in sys.modules:
            self.clock = min(names & _CLOCK_NAMES)
        self._name(item.__globals__, names)
        for name in names:
            for owner, found in self._by_name.get(name, ()):
                self._todo.append(found)
                if owner is not None:
                    self._todo.append(owner)
        for cell in item.__closure__ or ():
            try:
                self._todo.append(cell.cell_contents)
            except ValueError:
                pass

    def _name(self, namespace, names):
        found = self.names.setdefault(id(namespace), set())
        for name in names:
            if name in namespace and name not in found:
                found.add(name)
                value = namespace[name]
                if not isinstance(value, types.ModuleType):
                    self._todo.append(value)
                elif self._is_own_module(value.__name__):
                    self._name(vars(value), names)  # `helpers.table`: both words are among the names


def _functions_by_name(is_own_module):
    """{name: [(class or None, function)]} of all functions and methods of the program's own modules."""
    found = {}
    seen = set()
    todo = [(None, vars(module)) for name, module in list(sys.modules.items())
            if is_own_module(name) and isinstance(module, types.ModuleType)]
    while todo:
        owner, namespace = todo.pop()
        for name, value in list(namespace.items()):
            if isinstance(value, type):
                if id(value) not in seen and is_own_module(value.__module__):
                    seen.add(id(value))
                    todo.append((value, vars(value)))
                continue
            if type(value) is types.FunctionType or _parts_of(value, is_own_module):
                found.setdefault(name, []).append((owner, value))
    return found


def _parts_of(value, is_own_module):
    """The functions and objects inside a method, property, partial or wrapper; runs none of the program's own code."""
    kind = type(value)
    if kind is types.MethodType:
        return [value.__func__, value.__self__]
    if kind in (staticmethod, classmethod):
        return [value.__func__]
    if kind is property:
        return [value.fget, value.fset, value.fdel]
    if kind is functools.partial:
        return [value.func, *value.args, *value.keywords.values()]
    if kind is not types.FunctionType and (isinstance(value, type) or is_own_module(kind.__module__)):
        return []
    wrapped = getattr(value, "__wrapped__", None)
    return [] if wrapped is None else [wrapped]


def _names_of(code):
    names = set(code.co_names)
    for const in code.co_consts:
        if type(const) is types.CodeType:
            names |= _names_of(const)
    return names


class CallState:
    def __init__(self, snapshot_module, is_own_module, additions):
        self._snapshot = snapshot_module
        self._is_own_module = is_own_module
        self._additions = additions  # names that the judge itself put into the modules
        self._builtins = dict(vars(builtins))

    def take(self, tokens, function, args, kwargs, reach):
        """Everything that a call can be seen to change, in one order; the caller adds the outcome last, so that
        an alias of an argument or of a global shows as such."""
        taken = self._snapshot.Snapshot(tokens, self._is_own_module)
        code = function.__code__
        for i, value in enumerate(args):
            name = code.co_varnames[i] if i < code.co_argcount else f"*{i - code.co_argcount}"
            self._add(taken, f"the argument `{name}`", value)
        for name, value in kwargs.items():
            self._add(taken, f"the argument `{name}`", value)
        self._add(taken, "the function's defaults", (function.__defaults__, function.__kwdefaults__, function.__dict__
                                                     if "__wrapped__" not in function.__dict__ else None))
        for name, cell in zip(code.co_freevars, function.__closure__ or ()):
            self._add(taken, f"the enclosing function's `{name}`", cell)
        # What is met twice is looked into once: the strict sections come first.
        namespaces = [(name, getattr(sys.modules[name], "__dict__", {}))
                      for name in sorted(name for name in list(sys.modules) if self._is_own_module(name))]
        for module, values in namespaces:
            self._add_globals(taken, module, values, reach, strict=True)
        for owner in sorted(reach.classes.values(), key=lambda c: (c.__module__, c.__qualname__)):
            self._add_class(taken, owner)
        for module, values in namespaces:
            self._add_globals(taken, module, values, reach, strict=False)
        for name, value in hidden_state(self._builtins):
            taken.add(name, value, strict=False)
        return taken

    def _add_globals(self, taken, module, values, reach, strict):
        reached = reach.names.get(id(values), ())
        for name in sorted(values):
            if name.startswith("__") and name.endswith("__") or name in self._additions:
                continue
            value = values[name]
            # A class stands for itself in a strict section; its own state shows in a lenient one.
            is_strict = name in reached and not isinstance(value, type) and not _is_shared_handle(value)
            if is_strict is strict and not isinstance(value, types.ModuleType):
                self._add(taken, f"the global `{name}`" + ("" if module == "__main__" else f" of {module}"), value, strict)

    def _add_class(self, taken, owner):
        """The class attributes that hold data. Descriptors are code, and their state shows in the instances."""
        if hasattr(owner, "__members__"):  # an Enum: its members are fixed
            return
        for name, value in sorted(vars(owner).items()):
            if (name.startswith(("__", "_abc_")) or isinstance(value, type) or hasattr(type(value), "__get__")
                    or _is_shared_handle(value)):
                continue
            self._add(taken, f"the attribute `{name}` of class {owner.__qualname__}", value)

    def _add(self, taken, name, value, strict=True):
        try:
            taken.add(name, value, strict)
        except self._snapshot.LiveHandle as error:
            raise self._snapshot.LiveHandle(f"{name} holds {error}") from None
        except self._snapshot.CannotTell as error:
            raise self._snapshot.CannotTell(f"{name} holds {error}") from None


def _is_shared_handle(value):
    """Standard streams (what is written to them is compared) and locks stand for themselves; threading.local is data."""
    return (value is sys.stdout or value is sys.stderr or value is sys.__stdout__ or value is sys.__stderr__
            or type(value).__module__ == "_thread" and type(value).__name__ != "_local")


def hidden_state(usual_builtins):
    """State outside the program's own modules that Python code commonly changes."""
    modules = sys.modules
    if "random" in modules and hasattr(modules["random"], "getstate"):
        yield "the random state", modules["random"].getstate()
    numpy_random = modules.get("numpy.random")
    if numpy_random is not None:
        name, keys, *rest = numpy_random.get_state()
        yield "NumPy's random state", (name, keys.tobytes(), *rest)
    if "decimal" in modules:
        context = modules["decimal"].getcontext()
        yield "the decimal context", (repr(context),)
    if "_locale" in modules:
        yield "the locale", modules["_locale"].setlocale(modules["_locale"].LC_ALL)
    if "warnings" in modules:
        yield "the list of warning filters", [repr(entry) for entry in modules["warnings"].filters]
    if "signal" in modules:
        signal = modules["signal"]
        handlers = [(number, signal.getsignal(number)) for number in sorted(map(int, signal.valid_signals()))]
        yield "the set of signal handlers", [(n, int(h) if isinstance(h, int) else h) for n, h in handlers if h != signal.SIG_DFL]
    if "logging" in modules:
        yield "the state of logging", _logging_levels(modules["logging"])
    if "_contextvars" in modules:
        context = modules["_contextvars"].copy_context()
        # decimal's is made when it is asked for, anew in each copy, and is compared above.
        # Their order is that of their addresses, which another process does not share.
        yield "the set of context variables", sorted(
            ((variable.name, context[variable]) for variable in context if variable.name != "decimal_context"), key=lambda v: v[0])
    yield "the environment", dict(os.environ)
    try:
        yield "the current directory", os.getcwd()
    except OSError:
        pass
    yield "the mode of new files (umask)", _umask()
    yield "the set of built-in names", [(name, vars(builtins).get(name)) for name in sorted({*vars(builtins), *usual_builtins})
                                        if vars(builtins).get(name, None) is not usual_builtins.get(name, builtins)
                                        and not name.startswith("_hasten_trial_")]
    yield "interpreter settings", (sys.getrecursionlimit(), gc.isenabled(), sys.getswitchinterval(),
                                   [str(p) for p in sys.path], list(map(str, sys.argv)), sys.excepthook, sys.displayhook)
    if sys.stdout is not sys.__stdout__:
        yield "sys.stdout", sys.stdout
    if sys.stderr is not sys.__stderr__:
        yield "sys.stderr", sys.stderr


def _logging_levels(logging):
    loggers = {name: logger for name, logger in logging.root.manager.loggerDict.items() if hasattr(logger, "level")}
    loggers["root"] = logging.root
    return (logging.root.manager.disable, [(name, logger.level, bool(logger.disabled), logger.propagate, len(logger.handlers))
                                           for name, logger in loggers.items()])


def _umask():
    mask = os.umask(0o077)  # it can only be read by setting it; a copy has one thread
    os.umask(mask)
    return mask
