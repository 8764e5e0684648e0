"""The functions under trial and their new versions: which calls are judged, and how a new version is made."""

import types


class Variant:
    def __init__(self, spec, code):
        self.id = spec["id"]
        self.decorator = spec["decorator"]
        self.text = spec["text"]
        self.requires = spec["requires"]  # {name: type names} that the rule's reasoning rests on
        self.not_for = set(spec.get("not_for", ()))  # kinds of values (inputs.py) that its rule says it is wrong for
        self.group = spec.get("group")    # variants of one group are one change: they run together
        self.code = code
        self.alive = True
        self.same_pure_count = 0
        self.shadow_count = 0   # calls whose outcomes were compared in the program itself
        self.stopped_count = 0  # of those, such as the thread there objected to
        self.generated = [0, 0, 0]  # calls on made inputs: the same, of which raised, raised otherwise than the old version
        self.different_count = 0


class Target:
    """One function under trial: its variants and which of its calls are judged."""

    def __init__(self, spec, codes):
        self.key = spec["key"]
        self.name = spec["qualname"].rpartition(".")[2]
        self.variants = [Variant(v, code) for v, code in zip(spec["variants"], codes)]
        self.schedule = iter(spec["schedule"])
        self.pair_count = spec["pairs_per_call"]
        self.shadow_stride = spec["shadow_stride"]
        self.count = 0
        self.next_index = next(self.schedule, -1)
        self.shadow_next = 0
        self.generated_per_call = spec["generated"]  # so many inputs are made from each judged call
        self.given = set()     # digests of arguments that were compared
        self.optional = set()  # places of arguments, or names, that were None in some call
        self.depth = 0
        self.by_group = {v.group: v for v in self.variants if v.group is not None}

    def side(self, other, variant):
        """The variant of this function that runs inside a copy in which `variant` of the target `other` is tried."""
        return variant if other is self or variant is None else self.by_group.get(variant.group)

    def is_done(self):
        """No call will be judged or compared any more."""
        alive = [v for v in self.variants if v.alive]
        return not alive or self.next_index < 0 and not (self.shadow_next or self.shadow_stride and any(
            v.same_pure_count for v in alive))


class Call:
    """One call under judgement. function: as defined; wrapper: what stands for it in the program; implementation(variant):
    the function that runs, None for the old one."""

    def __init__(self, target, function, wrapper, implementation, args, kwargs):
        self.target, self.function, self.wrapper, self.implementation = target, function, wrapper, implementation
        self.args, self.kwargs = args, kwargs


class Unchanged(Exception):
    """The new version is the old one."""


def make_new(function, variant):
    """The new version of a function object: same globals, defaults and closure, another body."""
    code = variant.code
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    if not set(code.co_freevars) <= set(cells):
        raise TypeError("the new body uses other variables of the enclosing function")
    made = types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__,
                              tuple(cells[name] for name in code.co_freevars) or None)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__qualname__ = function.__qualname__
    made.__annotations__ = function.__annotations__
    made.__doc__ = function.__doc__
    made.__dict__.update(function.__dict__)
    made.__module__ = function.__module__
    if variant.decorator is not None:
        plain = made
        loader = function.__globals__.get("__loader__")
        if hasattr(loader, "_raw"):
            loader._raw = variant.text  # hasten.jit reads the text that the code came from
        made = function.__globals__[variant.decorator](plain)
        if made is plain:
            raise Unchanged("hasten cannot be imported by the program's Python, so that @jit changes nothing there")
    return made


def rebind(function, wrapper, callee, args):
    """Inside a copy the name of the function leads straight to the side under trial: recursion pays no wrapper."""
    names = function.__globals__
    name = function.__name__
    if names.get(name) is wrapper:
        names[name] = callee
    if args:
        for base in type(args[0]).__mro__:
            if base.__dict__.get(name) is wrapper:
                setattr(base, name, callee)
