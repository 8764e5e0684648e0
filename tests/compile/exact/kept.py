"""Random functions whose lists stay inside: native code can keep them for itself (compile/types/native_lists.h).

Nobody is shown such a list: what a function tells are lengths, sums, comparisons and items, one by one. The lists are sorted,
reversed, inserted to, extended, sliced, copied, compared, walked and handed to a function that may raise; indices are at the
borders, and items now and then what the list cannot hold, so that native code leaves while many lists are alive. In
some functions one list is shown, or comes from the caller, and meets the others.
"""

from __future__ import annotations

from scope import Signature, literal_int

PARAMS = [("n", "s"), ("x", "i"), ("y", "f"), ("p", "Li")]
WIDE = ["2**62", "-2**62", "2**63 - 1", "-2**63", "2**61 + 1", "4611686018427387905"]
LEAVES = {"I": ["2**70", "2**63", "x * x * x", "0.5", "None", "True"], "F": ["3", "2**70", "None", "x"], "B": ["2", "x", "None", "0.0"]}
ERRORS = ["IndexError", "(IndexError, ValueError)", "Exception", "Exception", "(ValueError, ZeroDivisionError, IndexError)"]


class KeptFunction:
    def __init__(self, rng, name: str, helper: str):
        self.rng, self.name, self.helper = rng, name, helper
        self.lines: list[str] = []
        self.indent, self.count, self.loops = 1, 0, 0
        self.lists: dict[str, str] = {}  # name -> kind of its items; R + kind: rows of these
        self.indices = ["n"]
        self.wild = rng.choice([0, 0, 0.03, 0.2])  # share of the indices that may not be there
        self.leaves = rng.choice([0, 0, 0.02, 0.08])  # share of the values that a list cannot hold
        self.wide = rng.random() < 0.5
        self.meets = rng.random() < 0.25  # a list of the caller's

    def put(self, text: str) -> None:
        self.lines += ["    " * self.indent + line for line in text.split("\n")]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def new(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def of(self, *kinds: str) -> list[str]:
        return [name for name, kind in self.lists.items() if kind in kinds]

    def flat(self, *kinds: str) -> str:
        return self.rng.choice(self.of(*(kinds or "IFB")) or self.of("I"))

    # -- expressions ---------------------------------------------------------------
    def index(self, name: str) -> str:
        """Mostly one that is there, if anything is."""
        at = self.rng.choice(self.indices)
        if self.chance(self.wild):
            return self.rng.choice([at, f"-{at}", f"len({name})", f"-len({name}) - 1", "3", "-4", "2**62", "-2**63"])
        return self.rng.choice(["0", "-1", f"{at} % len({name})", f"len({name}) - 1", f"-len({name})", f"{at} % len({name}) - len({name})", f"len({name}) // 2"])

    def edge(self, name: str) -> str:
        """Where a slice or an insertion may be: anywhere."""
        at = self.rng.choice(self.indices)
        return self.rng.choice(["0", "1", "2", "-1", "-1", "-2", "-3", at, f"-{at}", f"len({name})", f"len({name}) - 1", f"len({name}) + 1", f"-len({name})", f"-len({name}) - 1", "9", "-9"])

    def slice(self, name: str) -> str:
        low, high = self.rng.choice([("1", ""), ("", "-1"), ("", ""), (self.edge(name), ""), ("", self.edge(name)), (self.edge(name), self.edge(name))])
        return f"{name}[{low}:{high}]"

    def item(self, kind: str) -> str | None:
        names = self.of(kind)
        if not names:
            return None
        name = self.rng.choice(names)
        return f"({name}[{self.index(name)}] if {name} else {self.literal(kind)})" if self.chance(0.6) else f"{name}[{self.index(name)}]"

    def literal(self, kind: str) -> str:
        rng = self.rng
        if kind == "I":
            return rng.choice(WIDE) if self.wide and self.chance(0.12) else literal_int(rng.randint(-5, 9))
        if kind == "F":
            return rng.choice(["nan", "nan", "-0.0", "0.0", "inf", "1e300"]) if self.chance(0.25) else str(round(rng.uniform(-9, 9), 1))
        return rng.choice(["True", "False"])

    def value(self, kind: str, depth: int = 1) -> str:
        rng = self.rng
        if self.chance(self.leaves):
            return rng.choice(LEAVES[kind])
        at = rng.choice(self.indices)
        if not depth or self.chance(0.4):
            return rng.choice([{"I": "x", "F": "y", "B": f"{at} % 2 == 0"}[kind], self.literal(kind), {"I": at, "F": f"{at} * 0.5", "B": "x > 3"}[kind]])
        a = (self.chance(0.7) and self.item(kind)) or self.value(kind, 0)
        b = self.value(kind, 0)
        if kind == "I":
            return rng.choice([a, f"{a} + {b}", f"{a} - {b}", f"{a} * 3 // 2", f"{a} * {b} % 1000003", f"{a} % 5", f"{a} & 7", f"abs({a})", f"-({a})", f"max({a}, {b})", f"len({self.flat()})"])
        if kind == "F":
            return rng.choice([a, f"{a} + {b}", f"{a} * 0.5", f"-({a})", f"{a} - {b}", f"min({a}, {b})"])
        return rng.choice([a, f"not {a}", f"{self.value('I', 0)} < {self.value('I', 0)}"])

    def made(self, kind: str, kept: bool = True) -> str:
        """A new list."""
        if kind[0] == "R":
            return self.made_rows(kind)
        rng = self.rng
        value, size = lambda: self.value(kind, 0), rng.choice(["n", "3", "5", "(n + 1)", "(n + 2)", "2"])
        zero = {"I": rng.choice(["0", "1", "0", "x"]), "F": rng.choice(["0.0", "y", "1.5"]), "B": rng.choice(["False", "True"])}[kind]
        turn = {"I": rng.choice(["q", "q * x", "7 - q"]), "F": "q * 0.5", "B": "q % 2 == 1"}[kind]
        options = [f"[{zero}] * {size}"] * 3 + [f"[{value()}, {value()}, {value()}]", f"[{value()}, {value()}, {value()}, {value()}]", f"[{value()}]", f"[{turn} for q in range({size})]", f"[{value()} for q in range({size})]"]
        if kind == "I":
            options += [f"list(range({size}))", f"list(range({size}, -2, -1))"]
        same = self.of(kind)
        if same and kept:
            w, v = rng.choice(same), rng.choice(same)
            options += [self.slice(w), self.slice(w), self.slice(w), f"{w}[:]", f"{w}.copy()", f"list({w})", *([] if self.loops else [f"{w} + {v}", f"{w} * 2"]), f"[q for q in {w}]"]
        return rng.choice(options)

    def made_rows(self, kind: str) -> str:
        rng, item = self.rng, kind[1]
        zero = {"I": "0", "F": "0.0", "B": "False"}[item]
        value = lambda: self.value(item, 0)
        options = [f"[[{zero}] * {rng.choice(['n', '3', '2'])} for q in range({rng.choice(['n', '3', '4'])})]", f"[[{zero}] * 2, [{value()}, {value()}], [{value()}]]", f"[[{value()}, q{'' if item == 'I' else ' * 0.5' if item == 'F' else ' > 1'}] for q in range(3)]"]
        same = self.of(kind)
        if same:
            options += [self.slice(rng.choice(same)) for _ in range(4)] + [f"{rng.choice(same)}.copy()", f"list({rng.choice(same)})"]
        return rng.choice(options)

    # -- statements ---------------------------------------------------------------
    def create(self) -> None:
        kind = self.rng.choice(["I", "I", "I", "F", "F", "B", "RI", "RI", "RF"])
        names = [name for name in self.of(kind) if not self.loops or self.chance(0.6)]
        name = self.rng.choice(names) if names and (self.loops or self.chance(0.4)) else None
        if self.loops and not name:
            return self.change()
        text = self.made(kind)
        name = name or self.new("r" if kind[0] == "R" else "w")
        self.put(f"{name} = {text}")
        self.lists[name] = kind

    def store(self) -> None:
        name, rng = self.flat(), self.rng
        kind = self.lists[name]
        place = f"{name}[{self.index(name)}]"
        self.put(f"if {name}:\n    " + rng.choice([f"{place} = {self.value(kind)}", f"{place} = {self.value(kind)}", f"{place} {'+' if kind != 'B' else '&'}= {self.value(kind, 0)}", f"{place}, {name}[0] = {name}[0], {place}"]))

    def grows(self, name: str, text: str) -> None:
        self.put(f"if len({name}) < {self.rng.choice([5, 8, 12])}:\n    {text}")

    def change(self) -> None:
        """Items come and go."""
        name, rng = self.flat(), self.rng
        kind, value = self.lists[name], self.value(self.lists[name])
        other = rng.choice(self.of(kind))
        grows = [f"{name}.insert({self.edge(name)}, {value})", f"{name}.insert({self.edge(name)}, {value})", f"{name}.insert(-1, {value})", f"{name}.extend({other})", f"{name}.extend({other})", f"{name}.extend({self.made(kind)})", f"{name} += {other}", f"{name} += {self.slice(other)}",
                 f"{name} += [{value}, {value}]", f"{name}.append({value})"]  # fmt: skip
        if self.meets and kind == "I":
            grows += ["{0}.extend({1})".format(*rng.choice([(name, "p"), ("p", name)])), f"{name} += p"] * 2
        if self.chance(0.5):
            return self.grows(name, rng.choice(grows))
        rests = [f"{name}.reverse()"] * 2 + [f"{name}.sort()"] * 3 + [f"{name} = {self.slice(name)}", f"{name} = {name}[:]"]
        takes = [f"del {name}[{self.index(name)}]", f"{name}.pop()", f"total += {name}.pop({self.index(name)})" if kind != "F" else f"y = {name}.pop({self.index(name)})", f"{name}.pop(0)"]
        if self.chance(0.06):
            rests += [f"{name}.clear()"] * 4
        text = rng.choice(rests + takes)
        self.put(f"if {name}:\n    {text}" if text in takes and self.chance(0.85) else text)

    def change_rows(self) -> None:
        names, rng = self.of("RI", "RF"), self.rng
        if not names:
            return self.change()
        r = rng.choice(names)
        kind = self.lists[r][1]
        other = rng.choice(self.of(self.lists[r]))
        row = rng.choice([*self.of(kind), f"[{self.value(kind, 0)}, {self.value(kind, 0)}]", f"[{self.value(kind, 0)}]"])
        if self.chance(0.3):
            return self.grows(r, rng.choice([f"{r}.append({row})", f"{r}.insert({self.edge(r)}, {row})", f"{r}.extend({self.slice(other)})", f"{r} += {self.slice(other)}", f"{r}.append({r}[{self.index(r)}] if {r} else {row})"]))
        text = rng.choice([f"{r}.pop()", f"del {r}[{self.index(r)}]", f"{r} = {self.slice(r)}", f"{r} = {self.slice(other)}", f"{r}.reverse()", f"{r}[{self.index(r)}] = {row}", f"{r}[{self.index(r)}] = {r}[{self.index(r)}]",
                           f"{r}[{self.index(r)}].append({self.value(kind, 0)})", f"{r}[0].insert({self.edge(r)}, {self.value(kind, 0)})", f"{r}[-1].sort()", f"{r}[0].extend({self.rng.choice(self.of(kind) or [r + '[-1][:]'])})", f"{r}.clear()" if self.chance(0.3) else f"{r}.pop(0)"])  # fmt: skip
        self.put((f"if {r} and len({r}[0]) < 9:\n    " if "[0]." in text else f"if {r} and len({r}[{0 if 'sort' in text else -1}]) < 9:\n    " if "append" in text else f"if {r}:\n    ") + text)

    def tell(self) -> None:
        name, rng = self.flat(), self.rng
        if self.chance(0.25) and self.of("RI", "RF"):
            r = rng.choice(self.of("RI", "RF"))
            other = rng.choice(self.of(self.lists[r]))
            text = rng.choice([f"len({r})", f"len({r}[0]) if {r} else 0", f"sum({r}[-1]) if {r} else 0", *([f"{r} == {other}", f"{r} == {self.slice(other)}"] if self.lists[r] == "RI" else [])])
            return self.note(text)
        kind = self.lists[name]
        other = rng.choice(self.of(kind))
        texts = [f"len({name})", f"sum({name})", f"({name}[0], {name}[-1]) if {name} else None", f"len({self.slice(name)})", f"sum({self.slice(name)})", f"bool({name})", f"{name} is {other}"]
        if self.chance(0.5):
            texts += [f"max({name})", f"min({name})"] if self.chance(self.wild) else [f"max({name}) if {name} else 0", f"min({name}) if {name} else 0"]
        if kind != "F":
            also = rng.choice(self.of("I", "B"))
            texts += [f"{name} == {other}", f"{name} != {self.slice(other)}", f"{name} == {also}", f"{name} != {also}", f"{self.value(kind, 0)} in {name}", f"{name}.count({self.value(kind, 0)})", f"{name}.count({self.value('I', 0)})",
                      f"{name}.index({name}[{self.index(name)}]) if {name} else -1", f"{name}.index({self.value(kind, 0)})" if self.chance(self.wild * 2) else f"{self.value(kind, 0)} not in {name}", f"{name} == {self.made(kind)}"]  # fmt: skip
        self.note(rng.choice(texts))

    def note(self, text: str) -> None:
        self.put(f"if len(seen) < 30:\n    seen.append({text})" if not self.chance(0.2) else f"if {text}:\n    total += {self.rng.choice(['1', '2', 'x % 7'])}")

    def walk(self) -> None:
        """What items there are, in their order."""
        name, rng, item = self.flat(), self.rng, self.new("g")
        kind = self.lists[name]
        other = rng.choice(self.of(kind))
        if self.chance(0.3) and self.of("RI"):
            r = rng.choice(self.of("RI"))
            return self.put(f"for {item}r in {r}:\n    for {item} in {item}r:\n        total = (total * 3 + {item}) % 1000003")
        if kind == "F":
            return self.put(f"for {item} in {name}:\n    if len(seen) < 30:\n        seen.append({item})")
        self.put(rng.choice([
            f"for {item} in {name}:\n    total = (total * 3 + {item}) % 1000003",
            f"for {item}i, {item} in enumerate({name}):\n    total = (total + {item}i * {item}) % 1000003",
            f"for {item}a, {item} in zip({name}, {other}):\n    total = (total * 5 + {item}a - {item}) % 1000003",
            f"for {item} in range(len({name})):\n    total = (total * 3 + {name}[{item}] * 4) % 1000003",
            f"for {item} in range(len({name})):\n    if {name}[{item}] * 3 > total:\n        total += 1",
            f"for {item} in range(len({name}) - 1):\n    if {name}[{item}] > {name}[{item} + 1]:\n        {name}[{item}], {name}[{item} + 1] = {name}[{item} + 1], {name}[{item}]",
        ]))  # fmt: skip

    def hand(self) -> None:
        """To a function that changes the list, and raises now and then."""
        name = self.flat("I")
        value = self.rng.choice(["x", "x", "2**62", "2**61 + x % 5", self.value("I", 0), self.value("I", 0)])
        call = f"{self.helper}({name}, {value}, {self.rng.choice([*self.indices, '1', '2', '3'])})"
        if self.chance(0.85):
            self.put(f"try:\n    total += {call}\nexcept {self.rng.choice(ERRORS)} as error:\n    total += 7")
        else:
            self.put(f"total += {call}")

    def known(self) -> None:
        """What shows little things: lists that are equal though their items are not of one type, items beyond what the list held
        so far, floats that have no order."""
        if self.loops:
            return self.change()
        rng, w, v, g = self.rng, self.new("w"), self.new("w"), self.new("g")
        size, small = rng.choice(["n", "3", "(n + 2)", "4"]), rng.choice(["0", "1", "7", "-3"])
        turns = [("[1] * {}", "[True] * {}"), ("[0] * {}", "[False] * {}"), ("[q % 2 for q in range({})]", "[q % 2 == 1 for q in range({})]")]
        sort = rng.choice(["equal", "beyond", "beyond", "order", "order"])
        if sort == "equal":
            a, b = rng.choice(turns) if self.chance(0.8) else (rng.choice(turns)[0], rng.choice(turns)[1])
            self.put(f"{w} = {a.format(size)}\n{v} = {b.format(size)}")
            if self.chance(0.5):
                self.put(f"for {g} in range(len({w})):\n    {w}[{g}] = {g} % 2\n    {v}[{g}] = {g} % 2 == {rng.choice('11110')}")
            self.put(f"for {g} in range(len({w})):\n    total += {w}[{g}] - {v}[{g}]\nseen.append(({w} == {v}, {v} != {w}))")
            self.lists |= {w: "I", v: "B"}
        elif sort == "beyond":
            self.put(f"{w} = [{small}] * {size}\n{v} = [{rng.choice(['x', 'x', 'n', '2**62'])}] * {rng.choice(['2', 'n', '3'])}")
            self.put(rng.choice([f"{w}.insert({self.edge(w)}, {rng.choice(['x', '2**62', 'n'])})", f"{w}.extend({v})", f"{w} += {v}", f"{w}.insert({self.edge(w)}, x)\n{w}.insert({self.edge(w)}, n)"]))
            by = rng.choice(["* 4", "* 3 // 2", "+ 2**62", "* 4 + 1", f"+ {w}[0] * 2", "- 2**62 - 7"])
            self.put(rng.choice([f"for {g} in {w}:\n    total = (total + {g} {by}) % 1000003", f"for {g} in range(len({w})):\n    total = (total + {w}[{g}] {by}) % 1000003", f"for {g} in {w}:\n    if {g} {by} > n:\n        total += 1"]))
            self.lists |= {w: "I"} if self.chance(0.3) else {}
        else:
            items = ", ".join(rng.choice(["y", "y", "nan", "nan", "-0.0", "0.0", "1.5", "-y", "inf", f"{round(rng.uniform(-9, 9), 1)}"]) for _ in range(rng.choice([3, 4, 6])))
            more = rng.choice(["", "", f"\n{w}.insert({self.edge(w)}, nan)", f"\n{w}.append(y)", f"\n{w}[1] = nan", f"\n{w} += {w}[1:]"])
            self.put(f"{w} = [{items}]{more}\n{w}.{rng.choice(['sort', 'sort', 'sort', 'reverse'])}()\nfor {g} in {w}:\n    seen.append({g})")
            self.lists |= {w: "F"} if self.chance(0.5) else {}

    def hold(self) -> None:
        names = [name for name, kind in self.lists.items() if not self.loops or len(self.of(kind)) > 1]
        if not names:
            return self.change()
        name = self.rng.choice(names)
        kind = self.lists[name]
        if len(self.of(kind)) > 1:
            other = self.rng.choice([one for one in self.of(kind) if one != name])
            return self.put(self.rng.choice([f"{name}, {other} = {other}, {name}", f"{other} = {name}"]))
        other = self.new(name[0])
        self.put(f"{other} = {name}")
        self.lists[other] = kind

    # -- blocks ---------------------------------------------------------------
    def block(self, count: int) -> None:
        lists, indices = dict(self.lists), list(self.indices)
        self.indent += 1
        for _ in range(count):
            self.statement()
        self.indent -= 1
        self.lists, self.indices = lists, indices

    def for_(self) -> None:
        at = self.new("i")
        self.put(f"for {at} in range({self.rng.choice(['n', 'n + 2', '3', '4', 'len(' + self.flat() + ')'])}):")
        self.loops += 1
        indices = list(self.indices)
        self.indices += [at] * 3
        self.block(self.rng.choice([1, 2, 2, 3]))
        self.indices = indices
        self.loops -= 1

    def if_(self) -> None:
        self.put(f"if {self.value('B')}:")
        self.loops += 1  # what is made there is not there behind it
        self.block(self.rng.choice([1, 1, 2]))
        self.loops -= 1

    def try_(self) -> None:
        self.put("try:")
        self.loops += 1
        self.block(self.rng.choice([1, 2, 3]))
        self.loops -= 1
        self.put(f"except {self.rng.choice(ERRORS)} as error:\n    seen.append((type(error).__name__, str(error)))")

    def statement(self) -> None:
        options = [(3, self.create), (3, self.store), (8, self.change), (3, self.change_rows), (5, self.tell), (3, self.walk), (2.5, self.hand), (1, self.hold), (3.5, self.known)]
        if self.indent < 4 and self.loops < 2:
            options += [(3, self.for_), (1, self.if_), (2.5, self.try_)]
        self.rng.choices([do for _, do in options], [weight for weight, _ in options])[0]()

    def help(self) -> str:
        """The function that lists are handed to."""
        rng = self.rng
        change = rng.choice(["w.append(x + k)", "w.append(x + k)", "w.append(x * 3)", "w[0] += x", "w.insert(k, x)", "w.reverse()", "w.append(w[0] + x)"])
        more = rng.choice(["w.append(w[-1] * 3)", "w.append(w[-1] * 4 - x)", "w[-1] = w[-1] * 2 + x", "w.append(w[k] * 3)", "w.insert(-1, w[0] - x)", "w.append(k)", "w.sort()"])
        fails = rng.choice(["if len(w) > 4:\n        raise ValueError(w[0] > 5)", "if len(w) > 3:\n        raise IndexError(k)", "if w[-1] > 2**62:\n        raise IndexError(k)", "if len(w) > 5:\n        w[0] = w[-1] // (k - k)", "if k > 2:\n        raise ValueError(k)", "w[0] = w[k]", "if x > 2**60:\n        raise IndexError(k)", "if x % 3 == 1:\n        raise ZeroDivisionError"])
        return f"def {self.helper}(w, x, k):\n    if len(w) < 12:\n        {change}\n        {more}\n    {fails}\n    return len(w) + k\n"

    def make(self) -> tuple[Signature, str]:
        rng = self.rng
        self.put("total = 0\nseen = []")
        for kind in ["I", rng.choice("IIF"), *rng.choice([[], ["F"], ["B"], ["RI"], ["F", "RI"], ["B", "I"], ["RF"]])]:
            name = self.new("r" if kind[0] == "R" else "w")
            self.put(f"{name} = {self.made(kind)}")
            self.lists[name] = kind
        if self.chance(0.15):  # this one is shown
            name = self.new("w")
            self.put(f"{name} = {self.made('I', kept=False)}\nseen.append({name})")
            self.lists[name] = "I"
        # Early, while nothing has made native code leave.
        for do in rng.sample([self.known, self.known, self.hand], rng.choice([0, 1, 2, 3])):
            do()
        if self.chance(0.5):
            self.put("try:")
            self.loops += 1
            self.block(rng.choice([3, 5, 7]))
            self.loops -= 1
            self.put(f"except {rng.choice(ERRORS)} as error:\n    seen.append((type(error).__name__, str(error)))")
        for _ in range(rng.choice([2, 4, 6, 8])):
            self.statement()
        for name, kind in self.lists.items():  # all that is there
            if kind == "F":
                self.put(f"for part in {name}:\n    seen.append(part)" if rng.random() < 0.7 else f"seen.append(sum({name}))")
            elif kind[0] == "R":
                self.put(f"for row in {name}:\n    seen.append((len(row), sum(row)))")
            else:
                self.put(f"for part in {name}:\n    total = (total * 3 + part) % 1000003")
        self.put("return total, seen, x, y")
        heading = f"def {self.name}({', '.join(param for param, _ in PARAMS)}):"
        return Signature(self.name, list(PARAMS), "R", cost=400), self.help() + "\n\n" + "\n".join([heading, *self.lines]) + "\n"
