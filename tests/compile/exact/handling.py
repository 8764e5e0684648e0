"""Random try statements: what raises is what the statements inside happen to raise."""

from __future__ import annotations

ERRORS = [
    "ZeroDivisionError",
    "IndexError",
    "OverflowError",
    "ArithmeticError",
    "(ZeroDivisionError, IndexError)",
    "ValueError",
    "TypeError",
    "NameError",
    "(ValueError, ArithmeticError, LookupError)",
    "Exception",
    "Exception",
]


class Handling:
    """Part of Body."""

    def try_(self) -> None:
        self.put("try:")
        self.branch(self.rng.choice([1, 2, 2, 3, 4]))
        clauses = self.rng.choice([0, 1, 1, 1, 2, 3])
        for number in range(clauses):
            last = number + 1 == clauses
            self.except_clause("" if last and self.s.chance(0.1) else self.rng.choice(ERRORS))
        if clauses and self.s.chance(0.3):
            self.put("else:")
            self.branch(self.rng.choice([1, 2]))
        if not clauses or self.s.chance(0.2):
            self.put("finally:")
            self.branch(self.rng.choice([1, 1, 2]))

    def except_clause(self, error: str) -> None:
        name = self.new_name("e") if error and self.s.chance(0.4) else ""
        self.put("except" + (f" {error}" if error else "") + (f" as {name}" if name else "") + ":")
        if name and (numbers := self.assignable("i")):
            self.put(f"    {self.rng.choice(numbers)} = len({name}.args)")
        elif name:
            self.put(f"    {name}.args")
        if self.s.chance(0.15):
            self.put(f"    if {self.e.make('b', 1)}:")
            self.put(f"        raise{self.rng.choice(['', '', ' ValueError', f' {name}'.rstrip()])}")
        self.branch(self.rng.choice([1, 1, 2]))
