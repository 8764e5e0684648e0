"""Random statements: the body of one function, as indented lines of source.

Every loop is bounded. A `while` counts fuel in a variable that nothing else assigns; a list that may be the one
being iterated (or an alias of it) is appended to only below a length. Values that could grow without bound in a
loop are clamped, at a limit beyond 2**63, so that the overflow itself still happens in the middle of the loop.
"""

from __future__ import annotations

from aggregates import Aggregates
from expressions import Expressions
from handling import Handling
from mappings import MappingStatements
from scope import SCALARS, Scope, Var, literal_int

LIST_KINDS = ["Li", "Li", "Lf", "Lf", "Lc", "Lb", "Lx", "LLi", "LLf", "Ls"]
TUPLE_KINDS = ["Tii", "Tif", "Tff", "Tfi", "Tiii", "Tci", "Tb", "Tfff"]
AUGMENTED = {
    "i": ["+", "+", "-", "-", "*", "//", "%", "&", "|", "^", ">>", "<<"],
    "f": ["+", "-", "*", "/", "%", "//", "**"],
    "c": ["+", "-", "*", "/"],
    "b": ["&", "|", "^", "+"],
    "x": ["+", "-", "*", "/", "//"],
    "s": [],
}


class Body(Aggregates, Handling, MappingStatements):
    def __init__(self, scope: Scope, returns: str):
        self.s = scope
        self.rng = scope.rng
        self.e = Expressions(scope)
        self.returns = returns
        self.lines: list[str] = []
        self.indent = 1
        self.loops: list[dict] = []  # what the loops around iterate over
        self.names = 0

    # -- helpers ---------------------------------------------------------------
    def put(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def new_name(self, letter: str = "v") -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def number_kind(self) -> str:
        return self.rng.choice(self.s.flavour.numbers)

    def branch(self, count: int):
        """A block on a path that may not be taken: what it assigns first may be unbound afterwards."""
        before = {
            n: Var(v.kind, v.sure, v.fresh, v.within, v.counter) for n, v in self.s.vars.items()
        }
        self.indent += 1
        start = len(self.lines)
        self.block(count)
        self.carry_out(before)
        if len(self.lines) == start:
            self.put("pass")
        self.indent -= 1
        after = self.s.vars
        self.s.vars = before
        for name, var in after.items():
            if name not in before:
                self.s.vars[name] = Var(var.kind, sure=False)
            elif before[name].kind != var.kind:
                before[name].kind = (
                    "x"
                    if var.kind in SCALARS and before[name].kind in SCALARS
                    else before[name].kind
                )
                before[name].within = ""
        return after

    def carry_out(self, before: dict) -> None:
        """What a branch or a loop computes is seen only if a variable outside takes it."""
        new = [n for n, v in self.s.vars.items() if n not in before and v.sure and v.kind in "ifbc"]
        if not new or not self.s.chance(0.5):
            return
        name = self.rng.choice(new)
        kind = self.s.vars[name].kind
        outside = [n for n in self.assignable(kind) if n in before]
        if outside:
            self.put(f"{self.rng.choice(outside)} = {name}")

    def block(self, count: int) -> None:
        for _ in range(count):
            self.statement()

    def assignable(self, kinds: str) -> list[str]:
        return [
            n
            for n, v in self.s.vars.items()
            if v.kind in kinds and v.sure and not v.counter and not n.startswith("q")
        ]

    # -- the choice ---------------------------------------------------------------
    def statement(self) -> None:
        s = self.s
        s.budget -= s.iterations
        s.grew = False
        deep = self.indent >= 5 or s.budget <= 0
        options = [
            (22, self.assign),
            (14, self.augment),
            (5, self.assign_list),
            (3, self.assign_tuple),
            (4, self.swap),
            (9, self.set_item),
            (5, self.append),
            (2.5, self.change_kind),
            (1.5, self.alias),
            (1, self.leave),
            (0.7, self.raise_error),
            (0.5, self.bare_expression),
            (0.25, self.delete),
            (s.flavour.rare * 3, self.list_method),
            (0.6, self.extend),
            (1.5, self.mixed_tuple),
            (1.5, self.pairs),
            (4, self.dict_),
            (2, self.set_),
            (3, self.text_),
            (4, self.over_mapping),
            (1, self.star),
        ]
        if not deep:
            options += [(2, self.count_up), (10, self.if_), (14, self.for_), (6, self.while_)]
            options += [(2, self.shared_iterator), (2.5, self.hot_loop), (5, self.try_)]
        if self.loops:
            options += [(4, self.jump), (3, self.event)]
        s.pick(options)()

    # -- assignments ---------------------------------------------------------------
    def assign(self) -> None:
        kind = self.number_kind() if self.s.chance(0.85) else self.rng.choice("bsx")
        names = self.assignable(kind)
        name = self.rng.choice(names) if names and self.s.chance(0.65) else self.new_name()
        note = ": int" if self.s.chance(0.02) and name not in self.s.vars else ""
        self.put(f"{name}{note} = {self.e.make(kind, 3)}")
        self.bind(name, kind)

    def bind(self, name: str, kind: str, fresh: bool = False) -> None:
        old = self.s.vars.get(name)
        for var in self.s.vars.values():
            if var.within.rstrip("[]") == name:
                var.within = ""
        self.s.vars[name] = Var(kind, True, fresh, counter=old.counter if old else False)
        if self.s.grew and self.loops and kind in "ifcx":
            self.clamp(name)

    def clamp(self, name: str) -> None:
        if self.s.iterations > 3:
            limit = self.rng.choice(["2**64", "2**70", "1e30", "2**63", "2**200", "1e300"])
            self.put(f"if abs({name}) > {limit}:")
            reset = (
                literal_int(self.rng.choice([1, 3, -7, 2**61, 2**62 - 1]))
                if self.s.chance(0.7)
                else "1.5"
            )
            self.put(f"    {name} = {reset}")

    def augment(self) -> None:
        names = self.assignable("ifcbx")
        if not names:
            return self.assign()
        name = self.rng.choice(names)
        kind = self.s.vars[name].kind
        op = self.rng.choice(AUGMENTED[kind])
        other = "i" if kind == "x" and self.s.chance(0.4) else kind
        if op in ("//", "%", "/"):
            value = self.e.divisor("i" if other == "i" else "f", 1)
        elif op in ("<<", ">>"):
            small = f"({self.e.make('i', 1)} & {self.rng.choice([3, 15, 63])})"
            value = small if op == "<<" or self.s.chance(0.4) else self.e.right_count(1)
        elif op == "**":
            value = self.rng.choice(["2", "0.5", "-1"])
        else:
            value = self.e.make(other, 2)
        if op in ("*", "<<", "**"):
            self.s.grew = True
        self.put(f"{name} {op}= {value}")
        if self.s.grew and self.loops:
            self.clamp(name)
        if kind == "b":
            self.s.vars[name].kind = "x"

    def assign_list(self) -> None:
        kind = self.rng.choice(LIST_KINDS)
        if "c" in kind and "c" not in self.s.flavour.numbers:
            kind = "Lf"
        name = self.new_name("w")
        if kind.startswith("LL"):
            inner = kind[2]
            rows, columns = self.rng.randint(0, 4), self.rng.randint(1, 4)
            text = self.s.pick(
                [
                    (
                        4,
                        lambda: (
                            f"[[{self.e.make(inner, 1)} for q1 in range({columns})] for q0 in range({rows})]"
                        ),
                    ),
                    (
                        3,
                        lambda: (
                            "["
                            + ", ".join(
                                "[" + ", ".join(self.e.make(inner, 1) for _ in range(columns)) + "]"
                                for _ in range(rows)
                            )
                            + "]"
                        ),
                    ),
                    (
                        1,
                        lambda: f"[[{self.e.make(inner, 1)}] * {columns}] * {rows}",
                    ),  # rows are one list: aliasing
                ]
            )()
        else:
            text = self.e.list_of(kind[1:], 2)
        self.put(f"{name} = {text}")
        self.bind(name, kind, fresh="[" in text[:1])

    def assign_tuple(self) -> None:
        kind = self.rng.choice(TUPLE_KINDS)
        names = [n for n, v in self.s.vars.items() if v.sure and v.kind == kind]
        if names and self.s.chance(0.5):
            targets = [self.new_name() for _ in kind[1:]]
            self.put(
                f"{', '.join(targets)}{',' if len(targets) == 1 else ''} = {self.rng.choice(names)}"
            )
            for target, k in zip(targets, kind[1:], strict=True):
                self.s.vars[target] = Var(k)
            return
        name = self.new_name("t")
        self.put(f"{name} = {self.e.tuple_of(kind, 2)}")
        self.bind(name, kind)

    def swap(self) -> None:
        names = self.assignable("ifcx")
        if len(names) < 2:
            return self.assign()
        a, b = self.rng.sample(names, 2)
        ka, kb = self.s.vars[a].kind, self.s.vars[b].kind
        if self.s.chance(0.5):
            self.put(f"{a}, {b} = {b}, {a}")
            ka, kb = kb, ka
        else:
            self.put(f"{a}, {b} = {self.e.make(ka, 2)}, {self.e.make(kb, 2)}")
        self.s.vars[a].kind, self.s.vars[b].kind = ka, kb
        for name in (a, b):
            if self.s.grew and self.loops:
                self.clamp(name)

    def change_kind(self) -> None:
        """A variable that is an int here and a float (None, complex, ...) there."""
        names = self.assignable("ifbx")
        if not names:
            return self.assign()
        name = self.rng.choice(names)
        kind = self.rng.choice("iffbbn" if "c" not in self.s.flavour.numbers else "iffbcn")
        if kind == "n" and not self.s.chance(0.3):
            kind = "f"
        value = self.e.make(kind, 2)
        if self.s.chance(0.5):
            self.put(f"{name} = {value} if {self.e.make('b', 1)} else {name}")
            kind = "x"
        else:
            self.put(f"{name} = {value}")
        self.bind(name, "x" if kind != "n" else "n")

    def event(self) -> None:
        """Something that happens once, in the middle of a loop: the type or the size of a value changes."""
        counters = [n for n, v in self.s.vars.items() if v.counter]
        names = self.assignable("ifx")
        if not counters or not names:
            return self.augment()
        name, counter = self.rng.choice(names), counters[-1]
        count = self.loops[-1]["count"]
        at = self.rng.choice([0, 1, max(count // 2, 1), max(count - 1, 0), count * 2 // 3])
        value = self.s.pick(
            [
                (
                    4,
                    lambda: self.rng.choice(
                        [
                            "2**63 - 1",
                            "2**62",
                            "-2**63",
                            "2**31",
                            "2**53 + 1",
                            "9223372036854775000",
                            "10**30",
                        ]
                    ),
                ),
                (3, lambda: f"{name} + 0.5"),
                (2, lambda: self.e.literal("f")),
                (1, lambda: "True"),
                (1, lambda: f"-{name}"),
                (0.5, lambda: "None"),
                (0.7 if "c" in self.s.flavour.numbers else 0.05, lambda: f"{name} + 1j"),
            ]
        )()
        self.put(f"if {counter} == {at}:")
        self.put(f"    {name} = {value}")
        self.s.vars[name].kind = "x"

    def alias(self) -> None:
        a_list = self.e.any_list()
        if not a_list:
            return self.assign_list()
        kind = self.s.vars[a_list].kind
        name = self.new_name("w")
        if kind.startswith("LL") and self.s.chance(0.6):
            self.put(f"{name} = {a_list}[{self.e.index(a_list, 1)}]")
            self.bind(name, kind[1:])
        else:
            self.put(f"{name} = {a_list}")
            self.bind(name, kind)
            self.s.vars[a_list].fresh = False

    # -- lists ---------------------------------------------------------------
    def set_item(self) -> None:
        a_list = self.e.any_list(or_global=True)
        if not a_list:
            return self.assign_list()
        kind = self.s.var(a_list).kind
        place = f"{a_list}[{self.e.index(a_list, 1)}]"
        if kind.startswith("LL"):
            if self.s.chance(0.15):
                self.put(f"{place} = {self.e.list_of(kind[2:], 1)}")
                return
            place += f"[{self.e.index(a_list, 1, inner=True)}]"
        scalar = kind[-1]
        if self.s.chance(0.04):
            self.put(f"{a_list}[{self.e.slice()}] = {self.e.list_of(kind[1:], 1)}")
            return
        # A global stays from call to call: in each, what is put in could double its digits.
        stays = a_list in self.s.globals
        if self.s.chance(0.4):
            op = self.rng.choice(["+", "-", "+", "*"] if scalar in "ifcx" else ["+", "-"])
            if op == "*" and (stays or self.s.iterations > 3):
                op = "+"
            value = self.e.make(scalar if scalar not in "sb" else "s", 2)
            self.put(f"{place} {op}= {self.bounded(value, scalar, stays) if stays or self.s.grew else value}")
            return
        value = self.e.make(scalar, 2)
        self.put(f"{place} = {self.bounded(value, scalar, stays) if stays or self.s.grew else value}")

    def bounded(self, value: str, kind: str, stays: bool = False) -> str:
        """An element that could grow for ever is cut down, beyond 2**63."""
        if (not stays and self.s.iterations <= 3) or kind in "bcn":
            return value
        return f"({value}) % {self.rng.choice(['(2**63 - 25)', '(2**64)', '2**61', '1000003', '(2**70)', '1e18'])}"

    def append(self) -> None:
        a_list = self.e.any_list(or_global=True)
        if not a_list:
            return self.assign_list()
        var = self.s.var(a_list)
        value = (
            self.e.list_of(var.kind[2:], 1)
            if var.kind.startswith("LL")
            else self.e.make(var.kind[1:], 2)
        )
        if self.s.grew and not var.kind.startswith("LL"):
            value = self.bounded(value, var.kind[1:])
        call = f"{a_list}.append({value})"
        if (
            self.loops
            and not (var.fresh and not any(loop.get("over") for loop in self.loops))
            or not self.loops
            and self.s.chance(0.3)
        ):
            self.put(f"if len({a_list}) < {self.rng.choice([5, 9, 20, 60])}:")
            self.put(f"    {call}")
        else:
            self.put(call)

    def extend(self) -> None:
        a_list = self.e.any_list()
        if not a_list or self.s.vars[a_list].kind.startswith("LL"):
            return
        item = self.e.list_of(self.s.vars[a_list].kind[1:], 1)
        self.put(f"if len({a_list}) < 12:")
        self.put(
            f"    {a_list} += {item}" if self.s.chance(0.6) else f"    {a_list} = {a_list} + {item}"
        )
        self.s.vars[a_list].fresh = False

    def list_method(self) -> None:
        a_list = self.e.any_list()
        if not a_list or self.s.vars[a_list].kind.startswith("LL"):
            return
        kind = self.s.vars[a_list].kind[1:]
        self.put(
            self.s.pick(
                [
                    (2, lambda: f"{a_list}.pop({self.rng.choice(['', '0', '-1'])})"),
                    (1, lambda: f"{a_list}.reverse()"),
                    (1, lambda: f"{a_list}.sort()"),
                    (1, lambda: f"del {a_list}[{self.e.index(a_list, 1)}]"),
                    (
                        1,
                        lambda: (
                            f"if len({a_list}) < 9: {a_list}.insert({self.e.make('s', 1)}, {self.e.make(kind, 1)})"
                        ),
                    ),
                ]
            )()
        )

    # -- flow ---------------------------------------------------------------
    def if_(self) -> None:
        test = self.e.make("b", 2) if self.s.chance(0.9) else self.e.make(self.number_kind(), 2)
        if self.s.chance(0.03):
            kind, name = self.number_kind().replace("c", "f"), self.new_name()
            value = self.e.make(kind, 2)
            test = f"({name} := {value}) {self.rng.choice(['<', '>=', '=='])} {self.e.atom(kind)}"
            self.s.vars[name] = Var(kind)
        self.put(f"if {test}:")
        first = self.branch(self.rng.choice([1, 1, 2, 3]))
        both = None
        if self.s.chance(0.25):
            self.put(f"elif {self.e.make('b', 1)}:")
            self.branch(self.rng.choice([1, 2]))
        elif self.s.chance(0.5):
            self.put("else:")
            both = self.branch(self.rng.choice([1, 2]))
        if both:
            for name, var in first.items():
                if name in both and name in self.s.vars and var.sure and both[name].sure:
                    self.s.vars[name].sure = True

    def loop_count(self) -> int:
        room = self.s.budget / self.s.iterations
        if room > 2500 and not self.loops and self.s.chance(0.5):
            return self.rng.choice([300, 700, 1100, 1500, 2100])
        return self.rng.choice([0, 1, 3, 5, 8, 12, 20, 40, 90] if room > 200 else [0, 1, 2, 2, 3, 3, 5])

    def for_(self) -> None:
        s = self.s
        before = s.iterations
        count = self.loop_count()
        targets, source, over, counted = self.loop_source(count)
        size = count if counted else 8
        s.iterations = max(1, before * max(size, 1))
        self.put(
            f"for {', '.join(t for t, _, _ in targets) if len(targets) > 1 else targets[0][0]} in {source}:"
        )
        hidden = {t: s.vars.get(t) for t, _, _ in targets}
        for target, kind, within in targets:
            s.vars[target] = Var(kind, True, within=within, counter=kind == "s")
        self.loops.append({"count": size, "over": over})
        body = self.rng.choice([1, 2, 3, 4])
        if before == 1 and not over and not counted:
            body += 1
        after = self.branch(body)
        self.loops.pop()
        s.iterations = before
        for (
            target,
            kind,
            _,
        ) in targets:  # the loop variable is used after the loop; unbound if there was no turn
            s.vars[target] = Var(kind, sure=hidden[target] is not None or s.chance(0.8))
        for name, var in after.items():
            if name in s.vars and s.vars[name].kind != var.kind and var.kind in SCALARS:
                s.vars[name].kind = "x"
        self.loop_else()

    def count_up(self) -> None:
        """`while i <= n: i += 1` on ints of any size: the step may leave 64 bits at the very last turn."""
        names = self.assignable("i")
        if not names:
            return self.while_()
        name, fuel = self.rng.choice(names), self.new_name("k")
        limit = self.e.atom("i")
        self.put(f"{fuel} = 0")
        signs = [("<=", "+"), ("<", "+"), (">=", "-"), (">", "-"), ("!=", "+")]
        relation, step = self.rng.choice(signs)
        test = f"{name} {relation} {limit}"
        if self.s.chance(0.3):
            test = f"not {limit} {relation} {name}"
        self.put(f"while {test}:")
        self.indent += 1
        self.put(f"{fuel} += 1")
        self.put(f"if {fuel} > {self.rng.choice([1, 2, 5, 9])}:")
        self.put("    break")
        self.put(f"{name} {step}= {self.rng.choice([1, 1, 2, 3])}")
        self.indent -= 1

    def delete(self) -> None:
        names = [n for n in self.assignable("ifcbx") if n.startswith("v")]
        if names:
            name = self.rng.choice(names)
            self.put(f"del {name}")
            self.s.vars[name].sure = False

    def loop_else(self) -> None:
        if self.s.chance(0.15):
            self.put("else:")
            self.branch(1)

    def loop_source(self, count: int):
        """([(target, kind, list it indexes)], source text, a list is iterated, `count` is the count)"""
        s = self.s
        i = self.rng.choice(["i", "j", "k"]) if self.s.chance(0.7) else self.new_name("k")
        while i in s.vars and s.vars[i].counter:
            i = self.new_name("k")
        scalar = self.rng.choice("if")
        a_list = self.e.variable("L" + scalar)
        nested = self.e.variable("LL" + scalar)
        v = self.new_name()
        options = [
            (8, lambda: ([(i, "s", "")], f"range({count})", False, True)),
            (
                2,
                lambda: (
                    [(i, "s", "")],
                    f"range({count}, {self.rng.choice([0, -1, 1])}, -1)",
                    False,
                    True,
                ),
            ),
            (
                1,
                lambda: (
                    [(i, "s", "")],
                    f"range({self.rng.randint(-5, 5)}, {count * 3}, 3)",
                    False,
                    True,
                ),
            ),
            (3, lambda: ([(i, "s", "")], self.e.range(), False, False)),
            (1, lambda: ([(v, "i", "")], self.far_range(), False, False)),
            (
                0.8,
                lambda: (
                    [(v, "x", "")],
                    f"({self.e.make('x', 1)}, {self.e.make('x', 1)}, {self.e.make('x', 1)})",
                    False,
                    False,
                ),
            ),
        ]
        if a_list:
            options += [
                (6, lambda: ([(i, "s", a_list)], f"range(len({a_list}))", True, False)),
                (5, lambda: ([(v, scalar, "")], a_list, True, False)),
                (
                    2,
                    lambda: (
                        [(i, "s", a_list), (v, scalar, "")],
                        f"enumerate({a_list}{self.rng.choice(['', '', '', ', 1', ', -2'])})",
                        True,
                        False,
                    ),
                ),
                (
                    2,
                    lambda: (
                        [(v, scalar, ""), (v + "b", scalar, "")],
                        f"zip({a_list}, {self.e.list_of(scalar, 1)})",
                        True,
                        False,
                    ),
                ),
                (1, lambda: ([(i, "s", a_list)], f"range(len({a_list}) - 1, -1, -1)", True, False)),
                (s.flavour.rare, lambda: ([(v, scalar, "")], f"reversed({a_list})", True, False)),
            ]
        if nested:
            options += [
                (4, lambda: ([(v, "L" + scalar, "")], nested, True, False)),
                (4, lambda: ([(i, "s", nested)], f"range(len({nested}))", True, False)),
                (3, lambda: ([(i, "s", nested + "[]")], f"range(len({nested}[0]))", True, False)),
            ]
        return s.pick(options)()

    def far_range(self) -> str:
        base = self.rng.choice(
            [2**63 - 3, 2**62 - 2, -(2**63) + 2, 2**31 - 2, 2**53 - 1, 2**64 - 2, -(2**63) - 2]
        )
        step = self.rng.choice([1, 1, 2, -1, 2**61, -(2**62), 3])
        return f"range({base}, {base + step * self.rng.randint(0, 6)}, {step})"

    def while_(self) -> None:
        s = self.s
        before = s.iterations
        count = self.loop_count()
        s.iterations = max(1, before * max(count, 1))
        fuel = self.new_name("k")
        rising = s.chance(0.6)
        self.put(f"{fuel} = {0 if rising else count}")
        s.vars[fuel] = Var("s", counter=True)
        bound = (
            f"{fuel} < {count}"
            if rising
            else self.rng.choice([f"{fuel} > 0", f"{fuel}", f"0 < {fuel}"])
        )
        also = f" and {self.e.make('b', 2)}" if s.chance(0.4) else ""
        if "c" in s.flavour.numbers and s.chance(0.4):
            also = f" and {self.e.near_circle(1)}"
        self.put(f"while {bound}{also}:")
        self.indent += 1
        self.put(f"{fuel} {'+' if rising else '-'}= 1")
        self.indent -= 1
        self.loops.append({"count": count, "over": False})
        after = self.branch(self.rng.choice([1, 2, 3]))
        self.loops.pop()
        s.iterations = before
        s.vars[fuel].counter = False
        for name, var in after.items():
            if name in s.vars and s.vars[name].kind != var.kind and var.kind in SCALARS:
                s.vars[name].kind = "x"
        self.loop_else()

    def jump(self) -> None:
        self.put(f"if {self.e.make('b', 2)}:")
        self.put(f"    {self.rng.choice(['break', 'continue', 'continue'])}")

    def leave(self) -> None:
        self.put(f"if {self.e.make('b', 2)}:")
        self.put(f"    return {self.result()}")

    def raise_error(self) -> None:
        if self.s.chance(0.5):
            self.put(
                f"assert {self.e.make('b', 2)}"
                + (f", {self.e.make('i', 1)}" if self.s.chance(0.5) else "")
            )
            return
        self.put(f"if {self.e.make('b', 2)}:")
        error = self.rng.choice(
            ["ValueError", "IndexError", "ArithmeticError", "RuntimeError", "KeyError"]
        )
        arguments = self.rng.choice(
            ["", "()", f"({self.e.make('i', 1)})", "('no', 3)", f"('bad', {self.e.make('f', 1)})"]
        )
        self.put(f"    raise {error}{arguments}")

    def bare_expression(self) -> None:
        self.put(self.e.make(self.number_kind(), 2))

    # -- the end ---------------------------------------------------------------
    def result(self) -> str:
        if self.returns[0] == "R":  # report everything: what was computed, whatever it is
            names = [
                n
                for n, v in self.s.vars.items()
                if (v.sure or self.s.chance(0.1)) and not n.startswith("q")
            ]
            return "(" + "".join(n + ", " for n in names[-8:]) + ")"
        return self.e.make(self.returns, 2) if self.s.chance(0.7) else self.named(self.returns)

    def named(self, kind: str) -> str:
        names = [n for n, v in self.s.vars.items() if v.kind == kind and v.sure]
        return names[-1] if names else self.e.make(kind, 2)
