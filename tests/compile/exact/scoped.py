"""Puts scopes into a generated program: some of what its functions compute moves into nested functions and lambdas, which
capture the locals that they name, and some locals become globals.

Its random numbers are its own: programs without it stay what they were.
"""

from __future__ import annotations

import ast
import random

SHARE = 0.25  # of all programs


def with_scopes(text: str, seed: int) -> str:
    rng = random.Random(seed * 7919 + 5)
    if rng.random() >= SHARE:
        return text
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("f"):
            Scoper(rng, node).rewrite()
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


class Scoper:
    def __init__(self, rng: random.Random, function: ast.FunctionDef):
        self.rng = rng
        self.function = function
        self.chance = rng.choice([0.05, 0.15, 0.4])
        self.made = 0
        self.nonlocals: set[str] = set()
        self.params = {arg.arg for arg in function.args.args}
        stored = (ast.Store, ast.Del)
        self.locals = self.params | {
            n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, stored)
        }

    def rewrite(self) -> None:
        self.function.body = self.block(self.function.body)
        for name in sorted(self.nonlocals - self.params):  # its one binding may have moved away
            bind = ast.Assign(targets=[ast.Name(id=name, ctx=ast.Store())], value=ast.Constant(None))
            self.function.body.insert(0, ast.If(test=ast.Constant(False), body=[bind], orelse=[]))
        annotated = {
            n.target.id
            for n in ast.walk(self.function)
            if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
        }
        inner = sorted(self.locals - self.params - annotated)
        if inner and self.rng.random() < 0.15:
            name = self.rng.choice(inner)
            if name not in self.nonlocals:
                self.function.body.insert(0, ast.Global(names=[name]))

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for statement in statements:
            for field in ("body", "orelse"):
                if getattr(statement, field, None):
                    setattr(statement, field, self.block(getattr(statement, field)))
            out += self.moved(statement)
        return out

    def moved(self, statement: ast.stmt) -> list[ast.stmt]:
        if self.rng.random() >= self.chance:
            return [statement]
        if any(isinstance(node, ast.NamedExpr) for node in ast.walk(statement)):
            return [statement]  # it binds where it stands
        self.made += 1
        helper = f"h{self.made}"
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        single = isinstance(target, ast.Name) and len(statement.targets) == 1
        if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            return self.nonlocal_statement(helper, statement, statement.target.id)
        if not single:
            if isinstance(statement, ast.Return) and statement.value:
                return [self.definition(helper, [statement], []), ast.Return(value=self.call(helper, []))]
            return [statement]
        form = self.rng.randrange(4)
        if form == 0:
            return self.nonlocal_statement(helper, statement, target.id)
        names = sorted({
            n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name) and n.id in self.locals
        } - self.bound_inside(statement.value))
        passed = [name for name in names if self.rng.random() < 0.5]
        if form == 1:
            function = ast.Lambda(args=self.arguments(passed), body=statement.value)
            value = ast.Call(func=function, args=[self.load(n) for n in passed], keywords=[])
            return [ast.Assign(targets=[target], value=value)]
        body: list[ast.stmt] = [ast.Return(value=statement.value)]
        definition = self.definition(helper, body, passed)
        calls = [ast.Assign(targets=[target], value=self.call(helper, passed))]
        if form == 3:  # a second call of the same function
            calls = calls * 2
        return [definition, *calls]

    def nonlocal_statement(self, helper, statement, name) -> list[ast.stmt]:
        self.nonlocals.add(name)
        body = [ast.Nonlocal(names=[name]), statement]
        return [self.definition(helper, body, []), ast.Expr(value=self.call(helper, []))]

    @staticmethod
    def bound_inside(expression: ast.expr) -> set[str]:
        return {
            n.id for n in ast.walk(expression) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }

    @staticmethod
    def load(name: str) -> ast.Name:
        return ast.Name(id=name, ctx=ast.Load())

    @staticmethod
    def arguments(names: list[str]) -> ast.arguments:
        return ast.arguments(
            posonlyargs=[], args=[ast.arg(arg=n) for n in names], kwonlyargs=[], kw_defaults=[], defaults=[]
        )

    def call(self, helper: str, passed: list[str]) -> ast.Call:
        return ast.Call(func=self.load(helper), args=[self.load(n) for n in passed], keywords=[])

    def definition(self, helper, body, passed) -> ast.FunctionDef:
        node = ast.FunctionDef(name=helper, args=self.arguments(passed), body=body, decorator_list=[])
        node.type_params = []
        return node
