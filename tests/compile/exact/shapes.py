"""Which forms of statements and expressions a function is written with: the names are those of covered.SHAPES."""

from __future__ import annotations

import ast

TESTS = (ast.If, ast.While, ast.IfExp, ast.Assert)


def shapes_of(function: ast.FunctionDef) -> set[str]:
    keys: set[str] = set()
    say = lambda *words: keys.add("shape " + " ".join(words).strip())  # noqa: E731
    signature(function.args, "def", say)
    for node in ast.walk(function):
        keys.add(f"syntax {type(node).__name__}")
        handle = FORMS.get(type(node))
        if handle:
            handle(node, say)
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.FunctionDef) and isinstance(child, ast.FunctionDef):
                say("def nested")
            if isinstance(child, ast.BoolOp):
                word = "and" if isinstance(child.op, ast.And) else "or"
                say(word, "test" if isinstance(node, TESTS) and getattr(node, "test", None) is child else "value")
            if isinstance(child, ast.UnaryOp) and isinstance(child.op, ast.Not) and isinstance(node, TESTS):
                say("not test")
    return keys


def signature(args: ast.arguments, word: str, say) -> None:
    for present, name in ((args.defaults, "defaults"), (args.posonlyargs, "positional only"), (args.kwonlyargs, "keyword only"), (any(args.kw_defaults), "keyword default"),
                          (args.vararg, "star"), (args.kwarg, "double star")):  # fmt: skip
        if present:
            say(word, name)


def definition(node, say) -> None:
    signature(node.args, "def", say)
    names = {n.func.id for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    if node.name in names:
        say("def recursive")


def lambda_(node, say) -> None:
    if node.args.args:
        say("lambda parameters")
    own = {a.arg for a in node.args.args}
    if any(isinstance(n, ast.Name) and n.id not in own and not n.id[0].isupper() for n in ast.walk(node.body)):
        say("lambda captures")


def try_(node, say) -> None:
    say("try except" if node.handlers else "try finally")
    for handler in node.handlers:
        if handler.name:
            say("try except as")
        if isinstance(handler.type, ast.Tuple):
            say("try except tuple")
        if handler.type is None:
            say("try except bare")
    if len(node.handlers) > 1:
        say("try two clauses")
    if node.orelse:
        say("try else")
    if node.finalbody and node.handlers:
        say("try except finally")
    inside = [n for child in node.body for n in ast.walk(child)]
    if any(isinstance(n, ast.Return) for n in inside):
        say("return in try")
    if any(isinstance(n, (ast.Break, ast.Continue)) for n in inside):
        say("jump in try")


def raise_(node, say) -> None:
    if node.exc is None:
        return say("raise alone")
    say("raise instance" if isinstance(node.exc, ast.Call) else "raise class")
    if node.cause is not None:
        say("raise from None" if isinstance(node.cause, ast.Constant) else "raise from")


def loop(node, say) -> None:
    word = "for" if isinstance(node, ast.For) else "while"
    if node.orelse:
        say(word, "else")
    if any(isinstance(n, (ast.For, ast.While)) for child in node.body for n in ast.walk(child)):
        say("loop in loop")
    if word == "for":
        target(node.target, say)
        if isinstance(node.iter, ast.Name) and node.iter.id.startswith("it"):
            say("loop over iterator")


def call(node, say) -> None:
    if any(k.arg for k in node.keywords):
        say("call keywords")
    if any(k.arg is None for k in node.keywords):
        say("call double star")
    if any(isinstance(a, ast.Starred) for a in node.args):
        say("call star")
    if any(isinstance(a, ast.GeneratorExp) for a in node.args):
        say("call generator")


def comprehension(node, say) -> None:
    if len(node.generators) > 1:
        say("comprehension two fors")
    if any(len(g.ifs) > 1 for g in node.generators):
        say("comprehension two ifs")
    if any(isinstance(g.target, ast.Tuple) for g in node.generators):
        say("comprehension pair")
    if isinstance(getattr(node, "elt", None), (ast.ListComp, ast.SetComp, ast.DictComp)):
        say("comprehension nested")


def text(node, say) -> None:
    values = [v for v in node.values if isinstance(v, ast.FormattedValue)]
    if len(values) > 1:
        say("f-string several")
    for value in values:
        if value.conversion > 0:
            say("f-string conversion", chr(value.conversion))
        if value.format_spec:
            nested = any(isinstance(v, ast.FormattedValue) for v in value.format_spec.values)
            say("f-string nested spec" if nested else "f-string spec")


def slice_(node, say) -> None:
    parts = [name for name in ("lower", "upper", "step") if getattr(node, name) is not None]
    say("slice", *(parts or ["nothing"]))


def target(node, say) -> None:
    if isinstance(node, (ast.Tuple, ast.List)):
        say("target pair")
        if any(isinstance(e, (ast.Tuple, ast.List)) for e in node.elts):
            say("target nested")
        if any(isinstance(e, ast.Starred) for e in node.elts):
            say("target star")
        for item in node.elts:
            target(item, say)
    elif isinstance(node, ast.Subscript):
        say("target slice" if isinstance(node.slice, ast.Slice) else "target item")
    elif isinstance(node, ast.Attribute):
        say("target attribute")


def assign(node, say) -> None:
    if len(node.targets) > 1:
        say("assign chain")
    for one in node.targets:
        target(one, say)


def augment(node, say) -> None:
    say("augment", {ast.Name: "name", ast.Subscript: "item", ast.Attribute: "attribute"}[type(node.target)])


def delete(node, say) -> None:
    for one in node.targets:
        if isinstance(one, ast.Subscript):
            say("delete slice" if isinstance(one.slice, ast.Slice) else "delete item")
        else:
            say("delete several" if isinstance(one, ast.Tuple) else "delete name")
    if len(node.targets) > 1:
        say("delete several")


def display(node, say) -> None:
    if any(isinstance(e, ast.Starred) for e in node.elts) and not isinstance(getattr(node, "ctx", None), ast.Store):
        say("display star", type(node).__name__.lower())


FORMS = {
    ast.FunctionDef: definition, ast.Lambda: lambda_, ast.Try: try_, ast.Raise: raise_, ast.For: loop, ast.While: loop, ast.Call: call, ast.ListComp: comprehension,
    ast.SetComp: comprehension, ast.DictComp: comprehension, ast.GeneratorExp: comprehension, ast.JoinedStr: text, ast.Slice: slice_, ast.Assign: assign, ast.AugAssign: augment,
    ast.Delete: delete, ast.List: display, ast.Tuple: display, ast.Set: display,
    ast.Assert: lambda node, say: node.msg is not None and say("assert message"), ast.Compare: lambda node, say: len(node.ops) > 1 and say("compare chain"),
    ast.Dict: lambda node, say: None in node.keys and say("display double star"), ast.Nonlocal: lambda node, say: say("closure write"), ast.Global: lambda node, say: say("global write"),
    ast.NamedExpr: lambda node, say: say("walrus"), ast.IfExp: lambda node, say: any(isinstance(n, ast.IfExp) for n in (node.body, node.orelse, node.test)) and say("if expression nested"),
    ast.BinOp: lambda node, say: isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str) and say("string %"),
    ast.Constant: lambda node, say: say("constant", type(node.value).__name__), ast.Return: lambda node, say: node.value is None and say("empty return"),
}  # fmt: skip
