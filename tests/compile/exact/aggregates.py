"""Random statements on what holds several things: iterators that are shared, tuples of anything, lists of pairs."""

from __future__ import annotations

from scope import SCALARS, Var


class Aggregates:
    """The part of Body (statements.py) for kinds that no expression makes: M is a variable that holds anything, Q + two
    kinds a list of pairs."""

    def of_kind(self, letter: str) -> list[str]:
        return [n for n, v in self.s.vars.items() if v.kind[0] == letter and v.sure]

    def looped(self, size: int, statements: int, first=()) -> None:
        """The body of a loop, below the line that opens it."""
        s, before = self.s, self.s.iterations
        s.iterations = max(1, before * size)
        self.loops.append({"count": size, "over": True})
        self.indent += 1
        for line in first:
            self.put(line)
        self.indent -= 1
        after = self.branch(statements)
        self.loops.pop()
        s.iterations = before
        for name, var in after.items():
            if name in s.vars and s.vars[name].kind != var.kind and var.kind in SCALARS:
                s.vars[name].kind = "x"

    # -- loops that become hot after a surprise ---------------------------------------------------------------
    def hot_loop(self) -> None:
        """More than 1000 turns after a value got another type: long enough to enter native code in the middle."""
        s = self.s
        if self.indent > 1 or self.loops or s.budget < 900:
            return self.for_()
        s.budget -= 2000
        total, surprised, turn = self.new_name(), self.new_name(), self.new_name("k")
        ints = [n for n, v in s.vars.items() if v.kind in "is" and v.sure and not n.startswith("q")]
        self.put(f"{total} = {self.e.make('i', 1)}")
        self.put(f"{surprised} = {self.e.make(self.rng.choice('if'), 1)}")
        self.put(f"for {turn} in range({self.rng.choice([1040, 1300, 2100])}):")
        self.put(f"    if {turn} == {self.rng.choice([0, 1, 7, 30])}:")
        value = self.rng.choice(["2**63", "0.5", "2**70", "True", f"{surprised} + 0.5", "10**19"])
        self.put(f"        {surprised} = {value}")
        for name in [turn, *self.rng.sample(ints, min(len(ints), 2))]:
            step = self.rng.choice(["({t} + {n}) % 1000003", "({t} * 3 + {n}) & 1048575", "{t} ^ {n}"])
            self.put(f"    {total} = {step.format(t=total, n=name)}")
        self.put(f"    {surprised} -= {self.rng.choice(['1', total, '0.5'])}")
        s.vars.update({total: Var("i"), surprised: Var("x"), turn: Var("s")})

    # -- iterators ---------------------------------------------------------------
    def shared_iterator(self) -> None:
        a_list = self.e.variable("L" + self.rng.choice("if"))
        if not a_list:
            return self.assign_list()
        other = self.rng.choice([a_list, self.e.list_of(self.rng.choice("if"), 1), "range(9)"])
        source = self.rng.choice(
            [
                f"zip({a_list}, {other})",
                f"enumerate({a_list}, {self.e.literal('s')})",
                f"enumerate(zip({a_list}, {other}))",
                f"zip(enumerate({other}), {a_list})",
                f"iter({a_list})",
            ]
        )
        name, seen = self.new_name("z"), self.new_name("w")
        self.put(f"{name} = {source}")
        self.put(f"{seen} = []")
        for _ in range(self.rng.choice([1, 2, 2, 3])):
            item = self.new_name()
            if self.s.chance(0.25):
                self.put(f"{seen}.append(next({name}, None))")
                continue
            walked = f"zip({name}, {name})" if self.s.chance(0.1) else name
            keep = [f"{seen}.append({item})"]
            if self.s.chance(0.6):
                keep += [f"if len({seen}) > {self.rng.choice([0, 1, 3, 6])}:", "    break"]
            if self.s.chance(0.15):
                keep += [f"for {item} in {name}:", f"    {seen}.append({item})"]
            self.put(f"for {item} in {walked}:")
            self.looped(8, self.rng.choice([0, 1]), keep)
        self.s.vars[seen] = Var("M")

    # -- tuples of anything ---------------------------------------------------------------
    def anything(self) -> str:
        names = [n for n, v in self.s.vars.items() if v.sure and not n.startswith("q")]
        if names and self.s.chance(0.75):
            return self.rng.choice(names)
        return self.rng.choice(["None", "'text'", "2.5", "7", "True", "[1]", "(1, 2)"])

    def mixed_tuple(self) -> None:
        known = self.of_kind("M")
        if known and self.loops == [] and self.s.chance(0.2):
            self.put(f"{self.new_name('t')} = {self.rng.choice(known)}")
            return
        name = self.rng.choice(known) if known and self.s.chance(0.6) else self.new_name("t")
        items = [self.anything() for _ in range(self.rng.choice([1, 2, 2, 2, 3]))]
        items = [i for i in items if i not in known] or ["2"]  # or it would nest without end
        self.put(f"{name} = ({', '.join(items)},)")
        self.bind(name, "M")
        if self.s.chance(0.3):
            item = self.new_name("u")
            self.put(f"{item} = {name}[{self.rng.choice(['0', '-1', self.e.atom('s')])}]")
            self.s.vars[item] = Var("M")

    # -- lists of pairs ---------------------------------------------------------------
    def pair(self, kind: str) -> str:
        return f"({self.e.make(kind[1], 1)}, {self.e.make(kind[2], 1)})"

    def pairs(self) -> None:
        known = self.of_kind("Q")
        if not known or self.s.chance(0.15):
            kind = "Q" + "".join(self.rng.choice("iifb") for _ in range(2))
            name = self.new_name("w")
            items = ", ".join(self.pair(kind) for _ in range(self.rng.randint(0, 3)))
            self.put(f"{name} = [{items}]")
            self.bind(name, kind)
            return
        name = self.rng.choice(known)
        kind = self.s.vars[name].kind
        grew = self.s.grew
        pair = self.pair(kind)
        x, y = self.new_name(), self.new_name()
        at = f"{self.e.make('i', 1)} % len({name})"
        if self.loops and not grew and self.s.grew:
            return None
        kinds = [(x, kind[1]), (y, kind[2])]
        form = self.rng.choice(["append", "append", "set", "slice", "walk", "read", "read"])
        if form == "append":
            self.put(f"if len({name}) < {self.rng.choice([3, 9, 20])}:")
            self.put(f"    {name}.append({pair})")
        elif form == "set":
            self.put(f"{name}[{at}] = {pair}")
        elif form == "slice":
            self.put(f"{name}[:{self.rng.choice(['1', '2', ''])}] = [{pair}]")
        elif form == "read":
            self.put(f"{x}, {y} = {name}[{at}]" if self.s.chance(0.5) else f"{x} = {name}[{at}][0]")
            for target, k in kinds if f"{y} =" in self.lines[-1] else kinds[:1]:
                self.s.vars[target] = Var(k)
        elif self.indent < 5 and self.s.budget > 0:
            self.put(f"for {x}, {y} in {name}:")
            for target, k in kinds:
                self.s.vars[target] = Var(k)
            self.looped(12, self.rng.choice([1, 2]))
            for target, k in kinds:
                self.s.vars[target] = Var(k, sure=self.s.chance(0.5))
        return None
