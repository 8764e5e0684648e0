"""What every rule looks through: one function of one source, its names, loops and statements."""

import ast
import builtins
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

import libcst as cst

MUTATING_METHODS = frozenset({"append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "__setitem__"})
# Built-in functions that never change a list that they are given.
HARMLESS_CALLS = frozenset({"len", "sum", "sorted", "min", "max", "enumerate", "print", "range", "any", "all", "repr",
                            "str", "list", "tuple", "set", "frozenset", "zip", "reversed", "isinstance", "type", "id"})
LOOPS = (cst.For, cst.While)
COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
_WHITE_SPACE = (cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Newline, cst.Comment)
SCOPES = (cst.FunctionDef, cst.Lambda, cst.ClassDef)


@dataclass
class Prescription:
    """One change that a rule proposes. `additions` are module-level insertions that change nothing by
    themselves (an import, a companion constant); the judge gives them to old and new alike."""

    kind: str
    what: str                                      # in words, for the report
    line: int
    edits: list
    span: tuple                                    # first and last line whose time the change may save
    additions: list = field(default_factory=list)
    added_names: tuple = ()
    requires: dict = field(default_factory=dict)   # {name: type names} that must hold at every judged call
    not_for: tuple = ()                            # kinds of values in made inputs (trial/inputs.py) that it is known to be wrong for
    sized: tuple = ()                              # names of lists whose length at the calls says whether it can pay at all
    pays: str = ""                                 # the way whose break-even prices.py knows
    decorator: str | None = None
    needs: tuple = ()
    at_calls: bool = True                          # False: it reaches beyond a call, so that the whole program alone tells


@dataclass
class Remark:
    """A place that a rule knows and leaves alone, with the reason and its figures."""

    kind: str
    line: int
    reason: str
    span: tuple


class Context:
    """One function definition, with the questions that rules ask about it."""

    def __init__(self, source, function):
        self.source = source
        self.function = function
        self.node = function.node
        self.parameters = {p.name.value: p for p in _all_parameters(function.node.params)}

    def parent(self, node):
        return self.source.parents.get(node)

    def ancestors(self, node):
        """Enclosing nodes from the inside out, up to and without the function itself."""
        node = self.parent(node)
        while node is not None and node is not self.node:
            yield node
            node = self.parent(node)

    def inside_function(self, *kinds):
        """Nodes of these kinds that run in this function, not in one nested in it."""
        return list(_walk(self.node.body, kinds, stop=SCOPES))

    def outermost_loop(self, node):
        """The outermost loop statement around a node, or None."""
        loops = [a for a in self.ancestors(node) if isinstance(a, LOOPS)]
        return loops[-1] if loops else None

    def statement_line(self, node):
        """The simple statement line, alone in an indented block, that a node belongs to, or None."""
        for ancestor in [node, *self.ancestors(node)]:
            if isinstance(ancestor, cst.SimpleStatementLine):
                return ancestor
            if isinstance(ancestor, (cst.BaseCompoundStatement, cst.SimpleStatementSuite)):
                return None
        return None

    def in_try(self, node):
        return any(isinstance(a, (cst.Try, cst.TryStar)) for a in self.ancestors(node))

    def is_local(self, name):
        return bool(self.bindings(name)) and not self.is_declared_elsewhere(name)

    def is_declared_elsewhere(self, name):
        return any(n.name.value == name for d in _walk(self.node.body, (cst.Global, cst.Nonlocal)) for n in d.names)

    def bindings(self, name, within=None):
        """Nodes that bind a name in the function: assignments, loop targets, imports, with, walrus, del."""
        return [n for n in _walk(within or self.node.body, (cst.Name,)) if n.value == name and self._binds(n)]

    def _binds(self, name_node):
        child, parent = name_node, self.parent(name_node)
        while isinstance(parent, (cst.Tuple, cst.List, cst.Element, cst.StarredElement)):
            child, parent = parent, self.parent(parent)
        if isinstance(parent, (cst.AssignTarget, cst.Del, cst.AsName, cst.NameItem, cst.MatchAs, cst.MatchStar, cst.MatchMapping)):
            return True
        if isinstance(parent, (cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For, cst.CompFor)):
            return parent.target is child
        if isinstance(parent, (cst.ImportAlias, cst.FunctionDef, cst.ClassDef, cst.Param)):
            return parent.name is child
        return False

    def uses(self, name, within):
        """Every mention of a name in an expression or target (attribute names and keywords are not mentions)."""
        found = []
        for node in _walk(within, (cst.Name,)):
            parent = self.parent(node)
            if node.value != name or (isinstance(parent, cst.Attribute) and parent.attr is node):
                continue
            if isinstance(parent, cst.Arg) and parent.keyword is node:
                continue
            found.append(node)
        return found

    def captured(self, name):
        """Used by a function, lambda or class nested in this one: its value may be seen at other times."""
        return any(self.uses(name, scope) for scope in _walk(self.node.body, SCOPES))

    def is_builtin(self, name):
        """The name means the built-in: nothing in the file binds it."""
        return hasattr(builtins, name) and not self.times_bound(name)

    def times_bound(self, name):
        """How often the file binds a name, in whatever scope."""
        return self._names_of_file()[1].get(name, 0)

    @property
    def names_of_file(self):
        return self._names_of_file()[0]

    def fresh_name(self, wanted):
        taken = self._names_of_file()[0]
        while wanted in taken:
            wanted += "_"
        return wanted

    def _names_of_file(self):
        """(all names, {name: how often it is bound}), read once a file: every rule asks for them."""
        known = getattr(self.source, "_names", None)
        if known is None:
            nodes = list(_walk(self.source.wrapper.module, (cst.Name,)))
            bound = Counter(n.value for n in nodes if self._binds(n))
            # `import a.b` binds a, and `global x` lets a function rebind what another scope bound.
            for alias in _walk(self.source.wrapper.module, (cst.ImportAlias,)):
                if alias.asname is None and isinstance(alias.name, cst.Attribute):
                    bound[alias.evaluated_name.partition(".")[0]] += 1
            known = self.source._names = ({n.value for n in nodes}, bound)
        return known

    def looks_at_names(self):
        """It asks for names by their text, so that a new local one would be seen."""
        return any(n.value in ("locals", "vars", "eval", "exec", "_getframe") for n in _walk(self.node.body, (cst.Name,)))

    def is_seen(self, name, kinds):
        """The judge can hold the name to these types at each call: a parameter or global that the function does not bind.

        Not so a variable of an enclosing function, nor a default that the call leaves out, unless its type stands here.
        """
        if self.bindings(name) or self.captured(name):
            return False
        parameter = self.parameters.get(name)
        if self._is_of_a_class() and name in list(self.parameters)[:1]:
            return False  # self: no plain dict or list has methods of the program's own
        if parameter is None:
            return not self._is_of_enclosing_function(name)
        if parameter.star:
            return {"*": "tuple", "**": "dict"}[parameter.star] in kinds
        if parameter.default is None:
            return True
        try:
            return type(ast.literal_eval(self.source.code(parameter.default))).__name__ in (*kinds, "NoneType")
        except (ValueError, SyntaxError):
            return False

    def _is_of_a_class(self):
        block = self.parent(self.node)
        return isinstance(block, cst.IndentedBlock) and isinstance(self.parent(block), cst.ClassDef) and not any(
            isinstance(d.decorator, cst.Name) and d.decorator.value == "staticmethod" for d in self.node.decorators)

    def _is_of_enclosing_function(self, name):
        node = self.parent(self.node)
        while node is not None:
            if isinstance(node, (cst.FunctionDef, cst.Lambda)) and (
                    self.bindings(name, within=node.body) or any(p.name.value == name for p in _all_parameters(node.params))):
                return True
            node = self.parent(node)
        return False

    def is_steady(self, name, place):
        """Nothing binds the name anew while these statements run, as far as this file shows."""
        if self.bindings(name) or name in self.parameters:
            return not (self.bindings(name, within=place) or self.is_declared_elsewhere(name)
                        or self.captured(name) and self._is_nonlocal_somewhere(name))
        return self.times_bound(name) <= 1 and not self._is_nonlocal_somewhere(name)

    def _is_nonlocal_somewhere(self, name):
        return any(n.name.value == name for d in _walk(self.source.wrapper.module, (cst.Global, cst.Nonlocal))
                   for n in d.names)

    def mutated_in(self, name, within, except_calls=()):
        """May the list of that name be changed, rebound or handed on to unknown code inside these statements?"""
        for node in self.uses(name, within):
            if self._binds(node):
                return True
            parent = self.parent(node)
            if isinstance(parent, cst.Attribute):
                call = self.parent(parent)
                if call in except_calls:
                    continue
                if parent.attr.value in MUTATING_METHODS or not isinstance(call, cst.Call):
                    return True
            elif isinstance(parent, cst.Subscript) and parent.value is node:
                holder = self.parent(parent)
                if isinstance(holder, (cst.AssignTarget, cst.Del, cst.Tuple, cst.Element, cst.AsName)) or (
                        isinstance(holder, (cst.AugAssign, cst.AnnAssign, cst.For, cst.CompFor)) and holder.target is parent):
                    return True
            elif isinstance(parent, cst.Arg):
                call = self.parent(parent)
                if not (isinstance(call, cst.Call) and isinstance(call.func, cst.Name)
                        and call.func.value in HARMLESS_CALLS):
                    return True
            elif not isinstance(parent, (cst.ComparisonTarget, cst.Comparison, cst.For, cst.CompFor, cst.If, cst.While,
                                         cst.BooleanOperation, cst.UnaryOperation, cst.Return)):
                return True  # stored somewhere: an alias
        return False


def _all_parameters(params):
    yield from params.posonly_params
    yield from params.params
    yield from params.kwonly_params
    for star in (params.star_arg, params.star_kwarg):
        if isinstance(star, cst.Param):
            yield star


def _walk(node, kinds, stop=()):
    """The node itself and what is below it, of these kinds, in source order; `stop` kinds are not entered."""
    if isinstance(node, kinds):
        yield node
    for child in _children(node):
        if stop and isinstance(child, stop):
            continue
        yield from _walk(child, kinds, stop)


@lru_cache(maxsize=1 << 18)  # some ten files of a thousand lines
def _children(node):
    """The children that are no white space, collected once a node: LibCST visits all of them each time it is asked."""
    return tuple(c for c in node.children if not isinstance(c, _WHITE_SPACE))


walk = _walk
