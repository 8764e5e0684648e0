"""Random expressions of the scalar kinds."""

from __future__ import annotations

import math

from scope import INT_EDGES, literal_int

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
MATH_TOTAL = ["atan", "fabs", "tanh", "asinh", "erf", "degrees", "radians", "cbrt"]  # never raise
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


class Scalars:
    """The part of Expressions (expressions.py) that makes numbers, bools and None."""

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
            (4, lambda: f"({self.atom('i')} {self.rng.choice('+-')} {self.rng.choice('1112')})"),
            (5, lambda: self.product("i", d)),
            (3, lambda: f"({e()} //{self.br()}{self.divisor('i', d)})"),
            (3, lambda: f"({e()} %{self.br()}{self.divisor('i', d)})"),
            (3, lambda: f"({e()} {self.rng.choice('&|^')} {e()})"),
            (4, lambda: self.shift(d)),
            (1.5, lambda: self.power("i", d)),
            (2, lambda: f"({self.rng.choice('-~+')}{e()})"),
            (2, lambda: f"{self.rng.choice(['abs', '-', '-'])}({self.atom('i')})"),
            (1.5, lambda: f"abs({e()})"),
            (2, lambda: self.choose("i", d)),
            (2.5, lambda: self.extreme("i", d)),
            (1, lambda: f"int({self.make('f', d)})"),
            (0.7, lambda: f"round({self.make('f', d)})"),
            (0.5, lambda: f"round({e()} / 2)"),
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
                (1, lambda: self.rng.choice(["0.1", "0.2", "-0.3", "0.7", "inf", "-inf"])),
                (3, lambda: f"(abs({self.make(kind, d)}) + 0.5)"),
                (1.5, lambda: self.make(kind, d)),
            ]
        )()

    def shift(self, d: int) -> str:
        if self.s.chance(0.6):
            count = self.right_count(d)
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

    def right_count(self, d: int) -> str:
        """From 64 on nothing but the sign is left."""
        return self.s.pick(
            [
                (4, lambda: f"({self.make('i', d)} & {self.rng.choice([63, 127, 127, 127, 255])})"),
                (4, lambda: str(self.rng.choice([0, 1, 31, 62, 63, 64, 64, 65, 66, 100, 130]))),
                (3, lambda: f"({self.make('i', d)} % 5 + {self.rng.choice([61, 62, 64, 127])})"),
                (1.5, lambda: self.make("s", d)),
                (1, lambda: self.make("i", d)),
            ]
        )()

    def power(self, kind: str, d: int) -> str:
        self.s.grew = True
        if kind == "i":
            exponent = self.s.pick(
                [
                    (4, str(self.rng.choice([0, 1, 2, 2, 3, 4, 5]))),
                    (3, f"({self.make('i', d)} & 7)"),
                    (0.7, self.rng.choice(["-1", "-2", "62", "63", "64"])),
                    (1, self.atom("s")),
                    (1, f"({self.atom('s')} - 2)"),
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
        if self.s.chance(0.35):  # equal values of two types, or two zeros: the first one wins
            same = self.atom(kind)
            other = self.rng.choice([f"float({same})", f"-{same}", f"{same} * 1.0", f"{same} + 0"])
            pair = [same, other] if self.s.chance(0.5) else [other, same]
            return f"{name}({', '.join(pair)})"
        count = self.rng.choice([2, 2, 2, 3, 4])
        return f"{name}({', '.join(self.make(kind, d) for _ in range(count))})"

    def near_circle(self, d: int) -> str:
        """Near a circle, |z| < r is a matter of rounding."""
        radius = self.rng.choice([1, 2, 2, 5])
        real = radius * round(self.rng.uniform(-1, 1), 2)
        point = f"({real} + {math.sqrt(radius**2 - real**2)}j)"
        z = self.s.pick([(3, point), (4, self.atom("c")), (1, self.make("c", d))])
        return f"(abs({z}) {self.rng.choice(COMPARE)} {radius})"

    def near_multiple(self, d: int) -> str:
        """Near a multiple of the divisor, the whole part of a quotient is a matter of rounding."""
        step = self.rng.choice(["0.1", "0.1", "0.2", "0.3", "0.7", "1.1", "0.01", "-0.1"])
        value = self.make(self.rng.choice("fsi"), d)
        multiple = self.s.pick(
            [
                (2, f"({value} * {step})"),
                (2, value),
                (2, f"round({value} * 1.0, 1)"),
                (1, f"({self.rng.randint(-9, 50)} * {step})"),
                (1, f"{float(self.rng.randint(-9, 50))}"),
            ]
        )
        operation = self.rng.choice(["{} // {}", "{} // {}", "{} % {}", "divmod({}, {})[0]"])
        return f"({operation.format(multiple, step)})"

    def nearest_double(self) -> str:
        number = self.atom("i")
        sides = [number, f"float({number})"]
        self.rng.shuffle(sides)
        return f"({sides[0]} {self.rng.choice(COMPARE)} {sides[1]})"

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
            (2, lambda: f"({e()} // {self.divisor('f', d)})"),
            (2.5, lambda: self.near_multiple(d)),
            (2, lambda: f"({e()} % {self.divisor('f', d)})"),
            (2, lambda: self.power("f", d)),
            (2, lambda: f"(-{e()})"),
            (2, lambda: f"(-{self.atom('f')})"),
            (1.5, lambda: f"abs({e()})"),
            (1.5, lambda: self.choose("f", d)),
            (1.5, lambda: self.logic("f", d)),
            (2.5, lambda: self.extreme("f", d)),
            (2, lambda: f"float({self.make('i', d)})"),
            (2.5, lambda: f"({self.make('i', d)} {self.rng.choice('+-*')} {e()})"),
            (1, lambda: f"round({e()}, {self.rng.choice([0, 1, 2, 3, -1, 15])})"),
            (0.7, lambda: f"divmod({e()}, {self.divisor('f', d)})[{self.rng.choice('01')}]"),
            (1, lambda: f"math.{self.rng.choice(MATH_FLOAT)}({e()})"),
            (2, lambda: f"math.{self.rng.choice(MATH_TOTAL)}({e()})"),
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
                lambda: f"({self.make('c', d)}).{self.rng.choice(['real', 'imag'])}",
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
            (1, lambda: f"({e()}).conjugate()"),
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
            (0.3, lambda: f"isinstance({e()}, {self.rng.choice(['int', 'float', 'bool'])})"),
            (9 if "c" in self.s.flavour.numbers else 0.05, lambda: self.near_circle(d)),
            # An int and the nearest double: equal or not, beyond 2**53 only exact arithmetic tells.
            (2, lambda: self.nearest_double()),
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
                (0.3, lambda: f"{self.rng.choice(['any', 'all'])}({a_list})"),
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
