"""Random expressions of a wanted kind, over the variables in scope.

A kind is a short string: i any int, s a small int (safe as a size, a shift or a loop count), f float, b bool,
c complex, n None, x a number whose type changes at run time; L + kind a list; T + scalar kinds a tuple. A kind is
an intention: at run time the value may be something else (other argument types, noise), and then both sides
must fail in the same way.

Two things keep a program finite. What could explode at run time (shift counts, exponents, sizes) is built only
from `s`. What could grow (products, calls) raises `grew`, and the statement that keeps the value in a
loop adds a clamp.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

INT_EDGES = [
    0,
    1,
    -1,
    2,
    3,
    -3,
    7,
    -7,
    10,
    100,
    255,
    256,
    -5,
    -6,
    -128,
    1000,
    2**30 - 1,
    2**30,
    -(2**30),
    2**31 - 1,
    2**31,
    -(2**31),
    -(2**31) - 1,
    2**32,
    2**53,
    2**53 + 1,
    -(2**53) - 1,
    2**60,
    2**61 - 1,
    2**62 - 1,
    2**62,
    -(2**62),
    2**63 - 1,
    2**63 - 2,
    2**63,
    2**63 + 1,
    -(2**63),
    -(2**63) + 1,
    -(2**63) - 1,
    2**64 - 1,
    2**64,
    10**18,
    10**19,
    3**40,
    3037000499,
    3037000500,
    4294967295,
    -4294967296,
    2**127,
    -(2**200),
]
FLOAT_EDGES = [
    "0.0",
    "-0.0",
    "1.0",
    "-1.0",
    "0.5",
    "-0.5",
    "1.5",
    "2.5",
    "-2.5",
    "3.0",
    "2.675",
    "0.1",
    "1e16",
    "1e22",
    "1e308",
    "-1e308",
    "1.7976931348623157e+308",
    "5e-324",
    "-5e-324",
    "2.2250738585072014e-308",
    "1e-310",
    "9007199254740992.0",
    "9007199254740993.0",
    "9.223372036854775e+18",
    "9.223372036854776e+18",
    "-9.223372036854776e+18",
    "1e300",
    "1e999",
    "-1e999",
    "4503599627370497.5",
    "0.49999999999999994",
    "1e-5",
    "123456.789",
    "7.5",
    "-7.5",
]
SCALARS = "isfbcnx"
MATH_FLOAT = [
    "sin",
    "cos",
    "tan",
    "exp",
    "log",
    "sqrt",
    "atan",
    "asin",
    "acos",
    "sinh",
    "cosh",
    "tanh",
    "fabs",
    "log2",
    "log10",
    "log1p",
    "expm1",
    "degrees",
    "radians",
    "asinh",
    "acosh",
    "atanh",
    "cbrt",
    "exp2",
    "erf",
    "erfc",
    "gamma",
    "lgamma",
    "ulp",
]
MATH_FLOAT2 = ["atan2", "copysign", "fmod", "hypot", "pow", "remainder", "nextafter"]
CMATH = [
    "sqrt",
    "exp",
    "sin",
    "cos",
    "log",
    "tan",
    "atan",
    "asin",
    "acos",
    "sinh",
    "cosh",
    "tanh",
    "log10",
]
COMPARE = ["<", "<=", "==", "!=", ">", ">="]


@dataclass
class Var:
    kind: str
    sure: bool = True  # assigned on every path (as far as the generator knows)
    fresh: bool = False  # a list made here that no other name shares: appending can be unguarded
    within: str = ""  # a valid index of the list of this name
    counter: bool = False  # drives a while loop: programs must not assign it


@dataclass
class Signature:
    name: str
    params: list[tuple[str, str]]
    returns: str
    cost: int = 1
    defaults: int = 0  # this many last parameters have a default
    depth_first: bool = False  # recursive: the first parameter is a depth and must stay small


@dataclass
class Flavour:
    """What a program is mostly about. Focused programs compile natively; noise makes them surprising."""

    numbers: str  # kinds that expressions are mostly made of
    noise: float  # chance that an expression has another kind than wanted
    rare: float  # weight of constructs that run through boxed calls
    edges: float  # chance that a literal is an edge value
    split: float  # chance of a line break inside an expression


@dataclass
class Scope:
    rng: random.Random
    flavour: Flavour
    functions: list[Signature] = field(default_factory=list)
    globals: dict[str, str] = field(default_factory=dict)
    vars: dict[str, Var] = field(default_factory=dict)
    iterations: int = 1  # product of the counts of the loops around
    budget: float = 3000  # statements that one call may run
    grew: bool = False
    comprehension: int = 0

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def pick(self, weighted):
        """One of [(weight, value)]."""
        total = sum(w for w, _ in weighted)
        at = self.rng.random() * total
        for weight, value in weighted:
            at -= weight
            if at < 0:
                return value
        return weighted[-1][1]


def literal_int(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"


class Expressions:
    """Builds source text. Every compound expression is in brackets, so that line breaks are allowed anywhere."""

    def __init__(self, scope: Scope):
        self.s = scope
        self.rng = scope.rng

    # -- entry points ---------------------------------------------------------------
    def make(self, kind: str, depth: int = 3) -> str:
        if kind[0] not in "LTs" and self.s.chance(self.s.flavour.noise):
            kind = self.rng.choice(SCALARS)
        if kind == "x":
            kind = self.rng.choice("iiffb" if "c" not in self.s.flavour.numbers else "iiffbc")
            if self.s.chance(0.5):
                name = self.variable("x")
                if name:
                    return name
        if kind[0] == "L":
            return self.list_of(kind[1:], depth)
        if kind[0] == "T":
            return self.tuple_of(kind, depth)
        if depth <= 0 or self.s.chance(0.12):
            return self.atom(kind)
        return getattr(self, "make_" + kind)(depth)

    def br(self) -> str:
        """A space, or now and then a line break (tracebacks must still name the right line)."""
        return "\n            " if self.s.chance(self.s.flavour.split) else " "

    # -- atoms ---------------------------------------------------------------
    def variable(self, kind: str, within: bool = False) -> str | None:
        accepts = {"i": "iiis", "f": "f", "x": "xif", "b": "b", "c": "c", "s": "s", "n": "n"}.get(
            kind, None
        )
        unsure = self.s.chance(0.02)
        names = []
        for name, var in self.s.vars.items():
            if not var.sure and not unsure:
                continue
            if var.kind == kind or (accepts and var.kind in accepts):
                names.append(name)
        if self.s.chance(0.12):
            names += [g for g, k in self.s.globals.items() if k == kind]
        if not names and accepts and self.s.chance(0.5):
            names = [
                n
                for n, v in self.s.vars.items()
                if v.sure and v.kind in {"f": "is", "c": "fi", "i": "b"}.get(kind, "")
            ]
        return self.rng.choice(names) if names else None

    def atom(self, kind: str) -> str:
        if self.s.chance(0.7):
            name = self.variable(kind)
            if name:
                return name
        return self.literal(kind)

    def literal(self, kind: str) -> str:
        rng, edgy = self.rng, self.s.chance(self.s.flavour.edges)
        if kind == "i":
            return literal_int(rng.choice(INT_EDGES) if edgy else rng.randint(-9, 20))
        if kind == "s":
            return literal_int(rng.randint(-3, 9))
        if kind == "f":
            if edgy:
                return "(%s)" % rng.choice(FLOAT_EDGES) if not self.s.chance(0.1) else "math.nan"
            return "(%s)" % round(rng.uniform(-9, 9), rng.randint(0, 3))
        if kind == "b":
            number = self.variable(rng.choice(self.s.flavour.numbers.replace("c", "f")))
            if number and self.s.chance(0.85):
                return f"({number} {rng.choice(COMPARE)} {self.literal(rng.choice('if'))})"
            return rng.choice(["True", "False"])
        if kind == "c":
            imaginary = rng.choice(["1j", "-1j", "0j", "2.5j", "-0.5j", "1e200j", "-0j"])
            return (
                f"({self.literal('f')} + {imaginary})" if self.s.chance(0.5) else f"({imaginary})"
            )
        return "None"

    # -- int ---------------------------------------------------------------
    def make_s(self, depth: int) -> str:
        e = lambda: self.make("i", depth - 1)
        options = [
            (3, lambda: f"({e()} % {self.rng.randint(2, 13)})"),
            (3, lambda: f"({e()} & {self.rng.choice([1, 3, 7, 15, 31])})"),
            (2, lambda: f"({self.atom('s')} + {self.rng.randint(0, 3)})"),
            (1, lambda: f"min({self.atom('s')},{self.br()}{self.rng.randint(1, 9)})"),
            (2, lambda: self.literal("s")),
            (2, lambda: self.atom("s")),
            (1, lambda: f"-({self.atom('s')})"),
        ]
        a_list = self.any_list()
        if a_list:
            options.append((2, lambda: f"len({a_list})"))
        return self.s.pick(options)()

    def make_i(self, depth: int) -> str:
        d = depth - 1
        e = lambda: self.make("i", d)
        options = [
            (7, lambda: f"({e()} +{self.br()}{e()})"),
            (6, lambda: f"({e()} -{self.br()}{e()})"),
            (5, lambda: self.product("i", d)),
            (3, lambda: f"({e()} //{self.br()}{self.divisor('i', d)})"),
            (3, lambda: f"({e()} %{self.br()}{self.divisor('i', d)})"),
            (3, lambda: f"({e()} {self.rng.choice('&|^')} {e()})"),
            (2, lambda: self.shift(d)),
            (1.5, lambda: self.power("i", d)),
            (2, lambda: f"({self.rng.choice('-~+')}{e()})"),
            (1.5, lambda: f"abs({e()})"),
            (2, lambda: self.choose("i", d)),
            (2.5, lambda: self.extreme("i", d)),
            (1, lambda: f"int({self.make('f', d)})"),
            (0.7, lambda: f"round({self.make('f', d)})"),
            (0.4, lambda: f"round({e()}, {self.rng.randint(-3, 2)})"),
            (
                0.8,
                lambda: f"divmod({e()},{self.br()}{self.divisor('i', d)})[{self.rng.choice('01')}]",
            ),
            (0.5, lambda: f"pow({e()}, {e()}, {self.divisor('i', d)})"),
            (0.5, lambda: f"int({self.make('b', d)})"),
            (0.8, lambda: f"({self.make('b', d)} + {e()})"),
            (1, lambda: self.math_int(d)),
            (1.5, lambda: self.logic("i", d)),
            (1, lambda: self.make("s", d)),
        ]
        return self.s.pick(options + self.shared("i", d))()

    def product(self, kind: str, d: int) -> str:
        self.s.grew = True
        return f"({self.make(kind, d)} *{self.br()}{self.make(kind, d)})"

    def divisor(self, kind: str, d: int) -> str:
        """Mostly not zero: a program that always raises at once tests nothing else."""
        if kind == "i":
            return self.s.pick(
                [
                    (
                        4,
                        lambda: literal_int(
                            self.rng.choice([1, -1, 2, -2, 3, -3, 5, 7, -7, 10, 16, 1000003])
                        ),
                    ),
                    (3, lambda: f"({self.make('i', d)} | 1)"),
                    (1, lambda: literal_int(self.rng.choice([e for e in INT_EDGES if e]))),
                    (1.5, lambda: self.make("i", d)),
                ]
            )()
        return self.s.pick(
            [
                (4, lambda: self.literal("f")),
                (3, lambda: f"(abs({self.make(kind, d)}) + 0.5)"),
                (1.5, lambda: self.make(kind, d)),
            ]
        )()

    def shift(self, d: int) -> str:
        if self.s.chance(0.5):
            count = self.s.pick(
                [
                    (4, f"({self.make('i', d)} & 63)"),
                    (2, str(self.rng.choice([0, 1, 2, 31, 32, 62, 63, 64, 65, 100]))),
                    (2, self.make("s", d)),
                    (1, self.make("i", d)),
                ]
            )
            return f"({self.make('i', d)} >> {count})"
        self.s.grew = True
        count = self.s.pick(
            [
                (4, f"({self.make('i', d)} & {self.rng.choice([7, 31, 63, 127])})"),
                (3, str(self.rng.choice([0, 1, 2, 5, 31, 32, 33, 61, 62, 63, 64, 70]))),
                (1, self.make("s", d)),
            ]
        )
        return f"({self.make('i', d)} << {count})"

    def power(self, kind: str, d: int) -> str:
        self.s.grew = True
        if kind == "i":
            exponent = self.s.pick(
                [
                    (4, str(self.rng.choice([0, 1, 2, 2, 3, 4, 5]))),
                    (3, f"({self.make('i', d)} & 7)"),
                ]
            )
            if self.s.chance(0.25):
                return f"pow({self.make('i', d)}, {exponent})"
            return f"({self.make('i', d)} ** {exponent})"
        exponent = self.s.pick(
            [
                (4, self.rng.choice(["2", "0.5", "-1", "3", "-0.5", "0", "-2", "2.0", "1.5"])),
                (2, f"({self.make('i', d)} & 7)"),
            ]
        )
        if self.s.chance(0.3):
            return f"(({self.make(kind, d)} * 1.0) ** {self.make(kind, d)})"
        return f"({self.make(kind, d)} ** {exponent})"

    def choose(self, kind: str, d: int) -> str:
        return f"({self.make(kind, d)} if {self.make('b', d)}{self.br()}else {self.make(kind, d)})"

    def logic(self, kind: str, d: int) -> str:
        """`a and b` is one of its operands, not a bool."""
        return f"({self.make(kind, d)} {self.rng.choice(['and', 'or'])} {self.make(kind, d)})"

    def extreme(self, kind: str, d: int) -> str:
        name = self.rng.choice(["min", "max"])
        a_list = self.variable("L" + kind)
        if a_list and self.s.chance(0.35):
            return f"{self.rng.choice([name, name, 'sum'])}({a_list})"
        count = self.rng.choice([2, 2, 2, 3, 4])
        return f"{name}({', '.join(self.make(kind, d) for _ in range(count))})"

    def math_int(self, d: int) -> str:
        e = lambda: self.make("i", d)
        return self.s.pick(
            [
                (
                    2,
                    lambda: (
                        f"math.{self.rng.choice(['floor', 'ceil', 'trunc'])}({self.make('f', d)})"
                    ),
                ),
                (1, lambda: f"math.gcd({e()}, {e()})"),
                (1, lambda: f"math.isqrt(abs({e()}))"),
                (0.5, lambda: f"math.factorial({e()} & 31)"),
                (0.5, lambda: f"math.comb({e()} & 63, {e()} & 31)"),
                (0.3, lambda: f"math.lcm({e()}, {e()})"),
            ]
        )()

    # -- float ---------------------------------------------------------------
    def make_f(self, depth: int) -> str:
        d = depth - 1
        e = lambda: self.make("f", d)
        options = [
            (7, lambda: f"({e()} +{self.br()}{e()})"),
            (6, lambda: f"({e()} -{self.br()}{e()})"),
            (6, lambda: self.product("f", d)),
            (3, lambda: f"({e()} /{self.br()}{self.divisor('f', d)})"),
            (2, lambda: f"({self.make('i', d)} /{self.br()}{self.divisor('i', d)})"),
            (1.5, lambda: f"({e()} // {self.divisor('f', d)})"),
            (2, lambda: f"({e()} % {self.divisor('f', d)})"),
            (2, lambda: self.power("f", d)),
            (1.5, lambda: f"(-{e()})"),
            (1.5, lambda: f"abs({e()})"),
            (1.5, lambda: self.choose("f", d)),
            (1.5, lambda: self.logic("f", d)),
            (2.5, lambda: self.extreme("f", d)),
            (2, lambda: f"float({self.make('i', d)})"),
            (2.5, lambda: f"({self.make('i', d)} {self.rng.choice('+-*')} {e()})"),
            (1, lambda: f"round({e()}, {self.rng.choice([0, 1, 2, 3, -1, 15])})"),
            (0.7, lambda: f"divmod({e()}, {self.divisor('f', d)})[{self.rng.choice('01')}]"),
            (3, lambda: f"math.{self.rng.choice(MATH_FLOAT)}({e()})"),
            (1.5, lambda: f"math.sqrt(abs({e()}))"),
            (1.5, lambda: f"math.{self.rng.choice(MATH_FLOAT2)}({e()}, {e()})"),
            (0.4, lambda: f"math.ldexp({e()}, {self.make('s', d)})"),
            (0.4, lambda: f"math.{self.rng.choice(['frexp', 'modf'])}({e()})[0]"),
            (
                0.5,
                lambda: self.rng.choice(
                    [
                        "math.pi",
                        "math.e",
                        "math.inf",
                        "math.nan",
                        "math.tau",
                        "float('inf')",
                        "float('nan')",
                    ]
                ),
            ),
            (
                1.2 if "c" in self.s.flavour.numbers else 0.1,
                lambda: f"{self.make('c', d)}.{self.rng.choice(['real', 'imag'])}",
            ),
            (1 if "c" in self.s.flavour.numbers else 0.1, lambda: f"abs({self.make('c', d)})"),
            (
                0.3 if "c" in self.s.flavour.numbers else 0.02,
                lambda: f"cmath.phase({self.make('c', d)})",
            ),
            (self.s.flavour.rare, lambda: f"math.fsum({self.list_of('f', d)})"),
        ]
        return self.s.pick(options + self.shared("f", d))()

    # -- complex ---------------------------------------------------------------
    def make_c(self, depth: int) -> str:
        d = depth - 1
        e = lambda: self.make("c", d)
        options = [
            (6, lambda: f"({e()} +{self.br()}{e()})"),
            (5, lambda: f"({e()} -{self.br()}{e()})"),
            (6, lambda: self.product("c", d)),
            (
                3,
                lambda: (
                    f"({e()} / {self.s.pick([(3, self.literal('c')), (1, self.make('c', d)), (1, self.literal('f'))])})"
                ),
            ),
            (
                1,
                lambda: (
                    f"({e()} ** {self.rng.choice(['2', '0', '-1', '0.5', '3', '2.0', '1j', '(1+2j)'])})"
                ),
            ),
            (3, lambda: f"complex({self.make('f', d)}, {self.make('f', d)})"),
            (1, lambda: f"complex({self.make('x', d)})"),
            (2, lambda: f"({e()} {self.rng.choice('+-*')} {self.make(self.rng.choice('if'), d)})"),
            (2, lambda: f"({self.make(self.rng.choice('if'), d)} {self.rng.choice('+-*')} {e()})"),
            (1, lambda: f"(-{e()})"),
            (1, lambda: f"{e()}.conjugate()"),
            (1.5, lambda: self.choose("c", d)),
            (1, lambda: self.logic("c", d)),
            (2, lambda: f"cmath.{self.rng.choice(CMATH)}({e()})"),
        ]
        return self.s.pick(options + self.shared("c", d))()

    # -- bool and None ---------------------------------------------------------------
    def make_b(self, depth: int) -> str:
        d = depth - 1
        number = self.rng.choice(self.s.flavour.numbers.replace("c", "f"))
        e = lambda k=None: self.make(k or number, d)
        options = [
            (8, lambda: f"({e()} {self.rng.choice(COMPARE)}{self.br()}{e()})"),
            (3, lambda: f"({e('i')} {self.rng.choice(COMPARE)} {e('f')})"),
            (
                2,
                lambda: (
                    f"({e()} {self.rng.choice(COMPARE)} {e()} {self.rng.choice(COMPARE)} {e()})"
                ),
            ),
            (3, lambda: f"({e('b')} {self.rng.choice(['and', 'or'])} {e('b')})"),
            (2, lambda: f"(not {e('b')})"),
            (1.5, lambda: f"(not {e()})"),
            (1, lambda: f"bool({e()})"),
            (1, lambda: f"({e('b')} {self.rng.choice(['&', '|', '^', '==', '!=', '<'])} {e('b')})"),
            (0.6, lambda: f"math.{self.rng.choice(['isnan', 'isinf', 'isfinite'])}({e('f')})"),
            (
                0.5,
                lambda: (
                    f"({self.atom(self.rng.choice('ifbn'))} is {self.rng.choice(['', 'not '])}None)"
                ),
            ),
            (0.4, lambda: f"({e('c')} {self.rng.choice(['==', '!='])} {e('c')})"),
            (
                0.3,
                lambda: (
                    f"({e('i')} {self.rng.choice(['in', 'not in'])} ({e('i')}, {e('i')}, {self.literal('i')}))"
                ),
            ),
        ]
        a_list = self.any_list()
        if a_list:
            options += [
                (
                    0.7,
                    lambda: (
                        f"({self.make(self.s.vars[a_list].kind[1:] if a_list in self.s.vars else 'i', d)} in {a_list})"
                    ),
                ),
                (0.7, lambda: f"(len({a_list}) {self.rng.choice(COMPARE)} {self.make('s', d)})"),
                (0.4, lambda: f"(not {a_list})"),
                (
                    0.4,
                    lambda: (
                        f"({a_list} {self.rng.choice(['==', '!=', 'is', 'is not'])} {self.any_list()})"
                    ),
                ),
            ]
        return self.s.pick(options + self.shared("b", d))()

    def make_n(self, depth: int) -> str:
        return "None"

    # -- what every scalar kind can come from ---------------------------------------------------------------
    def shared(self, kind: str, d: int):
        options = [(6, lambda: self.atom(kind))]
        a_list = self.variable("L" + kind)
        if a_list:
            options.append((9, lambda: f"{a_list}[{self.index(a_list, d)}]"))
        nested = self.variable("LL" + kind)
        if nested:
            options.append(
                (
                    6,
                    lambda: (
                        f"{nested}[{self.index(nested, d)}][{self.index(nested, d, inner=True)}]"
                    ),
                )
            )
        tuples = [
            (n, i)
            for n, v in self.s.vars.items()
            if v.sure and v.kind[0] == "T"
            for i, k in enumerate(v.kind[1:])
            if k == kind
        ]
        if tuples:
            name, at = self.rng.choice(tuples)
            options.append(
                (
                    4,
                    lambda: (
                        f"{name}[{at if self.s.chance(0.8) else at - len(self.s.vars[name].kind) + 1}]"
                    ),
                )
            )
        callees = [f for f in self.s.functions if f.returns == kind and self.affordable(f)]
        if callees:
            options.append((5, lambda: self.call(self.rng.choice(callees), d)))
        if self.s.flavour.rare and a_list and not self.s.comprehension:
            options.append((self.s.flavour.rare, lambda: f"{a_list}.pop()"))
            options.append(
                (self.s.flavour.rare, lambda: f"sorted({a_list})[{self.index(a_list, d)}]")
            )
        return options

    def affordable(self, callee: Signature) -> bool:
        return callee.cost * self.s.iterations <= self.s.budget

    def call(self, callee: Signature, d: int) -> str:
        self.s.grew = True
        self.s.budget -= callee.cost * self.s.iterations
        given = len(callee.params) - (
            self.rng.randint(0, callee.defaults) if callee.defaults else 0
        )
        args = []
        for at, (name, kind) in enumerate(callee.params[:given]):
            text = (
                self.literal("s") if callee.depth_first and at == 0 else self.make(kind, min(d, 2))
            )
            args.append(text)
        if args and self.s.chance(0.05):
            args[-1] = f"{callee.params[given - 1][0]}={args[-1]}"
        return f"{callee.name}({(',' + self.br()).join(args)})"

    # -- containers ---------------------------------------------------------------
    def any_list(self) -> str | None:
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
