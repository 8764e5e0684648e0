"""Random lists, tuples, indices, ranges and comprehensions."""

from __future__ import annotations

from scope import Var


class Containers:
    """The part of Expressions (expressions.py) that makes and indexes containers."""

    def any_list(self, or_global: bool = False) -> str | None:
        """A list in scope; `or_global` allows one that the function may change but not assign."""
        shared = [g for g, k in self.s.globals.items() if k[0] == "L"]
        if or_global and shared and self.s.chance(0.3):
            return self.rng.choice(shared)
        names = [n for n, v in self.s.vars.items() if v.sure and v.kind[0] == "L"]
        return self.rng.choice(names) if names else None

    def index(self, a_list: str, d: int, inner: bool = False) -> str:
        exact = [
            n
            for n, v in self.s.vars.items()
            if v.within == (a_list + "[]" if inner else a_list) and v.sure
        ]
        length = f"len({a_list}[0])" if inner else f"len({a_list})"
        options = [
            (2, lambda: str(self.rng.choice([0, 0, 0, -1, -1, 1, -2]))),
            (7, lambda: f"{self.make('i', min(d, 1))} % {length}"),
            (1.5, lambda: self.atom("s")),
            (0.3, lambda: self.make("i", min(d, 1))),
            (0.2, lambda: self.make("b", min(d, 1))),
        ]
        if exact:
            options.append((14, lambda: self.rng.choice(exact)))
            options.append((2, lambda: f"{self.rng.choice(exact)} - 1"))
            options.append((1, lambda: f"-{self.rng.choice(exact)}"))
        return self.s.pick(options)()

    def size(self) -> str:
        return self.s.pick(
            [
                (4, str(self.rng.randint(0, 7))),
                (3, self.make("s", 1)),
                (1, "-1"),
                (1, "(%s & 7)" % self.make("i", 1)),
            ]
        )

    def list_of(self, kind: str, depth: int) -> str:
        d = min(depth - 1, 1)
        if self.s.chance(0.35) or depth <= 0:
            name = self.variable("L" + kind)
            if name:
                return name
        count = self.rng.choice([0, 1, 2, 3, 3, 4])
        options = [
            (4, lambda: f"[{(',' + self.br()).join(self.make(kind, d) for _ in range(count))}]"),
            (3, lambda: f"[{self.make(kind, d)}] * {self.size()}"),
            (3, lambda: self.comprehension(kind, d)),
        ]
        name = self.variable("L" + kind)
        if name:
            options += [
                (1, lambda: f"{name}[{self.slice()}]"),
                (0.7, lambda: f"({name} + [{self.make(kind, d)}])"),
                (self.s.flavour.rare, lambda: f"sorted({name})"),
                (self.s.flavour.rare, lambda: f"list(reversed({name}))"),
                (0.5, lambda: f"list({name})"),
            ]
        if kind in "is":
            options.append((1.2, lambda: f"list({self.range()})"))
        callees = [f for f in self.s.functions if f.returns == "L" + kind and self.affordable(f)]
        if callees:
            options.append((3, lambda: self.call(self.rng.choice(callees), d)))
        return self.s.pick(options)()

    def slice(self) -> str:
        part = lambda: self.s.pick(
            [(3, ""), (3, str(self.rng.randint(-3, 4))), (2, self.make("s", 1))]
        )
        step = self.s.pick(
            [(5, ""), (1, ":-1"), (1, ":2"), (0.5, ":" + self.literal("s")), (0.2, ":0")]
        )
        return f"{part()}:{part()}{step}"

    def range(self) -> str:
        small = lambda: self.make("s", 1)
        return self.s.pick(
            [
                (4, lambda: f"range({small()})"),
                (2, lambda: f"range({small()}, {small()})"),
                (1.5, lambda: f"range({small()}, {small()}, {self.rng.choice([1, 2, 3, -1, -2])})"),
                (0.1, lambda: f"range({small()}, {small()}, {small()})"),
            ]
        )()

    def comprehension(self, kind: str, d: int) -> str:
        s = self.s
        name = f"q{s.comprehension}"
        s.comprehension += 1
        saved, iterations = s.vars.get(name), s.iterations
        s.iterations *= 6
        targets, source = self.comprehension_source(name)
        for target, target_kind in targets:
            s.vars[target] = Var(target_kind)
        item = self.make(kind, d)
        condition = f" if {self.make('b', 1)}" if s.chance(0.3) else ""
        for target, _ in targets:
            del s.vars[target]
        s.iterations = iterations
        s.comprehension -= 1
        if saved:
            s.vars[name] = saved
        return f"[{item} for {', '.join(t for t, _ in targets)} in {source}{condition}]"

    def comprehension_source(self, name: str):
        element = self.rng.choice("if")
        a_list = self.variable("L" + element)
        options = [(4, lambda: ([(name, "s")], self.range()))]
        if a_list:
            options += [
                (4, lambda: ([(name, element)], a_list)),
                (1, lambda: ([(name + "k", "s"), (name, element)], f"enumerate({a_list})")),
                (
                    1,
                    lambda: (
                        [(name + "k", element), (name, element)],
                        f"zip({a_list}, {self.list_of(element, 0)})",
                    ),
                ),
            ]
        return self.s.pick(options)()

    def tuple_of(self, kind: str, depth: int) -> str:
        name = self.variable(kind)
        if name and self.s.chance(0.5):
            return name
        items = [self.make(k, min(depth - 1, 1)) for k in kind[1:]]
        return "(" + ", ".join(items) + ("," if len(items) == 1 else "") + ")"
