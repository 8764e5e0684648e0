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

from containers import Containers
from mappings import MappingExpressions
from scalars import COMPARE, Scalars
from scope import FLOAT_EDGES, INT_EDGES, SCALARS, Scope, Signature, literal_int


class Expressions(Scalars, Containers, MappingExpressions):
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

    # -- what every scalar kind can come from ---------------------------------------------------------------
    def shared(self, kind: str, d: int):
        options = [(6, lambda: self.atom(kind)), *self.of_mappings(kind, d)]
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
