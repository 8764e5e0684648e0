"""Random dicts, sets, texts, generator expressions, and what `*` unpacks.

Kinds: D + kind is a dict from small ints, bools and short texts to that kind; S a set of ints; W a text.
"""

from __future__ import annotations

from scope import Var

KEYS = ["0", "1", "2", "3", "True", "'a'", "'b'", "(1, 2)", "None", "2**70", "-1", "7"]
FOLDS = {
    "i": ["sum", "sum", "min", "max", "len(list", "len(set"],
    "f": ["sum", "sum", "min", "max"],
    "c": ["sum"],
    "b": ["any", "all", "any", "all", "sum"],
    "s": ["len(tuple", "len(set"],
    "x": ["sum", "max"],
}


class MappingExpressions:
    """The part of Expressions (expressions.py) that reads dicts and texts and uses up generator expressions."""

    def of_mappings(self, kind: str, d: int):
        options = [(1.5, lambda: self.fold(kind, d))] if kind in FOLDS else []
        for name in self.named("D" + kind):
            options += [
                (2, lambda n=name: f"{n}.get({self.key()}, {self.atom(kind)})"),
                (2, lambda n=name: f"({n}[{self.dict_key(n)}])"),
            ]
        if kind in "is":
            for name in [n for n, v in self.s.vars.items() if v.sure and v.kind[0] in "DSW"]:
                options.append((1, lambda n=name: f"len({n})"))
        if kind == "b":
            for name in [n for n, v in self.s.vars.items() if v.sure and v.kind[0] in "DS"]:
                options.append((1.5, lambda n=name: f"({self.key()} {self.rng.choice(['in', 'not in'])} {n})"))
            for name in self.named("W"):
                options.append((2, lambda n=name: f"({n}[{self.index(n, d)}] {self.rng.choice(['==', '!=', '<'])} 'b')"))
                options.append((1, lambda n=name: f"({self.rng.choice(['n', repr('ab'), repr('')])!s} in {n})".replace("(n in", "('n' in")))
        return options

    def named(self, kind: str) -> list[str]:
        return [n for n, v in self.s.vars.items() if v.sure and v.kind == kind]

    def key(self) -> str:
        return self.rng.choice(KEYS) if self.s.chance(0.5) else self.make("s", 1)

    def dict_key(self, name: str) -> str:
        """Mostly one that is there."""
        if self.s.chance(0.15):
            return self.key()
        key = self.rng.choice(KEYS)
        return f"{key} if {key} in {name} else next(iter({name}))"

    def fold(self, kind: str, d: int) -> str:
        """A function that uses up a generator expression."""
        s = self.s
        function = self.rng.choice(FOLDS[kind])
        name = f"q{s.comprehension}"
        s.comprehension += 1
        saved, iterations = s.vars.get(name), s.iterations
        s.iterations *= 6
        targets, source = self.comprehension_source(name)
        for target, target_kind in targets:
            s.vars[target] = Var(target_kind)
        item = self.make("i" if kind == "s" else kind, d)
        condition = f" if {self.make('b', 1)}" if s.chance(0.3) else ""
        walrus = s.chance(0.05)
        for target, _ in targets:
            del s.vars[target]
        s.iterations = iterations
        s.comprehension -= 1
        if saved:
            s.vars[name] = saved
        if walrus:
            item = f"(late := {item})"
        close = "))" if "(" in function else ")"
        return f"{function}({item} for {', '.join(t for t, _ in targets)} in {source}{condition}{close}"


class MappingStatements:
    """The part of Body (statements.py) that makes and changes them."""

    def dict_(self) -> None:
        kind = self.rng.choice("iiifx" if "c" not in self.s.flavour.numbers else "iifcx")
        names = self.e.named("D" + kind)
        rng = self.rng
        if names and self.s.chance(0.7):
            name = rng.choice(names)
            key = self.e.key()
            text = self.s.pick(
                [
                    (5, lambda: f"{name}[{key}] = {self.bounded(self.e.make(kind, 1), kind)}"),
                    (4, lambda: f"{name}[{self.e.dict_key(name)}] += {self.e.atom(kind)}"),
                    (2, lambda: f"{name}[{key}] = {name}.get({key}, 0) + 1"),
                    (1, lambda: f"{name}.pop({key}, None)"),
                    (1, lambda: f"del {name}[{key}]"),
                    (1, lambda: f"{name} = {{**{name}, {key}: {self.e.atom(kind)}}}"),
                ]
            )()
            self.put(text)
            return
        name = self.new_name("d")
        pairs = ", ".join(f"{self.e.key()}: {self.e.make(kind, 1)}" for _ in range(rng.randint(0, 4)))
        text = self.s.pick(
            [
                (3, lambda: "{" + pairs + "}"),
                (2, lambda: f"{{q0 % {rng.randint(1, 9)}: {self.e.atom(kind)} for q0 in {self.e.range()}}}"),
            ]
        )()
        self.put(f"{name} = {text}")
        self.bind(name, "D" + kind)

    def set_(self) -> None:
        names = self.e.named("S")
        if names and self.s.chance(0.6):
            name = self.rng.choice(names)
            method = self.rng.choice(["add", "add", "discard", "remove"])
            self.put(f"{name}.{method}({self.e.key()})")
            return
        name = self.new_name("z")
        items = ", ".join(self.e.key() for _ in range(self.rng.randint(1, 5)))
        text = self.s.pick(
            [
                (2, lambda: "{" + items + "}"),
                (2, lambda: f"{{q0 * {self.rng.randint(1, 40)} % 31 for q0 in {self.e.range()}}}"),
                (1, lambda: f"set(q0 & 7 for q0 in {self.e.range()})"),
            ]
        )()
        self.put(f"{name} = {text}")
        self.bind(name, "S")

    def text_(self) -> None:
        names = self.e.named("W")
        if names and self.s.chance(0.7):
            name = self.rng.choice(names)
            more = self.rng.choice(["'a'", "'bc'", "''", "'\\u00e9'", "'\\u2603'", f"str({self.e.make('i', 1)})", f"{name}[:3]"])
            self.put(f"if len({name}) < 400:")
            self.put(f"    {name} {self.rng.choice(['+= ' + more, f'= {name} + {more}', f'= {more} + {name}'])}")
            return
        name = self.new_name("u")
        self.put(f"{name} = {self.rng.choice([repr('abcab'), repr(''), 'str(2**40)', repr('x') + ' * 5'])}")
        self.bind(name, "W")

    def over_mapping(self) -> None:
        """A loop over a dict, its items, a set or a text."""
        names = [n for n, v in self.s.vars.items() if v.sure and v.kind[0] in "DSW"]
        if not names:
            return self.rng.choice([self.dict_, self.set_, self.text_])()
        name = self.rng.choice(names)
        kind = self.s.vars[name].kind
        item, total = self.new_name(), self.new_name()
        self.put(f"{total} = 0")
        if kind[0] == "D" and self.s.chance(0.6):
            key = self.new_name()
            self.put(f"for {key}, {item} in {name}.items():")
            self.put(f"    {total} += {item}")
        elif kind == "W":
            self.put(f"for {item} in {name}:")
            self.put(f"    if {item} {self.rng.choice(['==', '>', 'in'])} {self.rng.choice([repr('a'), repr('ab')])}:")
            self.put(f"        {total} += 1")
        else:
            self.put(f"for {item} in {name}:")
            self.put(f"    {total} = {total} * 3 + ({item} if isinstance({item}, int) else 1)")
            self.put(f"    {total} %= 1000003")
        self.s.vars[total] = Var("x")

    def star(self) -> None:
        a_list = self.e.any_list()
        if not a_list or self.s.vars[a_list].kind.startswith("LL"):
            return self.assign_list()
        kind = self.s.vars[a_list].kind
        first, rest = self.new_name(), self.new_name("w")
        form = self.rng.choice([f"{first}, *{rest}", f"*{rest}, {first}", f"[*{rest}, {first}]"])
        source = self.rng.choice([a_list, f"({self.e.atom(kind[1:])}, *{a_list})", f"[*{a_list}, *{a_list}[:1]]"])
        self.put(f"{form} = {source}")
        self.bind(first, kind[1:])
        self.bind(rest, kind)
