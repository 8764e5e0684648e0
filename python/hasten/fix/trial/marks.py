"""The branches of a function: at which of its calls each is taken for the first time.

The watched run carries a mark at the beginning of each branch: the body and the other side of an if, the bodies and the ends of loops, handlers and
cases, both sides of a conditional expression, what stands behind `and` and `or`, the elements of comprehensions. A mark is one look-up of a
name in builtins, and a call when it is met first; so that a loop does not notice. Wrong when: a call hands on to another of the
same function by a generator: the branch is then told of the later call.
"""

import ast
import builtins


class Marks:
    """Marks the branches of one function. current: the number of the call that runs, kept by whoever counts the calls."""

    def __init__(self, key):
        self.current = 0
        self.first = []  # of each branch: the call that took it first, None if none did
        self._open = f"_hasten_trial_open_{key}_"
        self._take = f"_hasten_trial_take_{key}"
        setattr(builtins, self._take, self._taken)

    def _taken(self, number):
        if self.first[number] is None:
            self.first[number] = self.current
            setattr(builtins, self._open + str(number), False)

    def put_into(self, function):
        """Puts marks into a function's tree."""
        _Marker(self._mark).visit_inside(function)
        ast.fix_missing_locations(function)

    def _mark(self):
        """`open and take(number)`, which is never true."""
        number = len(self.first)
        self.first.append(None)
        setattr(builtins, self._open + str(number), True)
        is_open = ast.Name(self._open + str(number), ast.Load())
        take = ast.Call(ast.Name(self._take, ast.Load()), [ast.Constant(number)], [])
        return ast.BoolOp(ast.And(), [is_open, take])


class _Marker(ast.NodeTransformer):
    def __init__(self, mark):
        self._mark = mark

    def visit_inside(self, function):
        function.body = [self.visit(node) for node in function.body]

    def _statement(self, body):
        return [ast.Expr(self._mark()), *body]

    def _expression(self, value):
        return ast.BoolOp(ast.Or(), [self._mark(), value])

    def visit_If(self, node):
        self.generic_visit(node)
        node.body = self._statement(node.body)
        if not (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)):  # an elif has marks of its own
            node.orelse = self._statement(node.orelse)
        return node

    def _visit_body(self, node):
        self.generic_visit(node)
        node.body = self._statement(node.body)
        return node

    visit_ExceptHandler = visit_match_case = _visit_body

    def _visit_loop(self, node):
        self._visit_body(node)
        node.orelse = self._statement(node.orelse)  # it came to its end, and was not left
        return node

    visit_For = visit_AsyncFor = visit_While = _visit_loop

    def visit_IfExp(self, node):
        self.generic_visit(node)
        node.body, node.orelse = self._expression(node.body), self._expression(node.orelse)
        return node

    def visit_BoolOp(self, node):
        self.generic_visit(node)
        node.values = [node.values[0], *map(self._expression, node.values[1:])]
        return node

    def _visit_element(self, node):
        self.generic_visit(node)
        if any(generator.ifs for generator in node.generators):
            node.elt = self._expression(node.elt)
        return node

    visit_ListComp = visit_SetComp = visit_GeneratorExp = _visit_element

    def visit_DictComp(self, node):
        self.generic_visit(node)
        if any(generator.ifs for generator in node.generators):
            node.key = self._expression(node.key)
        return node
