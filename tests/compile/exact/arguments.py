"""Argument values, as source text: ordinary ones, the edges, and other types than the function expects."""

from __future__ import annotations

import math

from texts import KINDS as TEXT_KINDS
from texts import TextArguments

from scope import FLOAT_BORDERS, FLOAT_EDGES, INT_BORDERS, INT_EDGES, near

OTHER = {  # what may come where a kind is expected
    "i": ["b", "f", "f", "i", "c", "n", "str", "IntSub", "FloatSub"],
    "s": ["b", "b", "None_"],
    "f": ["i", "i", "b", "c", "FloatSub", "n", "I"],
    "b": ["i", "n", "f"],
    "c": ["f", "i", "ComplexSub"],
    "x": ["i", "f", "b", "c"],
    "n": ["i", "f"],
}
SUBCLASSES = {
    "IntSub": "class IntSub(int):\n    def __add__(self, other):\n        return 1000003\n",
    "FloatSub": "class FloatSub(float):\n    def __mul__(self, other):\n        return 'times'\n",
    "ComplexSub": "class ComplexSub(complex):\n    def __abs__(self):\n        return 5\n",
    "ListSub": "class ListSub(list):\n    def __getitem__(self, at):\n        return 7\n    def __len__(self):\n        return 1\n",
}


class Arguments(TextArguments):
    def __init__(self, rng):
        self.rng = rng
        self.literals: list[int] = []

    # -- one value ---------------------------------------------------------------
    def benign(self, kind: str) -> str:
        rng = self.rng
        if kind in TEXT_KINDS and kind != "i":
            return self.of_texts(kind, False)
        if kind[0] == "L":
            count = rng.choice([1, 2, 3, 5, 8])
            if kind.startswith("LL"):
                width = rng.choice([1, 2, 3])
                return (
                    "["
                    + ", ".join(
                        "[" + ", ".join(self.benign(kind[2]) for _ in range(width)) + "]"
                        for _ in range(min(count, 3))
                    )
                    + "]"
                )
            return "[" + ", ".join(self.benign(kind[1:]) for _ in range(count)) + "]"
        if kind[0] == "T":
            return "(" + "".join(self.benign(k) + ", " for k in kind[1:]) + ")"
        return {
            "i": lambda: str(rng.randint(-20, 50)),
            "s": lambda: str(rng.randint(0, 9)),
            "f": lambda: str(round(rng.uniform(-20, 20), rng.choice([0, 1, 2, 2]))),
            "b": lambda: rng.choice(["True", "False"]),
            "c": lambda: f"({round(rng.uniform(-3, 3), 2)}{round(rng.uniform(-3, 3), 2):+}j)",
            "n": lambda: "None",
            "x": lambda: self.benign(rng.choice("if")),
            "I": lambda: str(rng.choice([2**53 + 1, 2**63, 10**30, 10**400])),
        }[kind]()

    def edge(self, kind: str) -> str:
        rng = self.rng
        if kind in TEXT_KINDS and kind != "i":
            return self.of_texts(kind, True)
        if kind in "if" and self.literals and rng.random() < 0.25:
            return str(near(rng, self.literals)) + (".0" if kind == "f" else "")
        if kind == "i":
            return str(rng.choice(INT_BORDERS if rng.random() < 0.4 else INT_EDGES))
        if kind == "f":
            return rng.choice(FLOAT_BORDERS if rng.random() < 0.4 else FLOAT_EDGES)
        if kind == "c":
            if rng.random() < 0.4:  # on a circle, as well as doubles can say
                radius, real = rng.choice([1.0, 2.0, 2.0, 5.0]), round(rng.uniform(-1, 1), 2)
                imaginary = math.sqrt(radius**2 - (radius * real) ** 2)
                return f"complex({radius * real}, {imaginary})"
            return f"complex({self.edge('f')}, {self.edge('f')})"
        if kind == "s":
            return str(rng.choice([0, -1, -3, 1, 17, 40]))
        if kind == "x":
            return self.edge(rng.choice("if"))
        if kind[0] == "L":
            return self.edge_list(kind)
        if kind[0] == "T":
            items = [self.edge(k) for k in kind[1:]]
            if rng.random() < 0.1:
                items = items[:-1]
            return "(" + "".join(i + ", " for i in items) + ")"
        return self.benign(kind)

    def edge_list(self, kind: str) -> str:
        rng = self.rng
        inner = kind[1:]
        shape = rng.random()
        if shape < 0.2:
            return "[]"
        if shape < 0.3 and inner[0] == "L":
            return "[%s] * %d" % (self.benign(inner), rng.choice([2, 3]))
        if inner[0] == "L":
            return (
                "["
                + ", ".join(
                    self.edge(inner) if rng.random() < 0.4 else self.benign(inner)
                    for _ in range(rng.choice([1, 2, 3]))
                )
                + "]"
            )
        items = [
            self.edge(inner) if rng.random() < 0.3 else self.benign(inner)
            for _ in range(rng.choice([1, 2, 4, 9, 33]))
        ]
        if shape > 0.7:  # mixed: one element of another type, often late
            items[rng.choice([-1, rng.randrange(len(items))])] = self.other(inner)
        return "[" + ", ".join(items) + "]"

    def other(self, kind: str) -> str:
        rng = self.rng
        if kind in TEXT_KINDS and kind != "i":
            return self.other_text(kind)
        if kind[0] == "L":
            return rng.choice(
                [
                    lambda: self.benign("Lf" if kind != "Lf" else "Li"),
                    lambda: self.benign("Lx"),
                    lambda: "[]",
                    lambda: "()",
                    lambda: "range(4)",
                    lambda: "None",
                    lambda: self.benign("Tii"),
                    lambda: self.edge_list(kind),
                    lambda: "[None, 1]",
                    lambda: f"ListSub({self.benign(kind)})",
                    lambda: "'abc'",
                    lambda: "7",
                ]
            )()
        if kind[0] == "T":
            return rng.choice(
                [
                    lambda: self.benign("Tfi"),
                    lambda: self.benign("Li"),
                    lambda: "()",
                    lambda: self.benign("Tiiii"),
                ]
            )()
        as_kind = rng.choice(OTHER[kind])
        if as_kind == "None_":
            return "None" if rng.random() < 0.2 else "2"
        if as_kind == "str":
            return "'x'"
        if as_kind in SUBCLASSES:
            return f"{as_kind}({self.benign({'I': 'i', 'F': 'f', 'C': 'c'}[as_kind[0]])})"
        return self.edge(as_kind) if rng.random() < 0.3 and as_kind != "I" else self.benign(as_kind)

    def value(self, kind: str, profile: str = "edge") -> str:
        if profile == "other" and self.rng.random() < 0.5:
            return self.other(kind)
        if profile == "benign" or self.rng.random() < 0.5:
            return self.benign(kind)
        return self.edge(kind)

    # -- one call ---------------------------------------------------------------
    def profile(self, function) -> dict:
        rng = self.rng
        style = rng.choice(["benign", "benign", "edge", "edge", "edge", "other"])
        kinds = [kind for _, kind in function.params]
        if (
            style == "other"
        ):  # one position of another kind for the whole phase: a version of its own
            at = rng.randrange(len(kinds))
            swap = {
                "i": "f",
                "f": "i",
                "x": "c",
                "b": "i",
                "c": "f",
                "Li": "Lf",
                "Lf": "Li",
                "Lx": "Li",
            }.get(kinds[at])
            if swap and rng.random() < 0.6:
                kinds[at] = swap
                style = "edge"
        return {"style": style, "kinds": kinds, "alias": rng.random() < 0.25}

    def call(self, function, profile) -> str:
        rng = self.rng
        lines, texts = [], []
        self.literals = function.literals
        given = len(function.params) - (
            rng.randint(0, function.defaults) if function.defaults else 0
        )
        for at, kind in enumerate(profile["kinds"][:given]):
            if function.depth_first and at == 0:
                texts.append(rng.choice(["0", "1", "2", "3", "5", "7", "True", "-1"]))
                continue
            before = [i for i in range(at) if profile["kinds"][i] == kind]
            if before and rng.random() < 0.1:  # the same value in two places
                texts.append(texts[rng.choice(before)])
            else:
                texts.append(self.value(kind, profile["style"]))
        if profile["alias"]:  # the same object in two places
            for kind in sorted({k for k in profile["kinds"] if k[0] == "L"}):
                places = [
                    i
                    for i, k in enumerate(profile["kinds"][:given])
                    if k == kind or k == "L" + kind
                ]
                if len(places) > 1:
                    lines.append(
                        f"    same = {texts[places[0]] if profile['kinds'][places[0]] == kind else self.value(kind)}"
                    )
                    for place in places:
                        nested = profile["kinds"][place] != kind
                        texts[place] = f"[same, same, {self.benign(kind)}]" if nested else "same"
        kinds = profile["kinds"][:given]
        if profile["style"] == "edge" and "i" in kinds and "f" in kinds and rng.random() < 0.2:
            number = rng.choice([2**53 + 1, 2**54 - 1, 2**62 + 1, 2**63 - 1, -(2**53) - 1, 2**53])
            texts[kinds.index("i")], texts[kinds.index("f")] = str(number), repr(float(number))
        names = [name for name, _ in function.params]
        keywords = "{}"
        if given and rng.random() < 0.04:
            keywords = "{'%s': %s}" % (names[given - 1], texts.pop())
        if rng.random() < 0.01 and texts:
            texts.pop()
        arguments = "(" + "".join(t + ", " for t in texts) + ")"
        return "\n".join([*lines, f"    return 'call', '{function.name}', {arguments}, {keywords}"])
