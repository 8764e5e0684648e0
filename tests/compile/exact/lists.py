"""Random functions about lists that are made, changed and used up within a call: tables of [0] * n, sieves, stacks, rows of rows.

A function has a degree of openness: at 0 its lists are only indexed, stored to, appended to, measured and walked, and what
it returns are numbers, and if it `rearranges`, they are sliced, sorted, compared and so on as native code does it for itself; at 1 they
go to functions of Python's own, and back to the caller; at 2 other names, closures, containers and other functions hold them as
well. Now and then an item has a type that the list did not have so far.
"""

from __future__ import annotations

from scope import FLOAT_BORDERS, INT_BORDERS, Signature, literal_int

ITEMS = "IIIIFFBB"
SURPRISES = ["None", "2**70", "2**63", "-2**63 - 1", "0.5", "True", "1j", "'q'", "nan", "-0.0", "9223372036854775807", "[1]", "(1, 2)", "x", "y", "z"]
ERRORS = ["IndexError", "(IndexError, TypeError)", "TypeError", "ValueError", "ZeroDivisionError", "Exception", "OverflowError"]
PARAMS = [("n", "s"), ("x", "i"), ("y", "f"), ("z", "b"), ("a", "Li"), ("c", "Lf")]


class ListFunction:
    def __init__(self, rng, name: str, callees: list[Signature]):
        self.rng = rng
        self.name = name
        self.callees = callees
        self.lines: list[str] = []
        self.indent = 1
        self.count = 0
        self.lists: dict[str, str] = {}  # name -> kind of its items; R + kind: rows of these
        self.scalars: dict[str, str] = {"x": "I", "n": "I", "y": "F", "z": "B"}
        self.indices: list[str] = ["n"]
        self.within: dict[str, str] = {}  # an index -> the list that has it
        self.loops = 0
        self.wild = rng.choice([0, 0.02, 0.02, 0.3])  # share of the indices that may not be there
        self.guarded = rng.choice([0, 0.3, 0.7])  # share of the statements whose exception is not the end
        self.open = rng.choice([0, 0, 0, 1, 1, 2])
        self.surprise = rng.choice([0, 0, 0, 0.03, 0.1])
        self.rearranges = self.open > 0 or rng.random() < 0.7

    # -- helpers ---------------------------------------------------------------
    def put(self, text: str) -> None:
        self.lines += ["    " * self.indent + line for line in text.split("\n")]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def new(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def of(self, kinds: str) -> list[str]:
        return [name for name, kind in self.lists.items() if kind in kinds.split()]

    def flat(self) -> str | None:
        names = [name for name, kind in self.lists.items() if len(kind) == 1]
        return self.rng.choice(names) if names else None

    def rows(self) -> str | None:
        names = [name for name, kind in self.lists.items() if len(kind) == 2]
        return self.rng.choice(names) if names else None

    # -- expressions ---------------------------------------------------------------
    def size(self) -> str:
        return self.rng.choice(["n", "n + 1", "n + 1", "n * 2 + 1", "3", "5", "1", "0" if self.chance(self.wild) else "4", "len(a) + 1", "-1" if self.chance(self.wild) else "n + 2", "n + 3"])

    def index(self, name: str) -> str:
        """Mostly one that is there."""
        rng, at = self.rng, self.rng.choice(self.indices)
        if not self.chance(self.wild):
            inside = [i for i, of in self.within.items() if of == name]
            if inside and self.chance(0.8):
                at = rng.choice(inside)
                return rng.choice([at, at, at, at, f"-1 - {at}", f"-{at}", f"len({name}) - 1 - {at}", f"{at} - 1"])
            return rng.choice([f"{at} % len({name})", f"{at} % len({name})", "0", "-1", f"len({name}) // 2", f"len({name}) - 1", f"-len({name})", f"{at} % len({name}) - len({name})"])
        return rng.choice([at, at, at, f"{at} - 1", f"{at} + 1", f"-{at}", "0", "-1", "-2", "1", "x", "z", f"len({name})", f"-len({name}) - 1", "y", "2**63", "-2**63", "1.0"])

    def item(self, kind: str) -> str | None:
        """`w[i]` of a list with such items, or `r[i][j]`."""
        names = [name for name, its in self.lists.items() if its[-1] == kind]
        if not names:
            return None
        name = self.rng.choice(names)
        place = f"{name}[{self.index(name)}]"
        return f"{place}[{self.index(name + '[0]')}]" if self.lists[name][0] == "R" else place

    def value(self, kind: str, depth: int = 2) -> str:
        rng = self.rng
        if self.chance(self.surprise):
            return rng.choice(SURPRISES)
        names = [name for name, its in self.scalars.items() if its == kind]
        read = self.item(kind) if depth and self.chance(0.45) else None
        if read:
            return read
        if not depth or self.chance(0.35):
            return rng.choice(names) if names and self.chance(0.7) else self.literal(kind)
        a, b = self.value(kind, depth - 1), self.value(kind, depth - 1)
        if kind == "I":
            at = rng.choice(self.indices)
            return rng.choice([f"({a} + {b})", f"({a} - {b})", f"({a} + {at})", f"({at} * 3 + 1)", f"({a} * {b} % 1000003)", f"({a} // {rng.choice(['2', '7', b])})", f"(-{a})", f"({a} & 255)",
                               f"({a} ^ {at})", f"({a} % {rng.choice(['5', '-3', b])})", f"max({a}, {b})", f"min({a}, {at})", f"abs({a})", f"({a} if {b} > {at} else {at})", f"({a} * 7 % (2**63 - 25))"])  # fmt: skip
        if kind == "F":
            return rng.choice([f"({a} + {b})", f"({a} - {b})", f"({a} * 0.5)", f"({rng.choice(self.indices)} * 0.25)", f"({a} / {b})", f"(-{a})", f"max({a}, {b})", f"({a} * {b} % 1e9)", f"float({self.value('I', 0)})"])
        return rng.choice([f"(not {a})", f"({a} and {b})", f"({a} or {b})", f"({self.value('I', 1)} < {self.value('I', 1)})", f"({self.value('F', 1)} >= {self.value('F', 0)})",
                           f"({self.value('I', 1)} % 2 == 0)", f"({a} ^ {b})", f"({a} != {b})", f"({self.value('I', 1)} == {self.value('I', 1)})"])  # fmt: skip

    def literal(self, kind: str) -> str:
        rng = self.rng
        if kind == "I":
            return literal_int(rng.choice(INT_BORDERS)) if self.chance(0.08) else literal_int(rng.randint(-9, 20))
        if kind == "F":
            return f"({rng.choice(FLOAT_BORDERS)})" if self.chance(0.1) else f"({round(rng.uniform(-9, 9), 1)})"
        return rng.choice(["True", "False"])

    def made(self, kind: str) -> str:
        """A new list."""
        rng, value = self.rng, lambda: self.value(kind, 1)
        zero = {"I": "0", "F": "0.0", "B": rng.choice(["False", "True"])}[kind]
        turn = {"I": "q", "F": "q * 0.5", "B": "q % 2 == 0"}[kind]
        options = [f"[{zero}] * {self.atom(self.size())}"] * 3 + [f"[{value()}] * {self.atom(self.size())}", f"{self.atom(self.size())} * [{zero}]", f"[{value()}, {value()}] * {self.atom(self.size())}",
                   f"[{value()}, {value()}, {value()}]", f"[{value()}]", f"[{value()}, {value()}, {value()}, {value()}, {value()}]", "[]", "[]", f"[{turn} for q in range({self.size()})]",
                   f"[{turn} for q in range({self.size()}, -3, -1)]", f"[{value()} for q in range({self.size()})]", f"[{turn} for q in range({self.size()}) if q % 3]", f"[{turn} for q in a]"]  # fmt: skip
        if kind == "I":
            options += [f"list(range({self.size()}))", "[q for q in a]", "[q + x for q in a if q > 1]"]
        names = self.of(kind)
        if names:
            w = rng.choice(names)
            options += [f"{w}[:]", f"{w}[1:]", f"{w}[::-1]", f"{w}[:-1]", f"{w} + [{value()}]", *([] if self.loops else [f"{w} + {rng.choice(names)}"]), f"[{w}[q] for q in range(len({w}))]", f"[q for q in {w}]",
                        f"[q for q in {w} if q]", f"[{w}[-1 - q] for q in range(len({w}))]"]  # fmt: skip
            if self.rearranges:
                options += [f"list({w})", f"{w}.copy()", f"{w}[{self.index(w)}:]", f"{w}[{self.index(w)}:{self.index(w)}]", *([] if self.loops else [f"{w} * 2"])]
            if self.open:
                options += [f"sorted({w})", f"list(reversed({w}))"]
        return rng.choice(options)

    @staticmethod
    def atom(text: str) -> str:
        return text if text.isidentifier() or text.isdigit() or text.startswith("len") else f"({text})"

    # -- statements ---------------------------------------------------------------
    def create(self) -> None:
        kind = self.rng.choice(ITEMS)
        names = self.of(kind)
        name = self.rng.choice(names) if names and self.chance(0.3) else self.new("w")
        self.put(f"{name} = {self.made(kind)}" + (f" if {self.value('B', 1)} else {self.made(kind)}" if self.chance(0.06) else ""))
        self.lists[name] = kind

    def create_rows(self) -> None:
        kind = self.rng.choice(ITEMS)
        zero = {"I": "0", "F": "0.0", "B": "False"}[kind]
        columns = self.rng.choice(["n", "3", "2", "n + 1"])
        text = self.rng.choice([f"[[{zero}] * {self.atom(columns)} for q in range({self.size()})]"] * 3 + [
            f"[[{self.value(kind, 0)} for r in range({columns})] for q in range({self.size()})]", f"[[{zero}] * {self.atom(columns)}] * {self.atom(self.size())}",
            f"[[{self.value(kind, 1)}, {self.value(kind, 1)}], [{self.value(kind, 1)}, {self.value(kind, 1)}]]", f"[[] for q in range({self.size()})]", "[]",
            f"[[q * r + 0 for r in range(q)] for q in range({self.size()})]"])  # fmt: skip
        same = self.of("R" + kind)
        if same and self.rearranges and self.chance(0.4):  # the same rows, held by two
            r = self.rng.choice(same)
            text = self.rng.choice([f"{r}[1:]", f"{r}[:]", f"{r}[:-1]", f"{r}.copy()", f"list({r})", f"{r}[{self.index(r)}:]", *([] if self.loops else [f"{r} + {self.rng.choice(same)}", f"{r} * 2"])])
        name = self.new("r")
        self.put(f"{name} = {text}")
        self.lists[name] = "R" + kind

    def store(self) -> None:
        name = self.flat() if self.chance(0.75) else self.rows()
        if not name:
            return self.create()
        kind = self.lists[name][-1]
        place = f"{name}[{self.index(name)}]"
        if self.lists[name][0] == "R":
            place += f"[{self.index(name + '[0]')}]"
        if self.chance(0.12):
            value = self.rng.choice(SURPRISES) if self.chance(self.surprise * 4) else self.value(kind, 2)
            at = self.rng.choice(["0", "1", "2", "n - 1", "3"])
            self.put(f"if {self.rng.choice(self.indices)} == {at}:\n    {place} = {value}")
        elif self.chance(0.35) and kind != "B":
            self.put(f"{place} {self.rng.choice(['+', '-', '+', '^' if kind == 'I' else '*'])}= {self.value(kind, 1)}")
        elif self.chance(0.2):
            other = f"{name}[{self.index(name)}]" if self.lists[name][0] != "R" else place
            self.put(f"{place}, {other} = {other}, {place}")
        else:
            self.put(f"{place} = {self.value(kind, 2)}")

    def grow(self) -> None:
        name = self.flat()
        if not name:
            return self.create()
        value = self.value(self.lists[name], 2)
        text = f"{name}.append({value})"
        if self.rearranges and self.chance(0.3):
            text = self.rng.choice([f"{name}.insert({self.rng.choice(['-1', '-2', '0', '1', '-n', 'len(' + name + ')'])}, {value})", f"{name}.extend({self.made(self.lists[name])})", f"{name}.insert({self.index(name)}, {value})", f"{name} += [{value}]", f"{name} += {self.made(self.lists[name])}"])
        self.put(f"if len({name}) < {self.rng.choice([6, 12, 30])}:\n    {text}" if self.loops or self.chance(0.2) else text)

    def grow_rows(self) -> None:
        name = self.rows()
        if not name:
            return self.create_rows()
        row = self.of(self.lists[name][1])
        value = self.rng.choice([self.made(self.lists[name][1]), *row]) if self.open or not row else self.made(self.lists[name][1])
        self.put(f"if len({name}) < 9:\n    {self.rng.choice([f'{name}.append({value})', f'{name}[{self.index(name)}] = {value}', f'{name}[{self.index(name)}].append({self.value(self.lists[name][1], 1)})'])}")

    def shorten(self) -> None:
        name = self.flat()
        if self.rearranges and self.chance(0.2) and (rows := self.rows()):
            text = self.rng.choice([f"{rows}.pop()", f"del {rows}[{self.index(rows)}]", f"{rows}.pop(0)", f"{rows}.clear()", f"{rows}.reverse()", f"{rows} = {rows}[1:]", f"{rows}[0] = {rows}[-1]"])
            return self.put(f"if {rows}:\n    {text}")
        if not name:
            return self.create()
        kind, target = self.lists[name], self.new("t")
        texts = [f"{target} = {name}.pop()"] * 4 + [f"{name}.pop()", f"{target} = {name}.pop(0)", f"{target} = {name}.pop({self.index(name)})"]
        if self.rearranges:
            texts += [f"del {name}[{self.index(name)}]", f"del {name}[0]", f"{name}.reverse()", f"{name}.sort()", f"{name} = {name}[1:]", f"{name} = {name}[:-1]", f"{name}.clear()" if self.chance(0.5) else f"{name}.sort()"]
        if self.open:
            texts += [f"{name}.remove({self.value(kind, 0)})", f"{name}.clear()", f"del {name}[1:]", f"{name}[{self.rng.choice(['1:', ':2', '::2', '-2:', ':'])}] = {self.made(kind)}",
                      f"{name}.reverse()", f"{name}.sort()", f"{name}.sort(reverse=True)", f"{name} *= 2" if not self.loops else f"{name}.reverse()"]  # fmt: skip
        text = self.rng.choice(texts)
        self.put(f"if len({name}) > {self.rng.choice(['0', '1', '2'])}:\n    {text}" if self.chance(0.7) else text)
        if text.startswith(target) and not self.lines[-1].startswith("    " * self.indent + " "):
            self.scalars[target] = kind

    def read(self) -> None:
        kind = self.rng.choice(ITEMS)
        names = [name for name, its in self.scalars.items() if its == kind and name[0] in "tg"]
        name = self.rng.choice(names) if names and self.chance(0.6) else self.new("t")
        self.put(f"{name} = {self.value(kind, 2)}")
        self.scalars[name] = kind

    def use(self) -> None:
        """Something that looks at a whole list."""
        name = self.flat() or self.rows()
        if not name:
            return self.create()
        kind = self.lists[name]
        w, v = name, self.rng.choice(self.of(kind))
        value = self.value(kind[-1], 1)
        texts = [f"len({w})", f"bool({w})", f"{w}[0] if {w} else None"]
        if self.rearranges:
            other = self.flat() if self.chance(0.3) else v
            texts += [f"sum({w})", f"max({w})", f"min({w})", f"{w} == {v}", f"{w} != {other}", f"{w} == {other}", f"{value} in {w}", f"{value} not in {w}", f"{w}.index({value})", f"{w}.count({value})", f"{w} is {v}", f"not {w}",
                      f"sum({w}[1:])", f"len({w}[{self.index(w)}:{self.index(w)}])"]  # fmt: skip
        if self.open:
            texts += [f"sorted({w})", f"{w} < {v}", f"any({w})", f"all({w})", f"tuple({w})", f"str({w})", f"f'{{{w}}}'", f"{w}[:]", f"{w}[1:3]", f"list(zip({w}, {v}))", f"[*{w}, *{v}]", f"isinstance({w}, list)",
                      f"list(enumerate({w}))", f"sum(q for q in {w})", f"max({w}, default=None)", f"sum({w}, 0.5)", f"{w} == {self.made(kind[-1])}", f"{w} or None", f"print({w}, *{v})", f"len({w} + {v})"]  # fmt: skip
        text = self.rng.choice(texts)
        if self.chance(0.4):
            self.put(f"if {text}:\n    total += 1")
        else:
            self.put(f"if len(seen) < 30:\n    seen.append({text})")

    def hold(self) -> None:
        """Somebody else holds the list."""
        name = self.rng.choice(list(self.lists) or ["a"])
        kind = self.lists.get(name, "I")
        other, h = self.new(name[0] if name[0] in "wr" else "w"), self.new("h")
        if not self.open:
            self.put(f"{other} = {name}")
            self.lists[other] = kind
            return
        texts = [f"{other} = {name}"] * 3 + [f"seen.append({name})", f"{h} = ({name}, 1)\nseen.append({h}[0])", f"{h} = lambda q: {name}[q]\nseen.append({h}({self.index(name)}))",
                 f"def {h}():\n    return len({name})\nseen.append({h}())", f"def {h}(q):\n    {name}.append(q)\nif len({name}) < 20:\n    {h}({self.value(kind[-1], 0)})",
                 f"def {h}():\n    nonlocal {name}\n    {name} = {name}[:2]\n{h}()" if name != "a" and name not in ("c",) else f"{other} = {name}", f"{h} = {{1: {name}}}\n{h}[1][0] = {self.value(kind[-1], 0)}",
                 f"{h} = iter({name})\nseen.append(next({h}, None))", f"{other} = {name} if {self.value('B', 1)} else {self.made(kind[-1])}", f"del {name}" if name.startswith("w") and self.chance(0.3) else "pass"]  # fmt: skip
        pairs = [other for other, its in self.lists.items() if its == kind and other != name and other[0] in "wr"]
        if pairs and name[0] in "wr":
            texts += [f"{name}, {pairs[0]} = {pairs[0]}, {name}"] * 3
        text = self.rng.choice(texts)
        self.put(text)
        if text.startswith(other):
            self.lists[other] = kind

    def call(self) -> None:
        """Another function takes a list, may change it and may give it back."""
        if not self.callees or self.loops > 1:
            return self.use()
        callee = self.rng.choice(self.callees)
        arguments = {"n": self.rng.choice(["n", "3", "2"]), "x": self.value("I", 1), "y": self.value("F", 1), "z": self.value("B", 1)}
        arguments["a"] = self.rng.choice(self.of("I") or ["a"])
        arguments["c"] = self.rng.choice(self.of("F") or ["[0.5]"])
        text = f"seen.append({callee.name}({', '.join(arguments[p] for p, _ in callee.params)}))"
        if self.chance(0.4):  # an exception that leaves a function which has changed the list
            text = f"try:\n    {text}\nexcept {self.rng.choice(['Exception', *ERRORS])}:\n    total += 1"
        self.put(text)

    def fail(self) -> None:
        name = self.flat() or "seen"
        kind = self.lists.get(name, "I")
        change = self.rng.choice([f"{name}.append({self.value(kind, 1)})", f"{name}[0] = {self.value(kind, 1)}", f"{name}[-1] = {self.value(kind, 0)}", f"{name}.pop()"])
        self.put(f"if {self.value('B', 1)}:\n    {change}\n    raise {self.rng.choice(['ValueError', 'TypeError', 'IndexError'])}(total)")

    # -- blocks ---------------------------------------------------------------
    def block(self, count: int) -> None:
        lists, scalars, indices = dict(self.lists), dict(self.scalars), list(self.indices)
        self.indent += 1
        start = len(self.lines)
        for _ in range(count):
            self.statement()
        if len(self.lines) == start:
            self.put("total += 1")
        self.indent -= 1
        if not self.chance(0.03):
            self.lists, self.scalars = lists, scalars
        self.indices = indices
        self.within = {at: name for at, name in self.within.items() if name in self.lists}

    def some(self) -> int:
        return self.rng.choice([1, 1, 2, 3])

    def for_(self) -> None:
        if self.loops >= 3:
            return self.store()
        rng, at, item = self.rng, self.new("i"), self.new("g")
        name = self.flat() if self.chance(0.8) else self.rows()
        scalars, indices, lists, within = dict(self.scalars), list(self.indices), dict(self.lists), dict(self.within)
        kind = self.lists.get(name or "", "I")
        forms = [f"{at} in range({self.size()})"] * 2
        if self.loops == 0 and self.chance(0.08):
            forms = [f"{at} in range({rng.choice([1100, 1300])})"]
        elif name:
            forms += [f"{at} in range(len({name}))"] * 3 + [f"{at} in range(len({name}) - 1)", f"{at} in range(len({name}) - 1, -1, -1)", f"{at} in range(1, len({name}))", f"{item} in {name}", f"{item} in {name}",
                      f"{at}, {item} in enumerate({name})", f"{item}, {item}b in zip({name}, {rng.choice(self.of(kind))})"]  # fmt: skip
            if self.open:
                forms += [f"{item} in reversed({name})", f"{item} in {name}[:]", f"{item} in {name}[1:]", f"{item} in sorted({name})"]
        form = rng.choice(forms)
        self.put(f"for {form}:")
        self.loops += 1
        if at in form:
            self.indices += [at] * 3
            self.scalars[at] = "I"
            if name and name in form:
                self.within[at] = name
        if item in form.split(" in ")[0]:
            if kind[0] == "R":
                self.lists[item] = kind[1]
            else:
                self.scalars[item] = kind
            if self.chance(0.4) and name and kind[0] != "R" and (self.open or self.chance(0.3)):
                self.put(f"    if len({name}) < {rng.choice([5, 9])}:\n        {name}.append({self.value(kind, 0)})" if self.chance(0.6) else f"    if {name}:\n        {name}.pop()")
        hot = "1100" in form or "1300" in form
        self.block(1 if hot else self.some())
        self.loops -= 1
        if self.chance(0.1):
            self.put("else:")
            self.block(1)
        self.scalars, self.indices, self.lists, self.within = scalars, indices, lists, within

    def while_(self) -> None:
        name = self.flat()
        if not name or self.loops >= 2:
            return self.for_()
        at = self.new("k")
        if self.chance(0.35):
            return self.fall(name, at)
        self.put(f"{at} = 0")
        self.put(f"while {self.rng.choice([f'{at} < len({name})', f'{name} and {at} < 9', f'{at} < n and {self.value(chr(66), 1)}', f'{at} < 12 and len({name}) < 8'])}:")
        self.put(f"    {at} += 1")
        self.loops += 1
        indices = list(self.indices)
        self.indices += [at]
        self.block(self.some())
        self.indices = indices
        self.loops -= 1

    def fall(self, name: str, at: str) -> None:
        """A counter that falls, below its start and below zero."""
        rng = self.rng
        self.put(f"{at} = {rng.choice(['n', '3', 'len(' + name + ')', '5'])}")
        self.put(f"while {at} > {rng.choice(['0', '-3', '-n', '-len(' + name + ')', '-4'])}:")
        self.put(f"    {at} -= {rng.choice(['1', '1', '1', '2', '3'])}")
        self.loops += 1
        indices = list(self.indices)
        self.indices += [at] * 4
        if self.chance(0.5):
            self.put(f"    total += {rng.choice([f'{at} // 2', f'{at} % 3', f'{at} * {at}', f'abs({at})', f'({at} & 6)', f'({at} >> 1)', f'{name}[{at} % len({name})] if {name} else {at}'])}")
        self.block(self.some())
        self.indices = indices
        self.loops -= 1

    def count_up(self) -> None:
        """A counter that begins anywhere."""
        rng, at = self.rng, self.new("t")
        start, step = rng.choice(["x", "x", "2**63 - 3", "-2**63 + 2", "9223372036854775806", "0", self.value("I", 1)]), rng.choice(["+= 1", "-= 1", "+= 2", "+= 4", "-= 3", "+= 5"])
        self.put(f"{at} = {start}\nfor {self.new('i')} in range({self.size()}):\n    {at} {step}" + (f"\n    if {self.value('B', 1)}:\n        {at} = {rng.choice(['x', '0', at + ' - 1'])}" if self.chance(0.3) else ""))
        self.scalars[at] = "I"

    def if_(self) -> None:
        self.put(f"if {self.value('B', 2)}:")
        self.block(self.some())
        if self.chance(0.4):
            self.put("else:")
            self.block(self.some())

    def try_(self) -> None:
        self.put("try:")
        self.block(self.some())
        self.put(f"except {self.rng.choice(ERRORS)} as error:\n    seen.append((type(error).__name__, str(error)))")
        if self.chance(0.3):
            self.block(1)
        if self.chance(0.2):
            self.put("finally:")
            self.block(1)

    def jump(self) -> None:
        self.put(f"if {self.value('B', 1)}:\n    {self.rng.choice(['break', 'continue', f'return {self.result()}'])}")

    def known(self) -> None:
        """What programs do with such lists."""
        rng = self.rng
        i, j, w = self.new("i"), self.new("j"), self.new("w")
        name = rng.choice(self.of("I") or ["a"])
        size = rng.choice(["n + 5", "n * 3", "30"])
        self.put(rng.choice([
            f"{w} = [True] * ({size})\nfor {i} in range(2, len({w})):\n    if {w}[{i}]:\n        total += {i}\n        for {j} in range({i} * {i}, len({w}), {i}):\n            {w}[{j}] = False",
            f"{w} = [1] + [0] * ({size})\nfor {i} in {name}:\n    for {j} in range(len({w}) - 1, {i} - 1, -1):\n        {w}[{j}] += {w}[{j} - {i}]\ntotal += {w}[-1]",
            f"{w} = {name}[:]\nfor {i} in range(len({w})):\n    for {j} in range(len({w}) - 1 - {i}):\n        if {w}[{j}] > {w}[{j} + 1]:\n            {w}[{j}], {w}[{j} + 1] = {w}[{j} + 1], {w}[{j}]",
            f"{w} = [0, 1]\nfor {i} in range({rng.choice(['n', '95', '40'])}):\n    {w}.append({w}[-1] + {w}[-2])\ntotal += {w}[-1]",
            f"{w} = [0] * 8\nfor {i} in {name}:\n    {w}[{i} % 8] += 1\nseen.append({w})",
            f"{w} = [x]\nwhile {w} and total < 50:\n    {i} = {w}.pop()\n    total += 1\n    if {i} > 1:\n        {w}.append({i} // 2)\n        {w}.append({i} - 3)",
            f"{w} = [0.0]\nfor {i} in c:\n    {w}.append({w}[-1] + {i})\nseen.append(len({w}))\ny = {w}[-1]",
            f"{w} = [[0] * 4 for q in range(4)]\nfor {i} in range(4):\n    for {j} in range(4):\n        {w}[{i}][{j}] = {w}[{i} - 1][{j}] + {w}[{i}][{j} - 1] + x % 3 + 1\ntotal += {w}[3][3]",
            f"{w} = [0] * ({size})\n{i} = len({w})\nwhile {i}:\n    {i} -= 1\n    {w}[{i}] = {i} ^ x\nfor {i} in range(len({w}) // 2):\n    {j} = {w}[{i}]\n    {w}[{i}] = {w}[-1 - {i}]\n    {w}[-1 - {i}] = {j}",
            f"{w} = [0.0] * len(c)\nfor {i} in range(len(c)):\n    {w}[{i}] = c[{i}] * c[-{i}]\ny = 0.0\nfor {j} in {w}:\n    y += {j}",
            f"{w} = []\nfor {i} in range(n):\n    if {i} % 2:\n        {w}.append({i} * x)\n    elif {w}:\n        {w}[-1] -= {i}\ntotal += len({w})",
        ]))  # fmt: skip
        if self.lines[-1].startswith("    " * self.indent + "y"):
            self.scalars["y"] = "F"
        self.lists[w] = "I" if "[0.0]" not in self.lines[-1] else "F"

    def statement(self) -> None:
        options = [(5, self.create), (2, self.create_rows), (14, self.store), (7, self.grow), (1.5, self.grow_rows), (3, self.shorten), (7, self.read), (3, self.use), (1 + self.open * 2, self.call), (0.3, self.fail)]
        options += [(6 if self.open == 2 else 1.5 if self.rearranges else 0, self.hold)]
        if self.indent < 5:
            options += [(10, self.for_), (4, self.while_), (5, self.if_), (2, self.try_), (2, self.known), (1, self.count_up)]
        if self.loops:
            options += [(2, self.jump)]
        at = self.rng.random() * sum(weight for weight, _ in options)
        for weight, do in options:
            at -= weight
            if at < 0:
                return do()

    def result(self) -> str:
        scalars = [name for name in self.scalars if name[0] in "tgxy"][-4:]
        lists = list(self.lists) if self.open else []
        if not self.open:  # what they hold is seen, and yet they stay inside
            lists = [f"sum([q for q in {name}])" if self.chance(0.3) else f"len({name})" for name, kind in self.lists.items() if len(kind) == 1 and name[0] == "w"]
        return "(" + "".join(part + ", " for part in ["total", "seen", *scalars, *lists[-5:]]) + ")"

    def make(self) -> tuple[Signature, str]:
        rng = self.rng
        params = list(PARAMS)
        if self.open == 0 and rng.random() < 0.5:
            params[4] = ("a", rng.choice(["Li"] * 9 + ["s"]))  # `a` may be no list at all
        self.lists = {"a": "I", "c": "F"} if rng.random() < 0.5 else {}
        self.put("total = 0\nseen = []")
        self.create()
        for _ in range(rng.choice([3, 5, 7, 10])):
            if rng.random() < self.guarded:
                self.put("try:")
                self.block(1)
                self.put("except Exception as error:\n    seen.append((type(error).__name__, str(error)))")
            else:
                self.statement()
        if not self.open:  # the sums of all that is there, item by item
            for name in [name for name, kind in self.lists.items() if kind in ("I", "F", "B") and name[0] == "w"][-3:]:
                self.put(f"for at in range(len({name})):\n    total = total + {name}[at]" if rng.random() < 0.5 else f"for part in {name}:\n    total = total * 3 + part")
        self.put(f"return {self.result()}")
        heading = f"def {self.name}({', '.join(p for p, _ in params)}):"
        return Signature(self.name, params, "R", cost=400), "\n".join([heading, *self.lines]) + "\n"
