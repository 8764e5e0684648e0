"""What the parts of the generator share: kinds, edge values, variables in scope, signatures, weighted choice."""

from __future__ import annotations

import random
import re
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
# Where an operation leaves 64 bits by exactly one, or a sign of zero is lost: drawn more often than the others.
INT_BORDERS = [2**63 - 1, -(2**63), 2**63 - 2, -(2**63) + 1, 2**62, -(2**62), 2**53 + 1, 2**63]
FLOAT_BORDERS = ["0.0", "-0.0", "inf", "-inf", "nan", "9.223372036854776e+18"]
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
    literals: list[int] = field(default_factory=list)


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

    def var(self, name: str) -> Var:
        return self.vars.get(name) or Var(self.globals[name])

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


def literals_of(text: str) -> list[int]:
    """The ints that a function is written with: where it compares, its arguments should lie on either side."""
    return sorted({int(found) for found in re.findall(r"(?<![\w.])\d{1,20}(?![\w.])", text)})


def near(rng: random.Random, literals: list[int]) -> int:
    return rng.choice([1, 1, 1, -1]) * rng.choice(literals) + rng.choice([0, 0, 0, 1, -1])


def literal_int(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"
