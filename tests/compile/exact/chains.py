"""Random short functions, each step of which is one operation on what earlier steps gave, and all of it is returned: what an
operation does at its borders is not lost in what comes after it, and what is known of a value (its sign, its bounds, its
type) meets an operation that relies on that. Such functions compile fast and are called often.
"""

from __future__ import annotations

from scope import FLOAT_BORDERS, FLOAT_EDGES, INT_BORDERS, INT_EDGES, literal_int, literals_of, near
from wide import TEXTS, mixed

FOCUS = ["i", "i", "ii", "iif", "if", "f", "ff", "fc", "cc", "ib", "ifbc", "iT", "iTc", "iw", "fw", "ifw", "Tw", "iTw", "bw"]  # what a function is about; w: lists
RELATIONS = ["<", "<=", ">", ">=", "==", "!="]
INT_CONSTANTS = [1, 2, 3, 5, 7, 8, 10, 63, 64, 255, -1, -2, -3, -7, -8, -64, 2**31, 2**53, 2**62, 2**63 - 1, -(2**63), 2**63, 1000003, 0]
POSITIVE = [1, 2, 3, 5, 7, 16, 63, 255, 2**31, 2**62]


HELPERS = """G0 = 5


def p0(v):
    global G0
    G0 = v
    return v


def p1(v):
    return v + 1


def p2(v):
    return [v, G0][v == 3]

"""


class Chain:
    """Builds one function. With `helpers` it also calls plain functions, one of which rebinds the global that others read."""

    def __init__(self, rng, name: str, helpers: bool = False):
        self.helpers = helpers
        self.rng = rng
        self.name = name
        self.kinds = rng.choice(FOCUS)
        self.lines: list[str] = []
        self.indent = 1
        self.vars: dict[str, str] = {}
        self.count = 0
        self.loops = 0
        self.tested: str | None = None  # the variable of the condition around: what follows relies on what it says
        self.constants = rng.choice([0.2, 0.5, 0.7])  # share of right operands that are constants

    def put(self, text: str) -> None:
        self.lines += ["    " * self.indent + line for line in text.split("\n")]

    def bind(self, kind: str, value: str) -> None:
        self.count += 1
        self.put(f"t{self.count} = {value}")
        self.vars[f"t{self.count}"] = kind

    def var(self, kinds: str) -> str | None:
        names = [name for name, kind in self.vars.items() if kind in kinds]
        if not names:
            return None
        if self.tested in names and self.rng.random() < 0.5:
            return self.tested
        at = self.rng.random()
        return names[-1] if at < 0.4 else self.rng.choice(names[-4:] if at < 0.75 else names)

    def constant(self, kind: str) -> str:
        rng = self.rng
        if kind == "i":
            return literal_int(rng.choice(INT_CONSTANTS) if rng.random() < 0.6 else rng.randint(-9, 20))
        if kind == "f":
            return f"({rng.choice(FLOAT_EDGES)})" if rng.random() < 0.4 else f"({rng.choice([0.5, 2.0, -1.0, 1.5, 3.0, 1e300, 10.0, 0.1, 7.0])})"
        return {"b": rng.choice(["True", "False"]), "c": rng.choice(["1j", "(2+0j)", "(-1-1j)", "(0.5j)", "(3+4j)", "0j"]), "T": rng.choice(TEXTS), "w": "[1, 2, 3]"}[kind]

    def operand(self, kind: str) -> str:
        name = self.var(kind) if self.rng.random() > self.constants else None
        return name or self.constant(kind)

    # -- one operation ---------------------------------------------------------------
    def step(self) -> None:
        kind = self.rng.choice(self.kinds)
        name = self.var(kind)
        if not name:
            kind, name = self.rng.choice(list(self.vars.items()))[::-1]
        {"i": self.of_int, "f": self.of_float, "b": self.of_bool, "c": self.of_complex, "T": self.of_text, "w": self.of_list}[kind](name)

    def of_int(self, a: str) -> None:
        rng, other = self.rng, self.operand("i")
        real = self.var("f") or "2.5"
        part = literal_int(rng.choice([3, 2, 7, -3, -2, -7, 5, 1, -1, 10, 2**31, -(2**62)])) if rng.random() < 0.75 else other
        small = str(rng.choice([0, 1, 2, 5, 31, 62, 63, 64, 65])) if rng.random() < 0.7 else f"({other} & 63)"
        self.one([
            (4, "i", f"{a} + {other}"), (4, "i", f"{a} - {other}"), (2, "i", f"{other} - {a}"), (4, "i", f"{a} * {other}"), (5, "i", f"{a} // {part}"), (5, "i", f"{a} % {part}"), (2, "f", f"{a} / {part}"),
            (4, "i", f"{a} & {other}"), (2, "i", f"{a} | {other}"), (2, "i", f"{a} ^ {other}"), (3, "i", f"{a} >> {small}"), (4, "i", f"{a} << {rng.choice(['1', '2', '3', '31', '62', '63', '64'])}"),
            (3, "i", f"-{a}"), (2, "i", f"~{a}"), (3, "i", f"abs({a})"), (1.5, "i", f"{a} ** {rng.choice(['2', '2', '3', '5', '0', '1'])}"), (1, "i", f"({a} % 13 - 3) ** ({other} % 24)"),
            (1, "i", f"({a}, {other}, 7)[{self.tuple_index()}]"),
            (0.5, "f", f"({a} % 9 + 1) ** -{rng.choice(['1', '2', '(' + a + ' % 4)'])}"), (2, "f", f"float({a})"), (1, "i", f"int({a})"), (2, "i", f"min({a}, {other})"), (2, "i", f"max({a}, {other})"),
            (3, "b", f"{a} {rng.choice(RELATIONS)} {other}"), (3, "b", f"{a} {rng.choice(RELATIONS)} {real}"), (1, "b", f"{a} < {other} < {self.operand('i')}"), (2, "f", f"{a} {rng.choice('+-*')} {real}"),
            (1, "f", f"{a} {rng.choice(['/', '//', '%'])} {real}"), (1, "i", f"divmod({a}, {part})[{rng.choice('01')}]"), (1, "i", f"sum([{a}, {other}])"), (1, "i", f"pow({a}, 2)"), (1, "T", f"str({a})"),
            (1.5, "T", "f'{" + a + rng.choice(["", ":d", ":5d", ":05d", ":+d", ":x", ":,"]) + "}'"), (1, "b", f"bool({a})"), (1.5, "i", f"{a} if {self.condition()} else {other}"), (1, "i", f"(3, 5, 7)[{a} % 3]"),
            (1.5, "i", f"[10, 20, 30][{a} % {rng.choice(['3', '-3'])}]"), (1, "i", f"round({a}, -1)"), (1, "i", f"{a} + {self.var('b') or 'True'}"), (1, "w", f"list(range({a} % 7 - 3, {a} % 5, {rng.choice(['1', '2', '-1', '-2'])}))"),
            (0.5, "i", f"{a}.bit_length()"), (0.7, "i", f"math.gcd({a}, {other})"), (0.7, "f", f"math.sqrt({a} % 100)"), (0.7, "c", f"complex({a} % 9, 2)"), (0.7, "i", f"{a} or {other}"), (0.7, "i", f"{a} and {other}"),
            *([(6, "i", f"p0({a})"), (1, "i", f"p{rng.choice('12')}({a})"), (1, "i", f"(p1 if {self.condition()} else p2)({a})"), (7, "i", f"G0 {rng.choice('+-*')} {other}")] if self.helpers else []),
            (1, "b", f"{a} in (1, 2, {other})"), (0.6, "b", f"{a} not in [{other}, 7]"), (0.6, "b", f"{a} in range({rng.choice(['9', '-3, 9, 2', '200'])})"),
        ])  # fmt: skip

    def tuple_index(self) -> str:
        at = self.var("i") or "1"
        return self.rng.choice([f"{at} % 3", f"{at} % 3 - 3", f"-({at} % 3) - 1", f"{at} % 7 - 3", at])

    def of_float(self, a: str) -> None:
        rng, other, number = self.rng, self.operand("f"), self.operand("i")
        self.one([
            (3, "f", f"{a} + {other}"), (3, "f", f"{a} - {other}"), (3, "f", f"{a} * {other}"), (3, "f", f"{a} / {other}"), (3, "f", f"{a} // {other}"), (3, "f", f"{a} % {other}"), (3, "f", f"{a} ** 2"),
            (1, "f", f"{a} ** {rng.choice(['3', '0.5', '-1', '0', '2.0', other])}"), (3, "f", f"-{a}"), (2, "f", f"abs({a})"), (3, "i", f"int({a})"), (3, "i", f"round({a})"), (1, "f", f"round({a}, {rng.choice(['1', '2', '0', '-1'])})"),
            (2, "i", f"math.{rng.choice(['floor', 'ceil', 'trunc'])}({a})"), (3, "b", f"{a} {rng.choice(RELATIONS)} {other}"), (2, "b", f"{a} {rng.choice(RELATIONS)} {number}"), (2, "b", f"{a} {rng.choice(['==', '!='])} {a}"),
            (2, "f", f"min({a}, {other})"), (2, "f", f"max({a}, {other})"), (1.5, "f", f"math.{rng.choice(['sqrt', 'sqrt', 'log', 'exp', 'sin', 'cos', 'fabs', 'atan', 'log10', 'asin', 'acosh', 'log2', 'tan', 'atanh'])}({a})"),
            (1, "f", f"math.{rng.choice(['pow', 'fmod', 'atan2', 'hypot', 'copysign'])}({a}, {other})"), (1, "c", f"complex({a}, {other})"), (1, "T", "f'{" + a + rng.choice(["", ":.2f", ":8.3f", ":e", ":g", "!r", ":+.1f"]) + "}'"),
            (1, "f", f"{number} {rng.choice(['+', '-', '*', '/', '//', '%'])} {a}"), (1, "f", f"{a} if {self.condition()} else {other}"), (1, "b", f"math.{rng.choice(['isnan', 'isinf', 'isfinite'])}({a})"), (0.6, "b", f"bool({a})"),
            (0.7, "f", f"float(repr({a}))"), (0.7, "f", f"{a} or {other}"), (0.7, "f", f"sum([{a}, {other}])"), (0.7, "T", f"str({a})"), (1, "b", f"{a} in (0.0, 1.5, {other})"), (0.7, "f", f"[{a}, {other}][{self.var('b') or '0'}]"), (0.7, "f", f"({a}, {other}, 2.5)[{self.tuple_index()}]"),
            (0.7, "b", f"[{a}] == [{a}]"), (0.7, "b", f"({a}, 1) == ({a}, 1)"),
        ])  # fmt: skip

    def of_bool(self, a: str) -> None:
        rng, other = self.rng, self.operand("b")
        self.one([
            (2, "b", f"not {a}"), (2, "b", f"{a} and {other}"), (2, "b", f"{a} or {other}"), (3, "b", f"{a} {rng.choice('&|^')} {other}"), (2, "i", f"{a} + {other}"), (1, "i", f"-{a}"), (1, "i", f"{a} * {self.operand('i')}"), (1, "i", f"~int({a})"),
            (1, "i", f"{a} {rng.choice('&|^')} {self.operand('i')}"), (1, "b", f"{a} {rng.choice(RELATIONS)} {other}"), (1, "T", f"str({a})"), (1, "i", f"int({a})"), (1, "f", f"float({a})"), (1, "b", f"max({a}, {other})"), (1, "i", f"[3, 4][{a}]"),
            (1, "i", f"{a} << 1"), (1, "i", f"abs({a})"), (1, "i", f"sum([{a}, {other}, True])"), (1, "b", f"{a} if {self.condition()} else {other}"), (0.7, "T", "f'{" + a + "}'"),
        ])  # fmt: skip

    def of_complex(self, a: str) -> None:
        rng, other, real = self.rng, self.operand("c"), self.operand(self.rng.choice("fi"))
        self.one([
            (3, "c", f"{a} + {other}"), (3, "c", f"{a} - {other}"), (4, "c", f"{a} * {other}"), (4, "c", f"{a} / {other}"), (2, "c", f"{a} * {real}"), (2, "c", f"{real} * {a}"), (1, "c", f"{a} / {real}"), (1, "c", f"{real} - {a}"),
            (2, "c", f"{a} ** 2"), (3, "f", f"abs({a})"), (2, "f", f"{a}.real"), (2, "f", f"{a}.imag"), (1, "c", f"{a}.conjugate()"), (4, "b", f"{a} {rng.choice(['==', '!='])} {other}"), (1, "c", f"-{a}"), (1, "b", f"bool({a})"),
            (2, "b", f"{a} {rng.choice(['==', '!='])} {a}.conjugate()"), (1, "b", f"abs({a}) {rng.choice(RELATIONS)} {rng.choice(['1', '2.0', '5.0', '1.0', real])}"), (1, "c", f"{a} if {self.condition()} else {other}"), (1, "b", f"{a} == {real}"),
            (0.5, "T", f"str({a})"),
        ])  # fmt: skip

    def of_text(self, a: str) -> None:
        rng, other, at = self.rng, self.operand("T"), self.var("i") or "1"
        at = rng.choice(["0", "-1", "1", "-9", "9", "2", f"{at} % 5", f"-({at} % 5)", at])
        self.one([
            (3, "i", f"len({a})"), (3, "i", f"{a}.find({other})"), (1, "i", f"{a}.count({other})"), (1, "i", f"{a}.rfind({other})"), (2, "T", f"{a}[{at}:]"), (2, "T", f"{a}[:{at}]"), (2, "T", f"{a}[{at}]"), (1, "T", f"{a}[{at}:{at}:-1]"),
            (1, "T", f"{a}[::{rng.choice(['-1', '2', '-2'])}]"), (2, "T", f"({a} + {other})[:20]"), (2, "b", f"{a} {rng.choice(RELATIONS)} {other}"), (1, "b", f"{a}[:1] in {rng.choice([repr('abcXYZ09['), repr('aA'), other])}"), (1, "b", f"{other} in {a}"),
            (1, "b", f"{a}[:1] not in ('a', '[', ' ', {other})"), (1, "T", f"{a}.{rng.choice(['upper', 'lower', 'strip', 'title', 'swapcase', 'capitalize'])}()"), (1, "T", "f'{" + a + rng.choice(["", "!r", "!a", ":>9", ":3"]) + "}'"), (1, "T", f"{a}.replace({other}, 'q')"),
            (0.7, "i", f"int({a})"), (0.7, "f", f"float({a})"), (1, "b", f"{a}.{rng.choice(['isalpha', 'isdigit', 'isspace', 'isupper', 'isalnum'])}()"), (1, "i", f"ord({a}[{at}])"), (1, "b", f"{a}.startswith({other})"), (0.7, "T", f"{a} or {other}"),
            (0.5, "w", f"[ord(q) for q in {a}]"), (0.5, "b", f"bool({a})"), (0.7, "T", f"{a} if {self.condition()} else {other}"),
        ])  # fmt: skip

    def of_list(self, a: str) -> None:
        rng, at, item = self.rng, self.var("i") or "1", self.operand("i")
        at = rng.choice(["0", "-1", "1", "-2", f"{at} % 4", f"-({at} % 4)", at, f"len({a}) - 1", f"len({a})"])
        if rng.random() < 0.35:
            text = rng.choice([f"{a}[{at}] = {item}", f"{a}.append({item})", f"{a}[{at}] += {item}", f"{a} += [{item}]", f"{a}.reverse()", f"{a}[{at}] = {self.operand('f')}", f"{a}.insert({at}, {item})", f"del {a}[{at}]", f"{a}[1:2] = [{item}, 3]", f"{a}.sort()"])
            return self.put(f"if len({a}) < 12:\n    {text}")
        self.one([
            (3, "i", f"len({a})"), (5, "i", f"{a}[{at}]"), (2, "w", f"{a}[{rng.choice([':', '1:', ':-1', '::-1', '::2', '-9:2', at + ':'])}]"), (2, "i", f"{a}.pop({rng.choice(['', '', '0', '-1', at])})"), (1, "i", f"sum({a})"),
            (1, "i", f"max({a})"), (1, "i", f"min({a})"), (1, "w", f"sorted({a})"), (1, "b", f"{item} in {a}"), (1, "b", f"{item} not in {a}"), (1, "b", f"{a} {rng.choice(RELATIONS)} {self.var('w') or '[1, 2]'}"), (1, "i", f"{a}.index({item})"), (1, "i", f"{a}.count({item})"),
            (2, "w", f"[q {rng.choice('+-*')} {item} for q in {a}]"), (1, "w", f"[q for q in {a} if q {rng.choice(RELATIONS)} {item} if q]"), (1, "w", f"{a}"), (1, "w", f"({a} + [{item}])[:9]"), (1, "b", f"any({a})"), (1, "b", f"all({a})"), (1, "b", f"bool({a})"),
            (1, "i", f"sum(q for q in {a})"), (1, "i", f"max(q % 5 for q in {a})"), (1, "w", f"[0] * len({a})"), (1, "i", f"max({item}, *{a})"), (1, "i", f"{a}[{at}] if {a} else {item}"), (1, "w", f"list(reversed({a}))"),
        ])  # fmt: skip

    def one(self, options) -> None:
        at = self.rng.random() * sum(weight for weight, _, _ in options)
        for weight, kind, value in options:
            at -= weight
            if at < 0:
                break
        self.bind(kind, value)
        if kind == "i" and self.loops:
            self.put(f"if abs({self.last()}) > 2**66:\n    {self.last()} = 3")

    def last(self) -> str:
        return f"t{self.count}"

    def condition(self) -> str:
        rng = self.rng
        kind = rng.choice([k for k in "ifb" if self.var(k)] or ["T"])
        name = self.mentioned = self.var(kind)
        if not name or kind == "b":
            return name or "True"
        return rng.choice([f"{name} {rng.choice(RELATIONS)} {self.operand(kind)}", f"{name} {rng.choice(RELATIONS)} {self.operand(kind)}", name, f"not {name}",
                           f"{self.constant(kind)} <= {name} < {self.constant(kind)}" if kind in "if" else name])  # fmt: skip

    # -- around it ---------------------------------------------------------------
    def statement(self) -> None:
        rng, at = self.rng, self.rng.random()
        if at < 0.72 or self.indent > 3:
            return self.step()
        before = dict(self.vars)
        if at < 0.80:
            self.put(f"if {self.condition()}:")
            outside, self.tested = self.tested, self.mentioned
            self.block(rng.choice([1, 2, 3]))
            if rng.random() < 0.3:
                self.put("else:")
                self.block(rng.choice([1, 2]))
            self.tested = outside
        elif at < 0.86 and self.loops < 2:
            a, b = self.var("i") or "4", self.var("i") or "2"
            self.count += 1
            name = f"k{self.count}"
            source = rng.choice(["range(3)", "range(-2, 3)", "range(3, -3, -2)", f"range({a} % 5)", f"range({a} % 5 - 2, {b} % 7, {rng.choice(['1', '2', '-1'])})", f"range({a} % 5, {b} % 5 - 4, {b} % 3 - 4)", f"range({a} % 4, {rng.choice(['-4', '5'])}, {b} % 5 - 2 or 1)", f"range({rng.choice(['3', '-3'])}, {rng.choice(['-4', '4'])}, {b} % 7 - 3 or -1)", f"(1, {a}, -2)"])
            self.put(f"for {name} in {source}:")
            self.vars[name] = "i"
            self.loops += 1
            self.block(rng.choice([1, 2]))
            self.loops -= 1
            self.vars.pop(name, None)
        elif at < 0.9:
            pairs = [(x, y) for x in self.vars for y in self.vars if x < y and self.vars[x] == self.vars[y] and "G0" not in (x, y)]
            if pairs:
                a, b = rng.choice(pairs)
                self.put(rng.choice([f"{a}, {b} = {b}, {a}", f"{a} = {b}"]))
            return
        else:
            names = [name for name, kind in self.vars.items() if kind in "if" and name[0] not in "kG"]
            if not names:
                return self.step()
            name = rng.choice(names)
            op = rng.choice(["+", "-", "*", "+", "-", "//", "%"])
            value = self.operand(self.vars[name]) if op in "+-*" else rng.choice(["3", "-2", "7"])
            self.put(f"{name} {op}= {value}")
            if self.loops:
                self.put(f"if abs({name}) > 2**66:\n    {name} = 3")
            return
        self.vars = {name: kind for name, kind in self.vars.items() if name in before}

    def block(self, count: int) -> None:
        """What it binds is seen by what an earlier variable takes over."""
        before = dict(self.vars)
        self.indent += 1
        start = len(self.lines)
        for _ in range(count):
            self.statement()
        new = [name for name in self.vars if name not in before and not name.startswith("k")]
        if new:
            self.put(f"seen.append({new[-1]})")
        if len(self.lines) == start:
            self.put("pass")
        self.indent -= 1
        self.vars = before

    def make(self):
        rng = self.rng
        params = [rng.choice(self.kinds) for _ in range(rng.choice([1, 2, 2, 3]))]
        for number, kind in enumerate(params):
            self.vars[f"a{number}"] = kind
        if self.helpers:
            self.vars["G0"] = "i"
        self.put("seen = []")
        guarded = rng.random() < 0.4
        for _ in range(rng.choice([3, 5, 8, 11])):
            if guarded and self.indent == 1:
                before = dict(self.vars)
                self.put("try:")
                self.indent += 1
                self.statement()
                self.indent -= 1
                if self.lines[-1].endswith("try:"):
                    self.put("    pass")
                self.put("except (ArithmeticError, LookupError, ValueError) as error:\n    seen.append(str(error))")
                for name, kind in self.vars.items():
                    if name not in before:
                        self.lines.insert(1, f"    {name} = {self.constant(kind)}")
            else:
                self.statement()
        self.put(f"return seen, {', '.join(self.vars)},")
        return params, "\n".join([f"def {self.name}({', '.join(f'a{n}' for n in range(len(params)))}):", *self.lines]) + "\n"


def argument(rng, kind: str, before: list[str], literals: list[int]) -> str:
    if kind in "if" and rng.random() < 0.2 and literals:
        return literal_int(near(rng, literals)) if kind == "i" else f"float({near(rng, literals)})"
    if kind == "i":
        at = rng.random()
        if at < 0.25:
            return literal_int(rng.choice(INT_BORDERS))
        if at < 0.4:
            return literal_int(rng.choice(INT_EDGES))
        if at < 0.55:
            return literal_int(rng.choice([1, -1]) * 2 ** rng.randint(0, 64) + rng.choice([0, 0, 0, 1, -1, 2, -2]))
        if at < 0.62:
            most = 2 ** rng.randint(4, 40)
            return literal_int(rng.randint(-most, most))
        if at < 0.74:
            return literal_int(rng.getrandbits(rng.choice([8, 31, 60, 62, 63, 64])) - rng.choice([0, 2**31, 2**62, 2**63]))
        return literal_int(rng.randint(-12, 25))
    if kind == "f":
        at = rng.random()
        whole = [text for text in before if text.lstrip("(-").rstrip(")").isdigit()]
        if at < 0.2:
            return f"({rng.choice(FLOAT_BORDERS)})"
        if at < 0.4:
            return f"({rng.choice(FLOAT_EDGES)})"
        if at < 0.5 and whole and len(whole[-1]) < 300:
            return f"float({whole[-1]})"
        if at < 0.65:
            return f"({rng.randint(-9, 9) + 0.5})"
        if at < 0.75:
            return f"({float(rng.choice([2**53, 2**62, 2**63, -(2**63), 2**31])) + rng.choice([-2048.0, 0.0, 1.0, 0.5, 2048.0])})"
        return f"({round(rng.uniform(-20, 20), rng.choice([0, 1, 2]))})"
    if kind == "c":
        part = lambda: rng.choice([*FLOAT_BORDERS, "1.0", "-1.0", "3.0", "4.0", "0.5", "2.5"]) if rng.random() < 0.6 else str(round(rng.uniform(-3, 3), 2))  # noqa: E731
        return f"complex({part()}, {part()})"
    if kind == "b":
        return rng.choice(["True", "False"])
    if kind == "T":
        return rng.choice(TEXTS) if rng.random() < 0.6 else f"{rng.choice(TEXTS)} + {rng.choice(TEXTS)}"
    sort = rng.choice(["i", "i", "i", "f", "b", "s"])
    items = [str(rng.randint(-3, 5)) if sort == "s" or rng.random() < 0.5 else argument(rng, sort, [], literals) for _ in range(rng.choice([0, 1, 2, 3, 4, 7]))]
    return "[" + ", ".join(items) + "]"


def generate_chains(rng, density: int = 1) -> str:
    literals: dict[str, list[int]] = {}
    functions, parts = [], ["import cmath\nimport math\nfrom math import inf, nan\n\n"]
    helpers = rng.random() < 0.3
    if helpers:
        parts.append(HELPERS)
    for number in range(rng.choice([2, 4, 6, 8])):
        params, text = Chain(rng, f"f{number}", helpers).make()
        functions.append((f"f{number}", params))
        literals[f"f{number}"] = literals_of(text)
        parts.append(text)
    phases: list = []
    for name, params in functions * 2:
        kinds = list(params)
        if rng.random() < 0.15:
            kinds[rng.randrange(len(kinds))] = rng.choice("ifbcTw")
        phases += [(name, kinds)] * rng.choice([3, 5, 9])
    for number, (name, kinds) in enumerate([*phases, *mixed(rng, phases, density)]):
        values: list[str] = []
        for kind in kinds:
            same = [value for value, other in zip(values, kinds) if other == kind]
            values.append(rng.choice(same) if same and rng.random() < 0.12 else argument(rng, kind, values, literals[name]))
        if helpers and rng.random() < 0.1:
            parts.append(f"def call_{number}():\n    return 'set', 'G0', {argument(rng, rng.choice('iif'), [], [])}\n")
            continue
        parts.append(f"def call_{number}():\n    return 'call', '{name}', ({''.join(value + ', ' for value in values)}), {{}}\n")
    return "\n".join(parts)
