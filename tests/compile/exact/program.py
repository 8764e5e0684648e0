"""One random program: a module of a few functions that call each other, and the calls to make of them.

A program is text, so that it can be written to a file, shrunk and kept as a case: functions f0, f1, ..., globals
G0, ..., and call_0, call_1, ... Each call_N builds fresh arguments: it returns ("call", name, args, kwargs), or
("set", global, value). The same seed gives the same text on every Python.
"""

from __future__ import annotations

import random
import re

from arguments import SUBCLASSES, Arguments
from chains import generate_chains
from expressions import Expressions
from kept import KeptFunction
from lists import ListFunction
from scope import Flavour, Scope, Signature, Var, literals_of
from scoped import with_scopes
from statements import Body
from texts import SUBCLASSES as TEXT_SUBCLASSES
from texts import TextFunction
from wide import generate_wide, mixed
from wholes import generate_wholes

HEADER = "import cmath\nimport math\nfrom math import inf, nan\n"
RETURNS = ["i", "i", "f", "f", "b", "c", "x", "s", "Li", "Lf", "Tif", "Tii", "R", "R", "R", "R"]
PARAMS = [
    "i",
    "i",
    "i",
    "f",
    "f",
    "f",
    "s",
    "s",
    "b",
    "x",
    "Li",
    "Li",
    "Lf",
    "Lf",
    "Lx",
    "LLi",
    "LLf",
    "Tif",
    "n",
]


def generate(seed: int, density: int = 1) -> str:
    """`density` times as many calls: for long runs, whose time goes to compiling."""
    text = generate_one(seed, density)
    return with_kept(text, seed, density) if seed % 4 == 0 else text


def with_kept(text: str, seed: int, density: int) -> str:
    """One function more, whose lists stay inside, and calls of it behind those that there are."""
    rng = random.Random(-1 - seed)
    number = 1 + max((int(n) for n in re.findall(r"^def call_(\d+)\(", text, re.MULTILINE)), default=-1)
    signature, function = KeptFunction(rng, "f90", "f89").make()
    signature.literals = literals_of(function)
    calls = make_calls(rng, [signature], {}, density, number)
    used = [t for name, t in SUBCLASSES.items() if name + "(" in calls and f"class {name}(" not in text]
    return "\n".join([text, function, *used, calls])


def generate_one(seed: int, density: int) -> str:
    rng = random.Random(seed)
    sort = seed % 8  # 0 and 3: what follows below
    if sort in (1, 5, 6):
        return generate_wide(rng, seed // 8 * 3 + (1, 5, 6).index(sort), density)
    if sort == 2:
        return generate_chains(rng, density)
    if sort == 4:
        return with_scopes(generate_lists(rng, density), seed)
    if sort == 7:
        return generate_texts(rng, density)
    if seed % 16 == 11:
        return generate_wholes(rng, density)
    flavour = Flavour(
        numbers=rng.choice(
            ["i", "i", "iiif", "if", "if", "f", "fffi", "fc", "c", "ic", "ifx", "ifbcx", "ib"]
        ),
        noise=rng.choice([0, 0, 0, 0.002, 0.01, 0.03]),
        rare=rng.choice([0, 0, 0, 0.3, 1]),
        edges=rng.choice([0.02, 0.1, 0.1, 0.3]),
        split=rng.choice([0, 0, 0.03]),
    )
    parts = [HEADER]
    global_kinds = {}
    for n in range(rng.choice([0, 0, 1, 2])):
        kind = rng.choice(["i", "f", "s", "Li", "b"])
        global_kinds[f"G{n}"] = kind
        parts.append(f"G{n} = {Arguments(rng).benign(kind)}\n")
    functions: list[Signature] = []
    if rng.random() < 0.25:
        signature, text = make_plain(rng, global_kinds)
        functions.append(signature)
        parts.append(text)
    count = rng.choice([1, 1, 2, 2, 3, 4])
    for n in range(count):
        # The last function is called most, and by no other: it may as well show all that it computes.
        returns = "R" if n == count - 1 and rng.random() < 0.6 else rng.choice(RETURNS)
        signature, text = make_function(rng, flavour, f"f{n}", returns, functions, global_kinds)
        signature.literals = literals_of(text)
        functions.append(signature)
        parts.append(text)
    calls = make_calls(rng, functions, global_kinds, density)
    used = [text for name, text in SUBCLASSES.items() if name + "(" in calls]
    return with_scopes("\n".join([*parts, *used, calls]), seed)


def generate_texts(rng, density: int = 1) -> str:
    """A program over texts and containers of objects."""
    functions, parts = [], [HEADER + "from collections import defaultdict, deque\n"]
    for n in range(rng.choice([1, 1, 2, 3])):
        signature, text = TextFunction(rng, f"f{n}", list(functions)).make()
        signature.literals = literals_of(text)
        functions.append(signature)
        parts.append(text)
    calls = make_calls(rng, functions, {}, density)
    used = [text for name, text in {**SUBCLASSES, **TEXT_SUBCLASSES}.items() if name + "(" in calls]
    return "\n".join([*parts, *used, calls])


def generate_lists(rng, density: int = 1) -> str:
    """A program over lists that its functions make for themselves."""
    functions, parts = [], [HEADER]
    for n in range(rng.choice([1, 1, 2])):
        signature, text = ListFunction(rng, f"f{n}", list(functions)).make()
        signature.literals = literals_of(text)
        functions.append(signature)
        parts.append(text)
    calls = make_calls(rng, functions, {}, density)
    used = [text for name, text in SUBCLASSES.items() if name + "(" in calls]
    return "\n".join([*parts, *used, calls])


def make_function(rng, flavour, name, returns, functions, global_kinds):
    if "c" not in flavour.numbers and returns == "c":
        returns = "f"
    kinds = [rng.choice(PARAMS) for _ in range(rng.choice([1, 2, 2, 3, 3, 4]))]
    if "c" in flavour.numbers:
        kinds = [
            rng.choice("ccf") if k in "fx" else "Lc" if k == "Lf" and rng.random() < 0.5 else k
            for k in kinds
        ]
    recursive = rng.random() < 0.18
    if recursive:
        kinds[0] = "s"
    params = [(f"a{i}", kind) for i, kind in enumerate(kinds)]
    defaults = 1 if len(params) > 1 and params[-1][1] in "ifsb" and rng.random() < 0.15 else 0
    scope = Scope(
        rng,
        flavour,
        list(functions),
        dict(global_kinds),
        budget=rng.choice([100, 400, 1000, 2500, 6000]),
    )
    start_budget = scope.budget
    for param, kind in params:
        scope.vars[param] = Var(kind)
    body = Body(scope, returns)
    signature = Signature(name, params, returns, defaults=defaults, depth_first=recursive)
    if recursive:
        body.put("if a0 <= 0:")
        body.put(f"    return {body.result()}")
        body.statement()
        fall = rng.choice(["a0 - 1", "a0 - 1", "a0 - 2", "a0 // 2"])
        others = ", ".join(Expressions(scope).make(kind, 1) for kind in kinds[1:])
        twice = rng.random() < 0.25
        call = f"{name}({fall}{', ' + others if others else ''})"
        target = body.new_name()
        body.put(
            f"{target} = {call}"
            + (f" if a0 < 6 else {name}(a0 - 3{', ' + others if others else ''})" if twice else "")
        )
        scope.vars[target] = Var(returns if returns[0] in "LT" or returns in "ifbcsx" else "x")
        if returns[0] in "RT":
            del scope.vars[target]
    body.block(rng.choice([1, 2, 3, 4, 6, 9]))
    if rng.random() < 0.95 or not body.lines:
        body.put(f"return {body.result()}")
    default = f"={Arguments(rng).benign(params[-1][1])}" if defaults else ""
    heading = f"def {name}({', '.join(p for p, _ in params)}{default}):"
    signature.cost = max(4, int(start_budget - scope.budget)) * (12 if recursive else 1)
    return signature, "\n".join([heading, *body.lines]) + "\n"


def make_plain(rng, global_kinds):
    """A function that stays plain Python: compiled code calls it and finds the world changed. Lists are shorter or
    hold something else, globals are rebound, and now and then the result has another type."""
    element = rng.choice("if")
    values = Arguments(rng)
    lines = ["def p0(a0, a1):", "    turns.append(0)"]
    every = rng.choice([2, 3, 7, 20, 100])
    lines.append(f"    if len(turns) % {every} == 0:")
    numbers = [name for name, kind in global_kinds.items() if kind in "isb"]
    if numbers:
        name = rng.choice(numbers)
        lines.insert(1, f"    global {name}")
        change = rng.choice([f"{name} + 1", f"-{name}", "2", values.benign("s")])
        lines.append(f"        {name} = {change}")
    change = rng.choice([
        "a1.clear()", "del a1[1:]", "a1.append(a0)", "a1[:] = [0.5] * len(a1)", "a1[:] = [v for v in a1 if v]",
        "a1[-1:] = [None]", "a1[:1] = [2**70]", "a1[:] = [True, 3]", "a1.insert(0, a0)", "pass",
    ])  # fmt: skip
    lines.append(f"        if len(a1) < 30:\n            {change}")
    surprise = rng.choice(["a0", "a0", "0.5", "2**63", "None", "True", "[a0]", "(a0, 1)", "1j"])
    lines.append(f"        return {surprise}")
    lines.append("    return a0")
    signature = Signature("p0", [("a0", element), ("a1", "L" + element)], element, cost=6)
    return signature, "turns = []\n\n\n" + "\n".join(lines) + "\n"


def make_calls(rng, functions, global_kinds, density: int = 1, number: int = 0) -> str:
    """Phases, as in life: the same types for a while, then others, then the first again. Calls are counted from `number` on."""
    lines = []
    values = Arguments(rng)
    functions = [f for f in functions if f.name != "p0"]
    phases = []
    for _ in range(rng.choice([6, 9, 12])):
        if global_kinds and rng.random() < 0.12:
            name = rng.choice(sorted(global_kinds))
            lines.append(
                f"def call_{number}():\n    return 'set', '{name}', {values.value(global_kinds[name])}\n"
            )
            number += 1
        elif len(functions) > 2 and rng.random() < 0.03:
            name = rng.choice(functions[:-1]).name
            other = rng.choice(functions[:-1]).name
            lines.append(f"def call_{number}():\n    return 'rebind', '{name}', '{other}'\n")
            number += 1
        function = rng.choice(functions[-2:] if rng.random() < 0.7 else functions)
        profile = values.profile(function)
        # A version is compiled once: values at the edges find more in it than the same again.
        count = rng.choice([2, 5, 8] if profile["style"] == "benign" else [5, 8, 14])
        phases += [(function, profile)] * count
        for _ in range(count):
            lines.append(f"def call_{number}():\n{values.call(function, profile)}\n")
            number += 1
    for function, profile in mixed(rng, phases, density):
        lines.append(f"def call_{number}():\n{values.call(function, profile)}\n")
        number += 1
    return "\n".join(lines)
