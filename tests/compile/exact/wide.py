"""Random functions over the whole of the compiled language: every type of Python's own, every statement, every form of a
parameter and of a call, closures, exceptions. What an expression may look like is in vocabulary.py.

An expression of a kind is an intention: at run time it may raise, or a variable may hold something else. Loops are
bounded by what they go over, containers grow to a size, ints that grow are cut.
"""

from __future__ import annotations

import random

from forms import FORMS
from scope import FLOAT_BORDERS, FLOAT_EDGES, INT_BORDERS, INT_EDGES, literal_int, literals_of, near
from vocabulary import GROUPS, SURVEY, TOKEN

THING = '''
class Thing:
    __slots__ = ("x", "y")

    def __init__(self, x):
        self.x = x

    def __len__(self):
        return 2

    def __getitem__(self, at):
        if type(at) is int and at > 3:
            raise IndexError(at)
        return self.x

    def __add__(self, other):
        return (self.x, other)

    def __sub__(self, other):
        return Thing(self.x)

    def __eq__(self, other):
        return self.x == getattr(other, "x", 0)

    def __lt__(self, other):
        return [self.x]

    def __matmul__(self, other):
        return (other, self.x)

    def __contains__(self, item):
        return item == self.x

    def __call__(self, *more):
        return len(more)

    def __repr__(self):
        return "Thing"

    def twice(self, k=1):
        return k * 2

    def me(self):
        return self

    @property
    def half(self):
        return self.x // 2
'''
ENDS = '''
G9 = []


class End:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        G9.append(self.name)
'''
KINDS = ["I", "I", "I", "F", "F", "B", "T", "T", "L", "L", "X", "D", "D", "S", "M", "U", "C", "Y", "O", "A", "V", "R", "K", "c"]
ARGUMENT_KINDS = ["I", "I", "s", "F", "T", "T", "L", "L", "X", "D", "S", "M", "U", "B", "C", "Y", "A", "O", "V", "R", "c", "N", "Z", "J", "K", "W"]
GROUP_WEIGHTS = [(30, "shape"), (22, "method"), (16, "builtin"), (14, "operator"), (8, "comparison"), (5, "slice"), (3, "attribute"), (5, "own")]
ERRORS = ["ValueError", "IndexError", "KeyError", "TypeError", "ZeroDivisionError", "OverflowError", "LookupError", "ArithmeticError",
          "AttributeError", "Exception", "(ValueError, TypeError)", "(KeyError, IndexError)", "(TypeError, LookupError, ArithmeticError)"]  # fmt: skip
RAISED = ["ValueError", "KeyError('k')", "IndexError($I)", "RuntimeError('r', $E)", "ZeroDivisionError", "TypeError($T)", "$I", "LookupError()"]
TEXTS = ["''", "'a'", "'ab'", "'abcab'", "'x1 y22'", "'(a[b]c)'", "'A b C'", "'\\u00e9t\\u00e9'", "'\\u20ac5b'", "'\\u20ac5c'", "'\\U0001f600a'",
         "'12'", "'-7'", "'3.3'", "'\\u00df'", "' q\\n'", "'[@`'"]  # fmt: skip
CUT = {"T": "$[:40]", "X": "$[:9]", "L": "$[:12]", "M": "$[:9]", "Y": "$[:20]", "A": "$[:20]", "U": "$[:7]", "V": "$[:9]"}


class Wide:
    """Builds one function."""

    def __init__(self, rng, name: str, callees: list):
        self.rng = rng
        self.name = name
        self.callees = callees
        self.lines: list[str] = []
        self.indent = 1
        self.count = 0
        self.vars: dict[str, str] = {}
        self.loops = 0
        self.globals: list[str] = []
        self.in_handler = False
        # Most programs are about a few kinds: then what one statement makes another one uses.
        self.kinds = rng.sample(KINDS, rng.choice([4, 7, 12])) + ["I", "T"] if rng.random() < 0.7 else KINDS

    def put(self, text: str) -> None:
        self.lines += ["    " * self.indent + line for line in text.split("\n")]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def new(self, kind: str) -> str:
        self.count += 1
        name = f"{kind.lower()}{self.count}"
        self.vars[name] = kind
        return name

    def kind(self) -> str:
        return self.rng.choice(self.kinds)

    def named(self, kinds: str) -> list[str]:
        return [name for name, kind in self.vars.items() if kind in kinds]

    # -- expressions ---------------------------------------------------------------
    def literal(self, kind: str) -> str:
        rng = self.rng
        if kind in "IE":
            return literal_int(rng.choice(INT_EDGES) if self.chance(0.12) else rng.randint(-9, 20))
        if kind == "s":
            return literal_int(rng.randint(-3, 5))
        if kind == "F":
            return f"({rng.choice(FLOAT_EDGES)})" if self.chance(0.2) else f"({round(rng.uniform(-9, 9), rng.randint(0, 2))})"
        if kind == "T":
            return rng.choice(TEXTS)
        choices = {
            "J": ["2**70", "-(2**65)", "10**30", "2**64", "(2**63)"], "C": ["1j", "(2-1j)", "(0.5+0j)", "(-0.0-0j)"], "B": ["True", "False"], "c": ["'a'", "'b'", "'Z'", "'\\u00e9'", "'\\u20ac'", "' '", "'['", "'0'"],
            "Y": ["b''", "b'abc'", "b'\\xffq'"], "A": ["bytearray(b'ab')"], "L": ["[3, 1, 2]", "[]", "[5]", "[2, 2, -1, 300]"], "X": ["['b', 'a']", "[]", "['', 'abc']"],
            "M": ["[nan, 2]", "[1, 'a', None]", "[0.0, True, 2]", "[[1], 'q']"], "U": ["(1, 'a')", "(1, 2.5, None)", "(7,)", "(3, 4)"], "D": ["{'a': 1}", "{1: 2, 'b': 3}", "{}"],
            "K": ["'a'", "1", "-1", "None", "(1, 2)", "'b'", "0"], "S": ["{1, 2}", "{'a', 1}", "set()"], "Z": ["frozenset({1})"], "R": ["range(4)", "range(9, 0, -3)"],
            "V": ["array('q', [1, 2])"], "W": ["memoryview(b'abc')"], "O": ["Thing(3)", "Thing(4.5)"], "N": ["None"], "G": ["iter([1, 2])"],
        }  # fmt: skip
        return rng.choice(choices[kind])

    def make(self, kind: str, depth: int = 2) -> str:
        if kind == "E":
            kind = self.rng.choice("IIFTLMUDBNKXcs")
        if self.chance(0.01):
            kind = self.kind()
        accepts = {"I": "IsJ", "K": "Kc", "T": "Tc", "M": "MLX", "E": "IFTLM"}.get(kind, kind)
        names = self.named(accepts)
        if names and self.chance(0.55 if depth else 0.8):
            return self.rng.choice(names)
        if depth <= 0 or self.chance(0.15):
            return self.literal(kind)
        for _ in range(4):
            group = self.weighted(GROUP_WEIGHTS)
            templates = GROUPS[group].get(kind)
            if templates:
                return self.filled(self.rng.choice(templates), depth - 1)
        return self.literal(kind)

    def weighted(self, options):
        at = self.rng.random() * sum(weight for weight, _ in options)
        for weight, value in options:
            at -= weight
            if at < 0:
                return value
        return options[-1][1]

    def filled(self, template: str, depth: int = 1) -> str:
        if "f'" in template:
            return TOKEN.sub(lambda found: self.plain(found[1]), template)

        def one(found) -> str:
            text = self.make(found[1], depth)
            return f"({text})" if text.isdigit() and template[found.end() :].startswith((".", "[")) else text

        return TOKEN.sub(one, template)

    def plain(self, kind: str) -> str:
        """For within an f-string, which up to CPython 3.11 has neither its quotes nor a backslash in it."""
        names = self.named({"I": "Is", "T": "Tc", "E": "IFTLBMK", "K": "KcI", "N": "NK"}.get(kind, kind))
        text = self.rng.choice(names) if names else self.literal("N" if kind in "KN" else kind)
        return text if "'" not in text and "\\" not in text else self.rng.choice(["seen", "len(seen)"])

    # -- statements ---------------------------------------------------------------
    def block(self, count: int, *, forget: bool = True) -> None:
        before = dict(self.vars)
        self.indent += 1
        start = len(self.lines)
        for _ in range(count):
            self.statement()
        if len(self.lines) == start:
            self.put("pass")
        self.indent -= 1
        if forget and not self.chance(0.02):  # else: perhaps unbound
            self.vars = before

    def some(self) -> int:
        return self.rng.choice([1, 1, 1, 2])

    def statement(self) -> None:
        options = [(16, self.form), (16, self.assign), (6, self.augment), (5, self.change), (4, self.store), (3, self.unpack), (1.2, self.delete), (2, self.note),
                   (1, self.bare), (1.5, self.rebind), (0.7, self.assert_), (0.7, self.raise_), (1.5, self.own), (1.5, self.global_), (1.2, self.call)]  # fmt: skip
        if self.indent < 4:
            options += [(5, self.for_), (2, self.while_), (5, self.if_), (5, self.try_), (3, self.nested), (1.5, self.iterator), (1, self.recursion)]
        if self.loops:
            options += [(2, self.jump)]
        self.weighted(options)()

    def form(self) -> None:
        """One whose result depends on its form alone; in a loop the last turns are as good as all."""
        text = self.filled(self.rng.choice(FORMS), 0 if self.chance(0.7) else 1)
        self.put(text)
        if self.loops:
            self.put("del seen[30:]")

    def assign(self) -> None:
        kind = self.kind()
        names = [name for name in self.named(kind) if not name.startswith("a")]
        value = self.make(kind, 2)
        name = self.rng.choice(names) if names and self.chance(0.5) else self.new(kind)
        note = ": int" if self.chance(0.02) else ""
        self.put(f"{name}{note} = {value}")
        if self.chance(0.05):
            self.put(f"{self.new(kind)} = {self.new(kind)} = {name}")
        self.cut(name, kind)

    def cut(self, name: str, kind: str) -> None:
        if kind in CUT and (self.loops or self.chance(0.2)):
            self.put(f"{name} = {CUT[kind].replace('$', name)}")
        elif kind in "Is" and self.loops:
            self.put(f"if abs({name}) > {self.rng.choice(['2**66', '10**30', '2**63'])}:\n    {name} = {self.rng.choice(['3', '2**62', '-7'])}")

    def augment(self) -> None:
        names = [name for name in self.named("IFCTLXMDSBYAUc") if not name.startswith("k")]
        if not names:
            return self.assign()
        name = self.rng.choice(names)
        kind = self.vars[name]
        op, value = self.rng.choice({
            "I": [("+", "$I"), ("-", "$I"), ("*", "$s"), ("//", "$I"), ("%", "$I"), ("<<", "$s"), (">>", "$s"), ("&", "$I"), ("|", "$I"), ("^", "$I"), ("**", "$s"), ("/", "$I")],
            "F": [("+", "$F"), ("-", "$I"), ("*", "$F"), ("/", "$F"), ("//", "$F"), ("%", "$F"), ("**", "2")], "C": [("+", "$C"), ("*", "$C"), ("-", "$F"), ("/", "$C")],
            "T": [("+", "$T"), ("+", "$c"), ("*", "$s"), ("%", "$I")], "c": [("+", "$c")], "L": [("+", "$L"), ("*", "$s"), ("+", "$R")], "X": [("+", "$X"), ("+", "$T")],
            "M": [("+", "$U"), ("+", "$M")], "D": [("|", "$D")], "S": [("|", "$S"), ("&", "$S"), ("-", "$S"), ("^", "$S")], "B": [("&", "$B"), ("|", "$B"), ("^", "$B"), ("+", "$I")],
            "Y": [("+", "$Y"), ("*", "$s")], "A": [("+", "$Y")], "U": [("+", "$U"), ("*", "$s")],
        }[kind])  # fmt: skip
        text = f"{name} {op}= {self.filled(value)}"
        if kind in "TLXMYAUc" and self.loops:
            self.put(f"if len({name}) < 30:\n    {text}")
        else:
            self.put(text)
            self.cut(name, kind)

    def change(self) -> None:
        """A method that changes its object, on a variable."""
        names = self.named("LXMDSAV")
        if not names:
            return self.assign()
        name = self.rng.choice(names)
        kind = self.vars[name]
        templates = [t for ts in GROUPS["method"].values() for t in ts if t.startswith(f"${kind}.")]
        text = self.filled(name + self.rng.choice(templates)[2:])
        if self.chance(0.3):
            text = f"{self.new('M')} = [{text}]"
        self.put(f"if len({name}) < 30:\n    {text}" if self.loops else text)

    def store(self) -> None:
        names = self.named("LXMDAVO")
        if not names:
            return self.assign()
        name = self.rng.choice(names)
        self.put(self.filled(name + self.rng.choice({
            "L": ["[$s] = $I", "[$I] = $I", "[-1] = $F", "[1:2] = $L", "[::2] = $L", "[$s] += $I", "[$s] -= $L[$s]", "[0] = $I", "[$s:] = [$I]", "[0], b0 = $I, $I", "[$I // ($I)] += $I"],
            "X": ["[$s] = $T", "[0] = $c", "[:1] = $T", "[$s] += $T"], "M": ["[$s] = $E", "[0] = $E", "[1:] = $U"],
            "D": ["[$K] = $I", "[$K] = $E", "['a'] = $I", "[$K] += $I", "[$s] = $D.get($K, 0)", "[-1] = $I", "[$K] = 1000 + $s", "[$s] = 300"],
            "A": ["[$s] = 98", "[1:] = $Y", "[0] = $I"], "V": ["[0] = $I", "[$s] = $s", "[0] += $s"], "O": [".x = $I", ".x += $I", ".y = $E", ".x = $F"],
        }[self.vars[name]])))  # fmt: skip

    def delete(self) -> None:
        names = self.named("LXMDA")
        if names and self.chance(0.6):
            name = self.rng.choice(names)
            at = self.filled(self.rng.choice(["[$K]", "['a']"] if self.vars[name] == "D" else ["[$s]", "[0]", "[:2]", "[-1]", "[::2]"]))
            self.put(f"del {name}{at}")
        elif names := [n for n in self.vars if not n.startswith("a")]:
            name = self.rng.choice(names)
            self.put(f"del {name}" if self.chance(0.8) or len(names) < 2 else f"del ({name}, {names[0]})")
            if not self.chance(0.3):
                self.vars.pop(name)

    def unpack(self) -> None:
        form, kinds = self.rng.choice([
            ("{}, {} = $U", "IT"), ("{}, *{} = $L", "IL"), ("*{}, {} = $M", "ME"), ("{}, *{}, {} = $X", "TXT"), ("[{}, {}] = $L[:2]", "II"), ("{}, ({}, {}) = $I, ($T, $F)", "ITF"),
            ("{}, {} = $I, $T", "IT"), ("({},) = $U", "E"), ("{}, {} = $T[:2]", "cc"), ("{}, {} = $L", "II"), ("{}, {} = divmod($I, 3)", "II"), ("{}, {} = {1: 2, 3: 4}.items()", "UU"),
        ])  # fmt: skip
        head, value = form.split(" = ")
        value = self.filled(value)
        self.put(f"{head.format(*[self.new('I' if k == 'E' else k) for k in kinds])} = {value}")
        names = self.named("IFT")
        if len(names) > 1 and self.chance(0.5):
            a, b = self.rng.sample(names, 2)
            self.put(f"{a}, {b} = {b}, {a}")
            self.vars[a], self.vars[b] = self.vars[b], self.vars[a]
        lists = self.named("L")
        if lists and self.chance(0.4):
            at = self.new("s")
            self.put(f"{at}, {self.rng.choice(lists)}[{at}] = {self.filled('($s, $I)')}" if self.chance(0.5) else f"{at}, {at} = {self.filled('$U')}")

    def note(self) -> None:
        self.put(f"seen.append({self.make(self.kind(), 1)})" if not self.loops else f"if len(seen) < 40:\n    seen.append({self.make(self.kind(), 1)})")

    def bare(self) -> None:
        text = self.make(self.kind(), 2)
        self.put(text if self.chance(0.7) else f"seen.append(({self.new('E')} := {text}))")

    def rebind(self) -> None:
        """Another name for the same object, or a variable that becomes something else."""
        if not self.vars:
            return self.assign()
        name = self.rng.choice(list(self.vars))
        if self.chance(0.6):
            self.put(f"{self.new(self.vars[name])} = {name}")
        elif not name.startswith("a"):
            kind = self.kind()
            test = self.make("B", 1)
            self.put(f"{name} = {self.make(kind, 1)} if {test} else {name}")

    def assert_(self) -> None:
        self.put(self.filled(self.rng.choice(["assert $B", "assert $I, $T", "assert $B, 1 // $s", "assert $L, $E"])))

    def raise_(self) -> None:
        error = self.rng.choice(RAISED)
        cause = self.rng.choice(["", "", "", " from None", " from KeyError", " from ValueError('c')", " from $I"]) if error != "$I" else ""
        forms = [f"if $B:\n    raise {error}{cause}"] * 3 + (["if $B:\n    raise"] * 2 if self.in_handler else [])
        self.put(self.filled(self.rng.choice(forms)))

    def own(self) -> None:
        self.put(f"{self.new('O')} = Thing({self.make('I', 1)})")

    def global_(self) -> None:
        name = self.rng.choice(["G0", "G1"])
        if name in self.globals and self.chance(0.7):
            self.put(self.filled(f"{name} = $I" if self.chance(0.5) else f"{name} += $s"))
        else:
            self.put(f"{self.new('I')} = {name} + {self.make('s', 0)}")

    def call(self) -> None:
        if not self.callees or self.loops > 1:
            return self.note()
        name, params = self.rng.choice(self.callees)
        arguments = [self.make(kind, 0) for kind, sort in params if sort == "positional"]
        named = [f"{p}={self.make(kind, 0)}" for p, (kind, sort) in zip([f"k{i}" for i in range(9)], params) if sort == "named"]
        star = self.rng.random()
        if star < 0.15 and arguments:
            arguments = [f"*[{', '.join(arguments)}]"]
        if star > 0.85 and named:
            named = ["**{" + ", ".join(f"'{n.split('=')[0]}': {n.split('=', 1)[1]}" for n in named) + "}"]
        self.put(f"seen.append({name}({', '.join(arguments + named)}))")

    # -- statements with blocks ---------------------------------------------------------------
    def for_(self) -> None:
        if self.loops >= 2:
            return self.assign()
        before = dict(self.vars)
        form, kinds = self.rng.choice([
            ("{} in $L", "I"), ("{} in $R", "s"), ("{} in range($s)", "s"), ("{} in range($s, -4, -2)", "s"), ("{} in range($I, $I, $I * 3 + 1)", ""), ("{} in $T", "c"), ("{} in $X", "T"),
            ("{} in $D", "K"), ("{}, {} in $D.items()", "KI"), ("{} in $D.values()", "I"), ("{}, {} in enumerate($X)", "sT"), ("{}, {} in enumerate($L, $s)", "sI"), ("{}, {} in zip($L, $T)", "Ic"),
            ("{} in sorted($S, key=str)", "K"), ("{} in $U", "I"), ("{} in (1, 'a', 2.5)", "I"), ("{} in $Y", "I"), ("{} in reversed($L)", "I"), ("{}, ({}, {}) in enumerate(zip($L, $X))", "sIT"),
            ("{} in [$I, $I]", "I"), ("{} in list($M)", "I"), ("{} in $G", "I"), ("{}, *{} in [$L, $L]", "IL"), ("{} in map(str, $L)", "T"), ("{} in $V", "I"), ("{} in $O", "I"), ("{} in $S", "K"),
        ])  # fmt: skip
        if not kinds:
            form, kinds = "{} in range($s, $s + 4)", "s"
        head, source = form.split(" in ", 1)
        source = self.filled(source)
        targets = [self.new(kind) for kind in kinds]
        self.put(f"for {head.format(*targets)} in {source}:")
        if self.chance(0.2) and self.named("L"):
            name = self.rng.choice(self.named("L"))
            self.put(f"    if len({name}) < 9:\n        {name}.append({self.make('I', 0)})")
        self.loops += 1
        self.block(self.some())
        self.loops -= 1
        if self.chance(0.2):
            self.put("else:")
            self.block(1)
        if not self.chance(0.1):
            self.vars = before

    def while_(self) -> None:
        if self.loops >= 2:
            return self.assign()
        self.count += 1
        fuel = f"k_{self.count}"
        self.put(f"{fuel} = {self.rng.choice([2, 3, 5, 7])}")
        test = self.rng.choice([f"{fuel}", f"{fuel} > 0", f"{fuel} and {self.make('E', 1)}", f"{fuel} > 0 and {self.make('B', 1)}", f"({self.new('I')} := {fuel}) > 1", "True"])
        self.put(f"while {test}:")
        self.put(f"    {fuel} -= 1")
        if test == "True":
            self.put(f"    if {fuel} < 0:\n        break")
        self.loops += 1
        self.block(self.some())
        self.loops -= 1
        if self.chance(0.3):
            self.put("else:")
            self.block(1)

    def if_(self) -> None:
        test = self.rng.choice(["$B", "$B", "$E", "$I < $I", "$s", "not $E", "$B and $E", "$B or $B", "$I < len($L)", "$T", "$I and $I < $F", "$s > 0 and $I < $s"])
        if self.chance(0.1):
            test = f"({self.new('I')} := $I)"
        self.put(f"if {self.filled(test)}:")
        self.block(self.some())
        for word, share in (("elif", 0.25), ("else", 0.4)):
            if self.chance(share):
                self.put(f"elif {self.make('B', 1)}:" if word == "elif" else "else:")
                self.block(self.some())

    def try_(self) -> None:
        self.put("try:")
        self.block(self.some(), forget=self.chance(0.7))
        if self.chance(0.3):
            self.put("    " + self.filled(self.rng.choice(["$L[9]", "$D[$K]", "1 // $s", "int($T)", "$X[$I]", "$T.index($c)", "raise KeyError($I)", "raise ValueError"])))
        clauses = self.rng.choice([0, 1, 1, 1, 2])
        outside, self.in_handler = self.in_handler, True
        for number in range(clauses):
            bare = number + 1 == clauses and self.chance(0.12)
            name = f"e{self.count}" if self.chance(0.5) and not bare else ""
            self.count += 1
            self.put("except:" if bare else f"except {self.rng.choice(ERRORS)}{' as ' + name if name else ''}:")
            if name:
                self.put(f"    seen.append((type({name}).__name__, str({name}), type({name}.__cause__), type({name}.__context__), {name}.__traceback__.tb_lineno))")
            if self.chance(0.15):
                self.put(self.filled(self.rng.choice(["    raise", "    raise RuntimeError($I)", "    raise ValueError from None", f"    raise KeyError from {name or 'None'}"])))
            self.block(self.some())
        self.in_handler = outside
        if clauses and self.chance(0.3):
            self.put("else:")
            self.block(1)
            if self.chance(0.3):
                self.put("    " + self.filled(self.rng.choice(["$L[9]", "$D[$K]", "1 // $s", "raise KeyError($I)"])))
        if not clauses or self.chance(0.3):
            self.put("finally:")
            self.block(1)
        if clauses and name and self.chance(0.2):
            self.put(f"seen.append({name})")

    def jump(self) -> None:
        self.put(self.filled(f"if $B:\n    {self.rng.choice(['break', 'continue', 'continue', 'break', 'return seen, $E'])}"))

    def nested(self) -> None:
        """A function in the function, and calls of it."""
        rng = self.rng
        self.count += 1
        name = f"h{self.count}"
        numbers = self.named("I") + self.named("F")
        form = rng.randrange(8)
        if form == 0 and numbers:
            held = [n for n in numbers if not n.startswith("q")]
            target = rng.choice(held or numbers)
            self.put(f"def {name}(p):\n    nonlocal {target}\n    {target} = {target} + p\n    return {target}")
            self.put(self.filled(f"seen.append(({name}($s), {name}($s), {target}))"))
            self.put(f"{self.new('F')} = {target}\n{target} = {target} + 0.5\n{name}(1)")
        elif form == 1:
            self.put(self.filled(f"def {name}(p, q=$I, *r, s=$s, t=$T, **u):\n    return p, q, r, s, t, sorted(u)"))
            calls = ["($I)", "($I, $T)", "($I, t=$I, s=$F)", "(*$L)", "(1, 2, *$U, s=3, z=$I)", "(p=$I, q=$E)", "(**{'p': 1, 't': $T})", "()", "(1, **$D)", "(1, w=$I, v=$s, s=$I)"]
            self.put(self.filled(f"seen.append({name}{rng.choice(calls)})"))
        elif form == 2:
            self.put(self.filled(f"{name} = lambda p, q=$s: (p, q, {rng.choice(numbers or ['1'])})"))
            self.put(self.filled(f"seen.append({name}({rng.choice(['$I', '$I, $F', 'q=1, p=$T', '*$L[:2]'])}))"))
        elif form == 3:
            self.put(f"{name} = [lambda p: p + 1, lambda p: p * 2, lambda p: -p]\nfor h in {name}:\n    seen.append(h({self.make('I', 0)}))")
        elif form == 4:
            self.put(self.filled(f"def {name}(p, q, /, r=$I):\n    return [p, q, r]"))
            self.put(self.filled(f"seen.append({name}({rng.choice(['$I, $T', '$I, $T, r=$F', '1, q=2', '1, 2, 3'])}))"))
        elif form == 5:
            inner = rng.choice(["$I // p", "[$I, p][p]", "$L[p]", "p + $T", "p.x"])
            self.put(self.filled(f"def {name}(p):\n    try:\n        return {inner}\n    except {rng.choice(ERRORS)} as e:\n        return type(e).__name__\n    finally:\n        seen.append(p)"))
            self.put(self.filled(f"seen.append({name}($s))"))
        elif form == 6:
            captured = rng.choice(list(self.vars) or ["seen"])
            self.put(f"def {name}(p):\n    def inner(q):\n        return (q, p, {captured})\n    return inner")
            self.put(self.filled(f"seen.append({name}($I)($T))"))
        else:
            self.put(self.filled(f"{name} = [(lambda: q) for q in $L]\nseen.append([p() for p in {name}])"))

    def iterator(self) -> None:
        """Iterators that several use."""
        self.count += 1
        it = f"it{self.count}"
        source = self.filled(self.rng.choice(["iter($L)", "iter($T)", "enumerate($X)", "zip($L, $T)", "reversed($L)", "(q for q in $L)", "iter($D)", "map(abs, $L)", "iter($R)", "enumerate($L, 1)"]))
        self.put(f"{it} = {source}")
        self.put(self.filled(self.rng.choice([
            f"for q in {it}:\n    seen.append(q)\n    break\nseen.append([q for q in {it}])", f"seen.append(list(zip({it}, {it})))", f"seen.append(next({it}))\nseen.append(next({it}, $I))",
            f"for q in {it}:\n    seen.append((q, next({it}, None)))", f"seen.append((sum(1 for q in {it}), list({it})))", f"seen.append(1 in {it})\nseen.append(list({it}))",
            f"for q in {it}:\n    if $B:\n        break\nelse:\n    seen.append('all')\nseen.append(list({it}))",
        ])))  # fmt: skip

    def recursion(self) -> None:
        self.count += 1
        name = f"h{self.count}"
        self.put(self.rng.choice([
            f"def {name}(n):\n    return 1 if n < 2 else n * {name}(n - 1)", f"def {name}(n, out=()):\n    if not n:\n        return out\n    return {name}(n - 1, (*out, n))",
            f"def {name}(n):\n    if n <= 0:\n        raise ValueError(n)\n    try:\n        return {name}(n - 1)\n    finally:\n        seen.append(n)",
        ]))  # fmt: skip
        self.put(f"seen.append({name}({self.rng.choice(['3', '5', '22', '0'])}))")

    def guarded(self, make) -> None:
        """An exception of what `make` puts is not the end."""
        self.put("try:")
        make()
        self.put("except Exception as error:\n    seen.append((type(error).__name__, str(error)))")

    # -- the function ---------------------------------------------------------------
    def make_function(self, sort: str = "statements", templates: list = ()):
        """(name, [(kind, positional or named)], text)"""
        rng = self.rng
        kinds = [rng.choice(ARGUMENT_KINDS) for _ in range(rng.choice([1, 2, 2, 3, 4]))]
        if templates:  # its operands are parameters
            needed = sorted({kind for text in templates for kind in TOKEN.findall(text) if kind in ARGUMENT_KINDS})
            main = [kind for kind in 'IFTL' if kind in needed] if sort == 'forms' else []
            kinds = main + rng.sample(rest := [kind for kind in needed if kind not in main], min(len(rest), 2 if main else 5)) or kinds
        params, parts = [], []
        shape, slash = rng.random(), rng.randrange(len(kinds))
        for number, kind in enumerate(kinds):
            self.vars[f"a{number}"] = kind
            params.append((kind, "positional"))
            default = f"={self.literal(kind)}" if shape < 0.15 and number == len(kinds) - 1 and kind in "IsFTBcN" else ""
            parts.append(f"a{number}{default}")
            if 0.2 < shape < 0.27 and number == slash:
                parts.append("/")
        if 0.27 < shape < 0.36:
            parts.append("*more")
            self.vars["more"] = "U"
        elif 0.36 < shape < 0.5:
            parts.append("*")
        if 0.27 < shape < 0.5:
            for number in range(rng.choice([1, 2])):
                kind = rng.choice("IFTL")
                self.vars[f"k{number}"] = kind
                params.append((kind, "named"))
                parts.append(f"k{number}={self.literal(kind)}" if rng.random() < 0.6 and kind != "L" else f"k{number}")
        if 0.45 < shape < 0.52 or 0.24 < shape < 0.27:
            parts.append("**rest")
            self.vars["rest"] = "D"
        if rng.random() < 0.2:
            self.globals = rng.choice([["G0"], ["G0", "G1"]])
            self.put(f"global {', '.join(self.globals)}")
        self.put("seen = []")
        if sort == "statements":
            guarded = rng.choice([0, 0.3, 0.7])
            for _ in range(rng.choice([1, 2, 3, 4, 6])):
                if rng.random() < guarded:
                    self.guarded(lambda: self.block(1, forget=self.chance(0.8)))
                else:
                    self.statement()
        for text in templates:
            self.guarded(lambda text=text: self.put("\n".join("    " + line for line in self.filled(text, 0 if self.chance(0.8) else 1).split("\n"))))
        shown = [name for name, kind in self.vars.items() if kind not in "GWO"]
        self.put(f"return seen, {', '.join([*shown[-9:], '0'])}")
        return self.name, params, "\n".join([f"def {self.name}({', '.join(parts)}):", *self.lines]) + "\n"


def generate_wide(rng, turn: int, density: int = 1) -> str:
    """A third of them goes through all templates, some at a time, a third through all forms, a third is put together."""
    sort = ("survey", "forms", "statements")[turn % 3]
    source, count = (SURVEY, 12) if sort == "survey" else (FORMS, 6)
    templates = [] if sort == "statements" else share_of(source, turn // 3, count)
    parts = ["import cmath\nimport math\nfrom array import array\nfrom math import inf, nan\n", THING, "\nG0 = 3\nG1 = 2.5\n"]
    functions: list = []
    if sort == "statements" and rng.random() < 0.2:
        parts += [ENDS, lifetimes(rng)]
        functions.append(("f0", [("s", "positional")]))
    else:
        for number in range(1 if templates else rng.choice([1, 1, 2])):
            name, params, text = Wide(rng, f"f{number}", functions[:]).make_function(sort, templates)
            functions.append((name, params))
            parts.append(text)
    literals = {f"f{n}": literals_of(text) for n, text in enumerate(parts[-len(functions) :])}
    return "\n".join([*parts, wide_calls(rng, functions, literals, density)])


def share_of(source: list[str], turn: int, count: int) -> list[str]:
    """In each round other ones come together: one that the compiler refuses keeps the rest of its function from being compiled."""
    turns = -(-len(source) // count)
    order = random.Random(turn // turns).sample(source, len(source))
    return order[turn % turns * count :][:count]


def lifetimes(rng) -> str:
    """Objects that tell when they end; nothing raises, as a traceback keeps what its frames hold."""
    lines = ["def f0(n):", "    G9.clear()", "    x = End('x')", "    y = None"]
    for step in range(rng.choice([4, 7, 10])):
        lines += ["    " + text for text in rng.choice([
            [f"x = End('x{step}')"], ["y = x"], ["x = None"], [f"y = [End('y{step}'), x]"], [f"G9.append({step})"], [f"G9.append((End('t{step}').name, {step}))"], ["y = (x, y)"],
            [f"for k in range(n):", f"    x = End('l{step}')", f"    G9.append(k)"], [f"if n > {rng.randint(0, 3)}:", f"    x = End('i{step}')", "else:", "    y = None"], ["x, y = y, x"],
            [f"x = [End('z{step}') for k in range(2)]"], [f"z = End('z{step}')", "del z"], [f"End('e{step}')"], [f"x = (lambda q: q)(End('c{step}'))"],
        ])]  # fmt: skip
    return "\n".join([*lines, "    G9.append('end')", "    return n"]) + "\n"


def mixed(rng, phases: list, density: int):
    """What the phases were made of, again and in any order, until there are `density` times as many: compiling costs milliseconds and
    a call microseconds, and versions of one function for different types now take turns."""
    wanted = len(phases) * (density - 1)
    while wanted > 0:
        one = rng.choice(phases)
        for _ in range(rng.choice([1, 1, 2, 5])):
            yield one
            wanted -= 1


def wide_calls(rng, functions, literals: dict, density: int) -> str:
    """Phases, as in life: the same types for a while, then others, then the first again."""
    maker = Wide(rng, "", [])
    lines: list[str] = []
    phases: list = []
    for _ in range(rng.choice([4, 6])):
        if rng.random() < 0.15:
            lines.append(f"def call_{len(lines)}():\n    return 'set', '{rng.choice(['G0', 'G1'])}', {maker.literal(rng.choice('IIFs'))}\n")
        name, params = functions[-1] if rng.random() < 0.6 else rng.choice(functions)
        kinds = [kind for kind, _ in params]
        if rng.random() < 0.2:
            kinds[rng.randrange(len(kinds))] = rng.choice(ARGUMENT_KINDS)
        phase = [(name, params, kinds)] * rng.choice([2, 3, 5])
        phases += phase
        lines += [wide_call(maker, literals[name], len(lines) + k, *one) for k, one in enumerate(phase)]
    for one in mixed(rng, phases, density):
        lines.append(wide_call(maker, literals[one[0]], len(lines), *one))
    return "\n".join(lines)


def wide_call(maker: Wide, literals: list[int], number: int, name: str, params: list, kinds: list) -> str:
    rng = maker.rng
    values = [literal_int(near(rng, literals)) if kind == "I" and literals and rng.random() < 0.15 else argument(maker, kind) for kind in kinds]
    same = ""
    if rng.random() < 0.15 and len(values) > 1:  # one object in two places
        a, b = rng.sample(range(len(values)), 2)
        same, values[b] = f"    same = {values[a]}\n", "same"
        values[a] = "same"
    positional = [value for value, (_, sort) in zip(values, params) if sort == "positional"]
    named = [value for value, (_, sort) in zip(values, params) if sort == "named"]
    keywords = [f"'k{k}': {value}" for k, value in enumerate(named) if rng.random() < 0.85]
    odd = rng.random()
    if odd < 0.05:
        positional = positional[:-1] if odd < 0.02 else [*positional, "1"]
    elif odd < 0.08 and positional:
        for _ in range(rng.choice([1, 1, 2, len(positional)])):
            if positional:
                keywords.append(f"'a{len(positional) - 1}': {positional.pop()}")
    elif odd < 0.1 and positional:
        keywords.append(f"'a0': {positional[0]}")
    elif odd < 0.13:
        keywords.append("'odd': 1")
    arguments = "(" + "".join(value + ", " for value in positional) + ")"
    return f"def call_{number}():\n{same}    return 'call', '{name}', {arguments}, {{{', '.join(keywords)}}}\n"


def argument(maker: Wide, kind: str) -> str:
    rng = maker.rng
    if kind == "L":
        kinds = rng.choice(["I", "I", "s", "s", "F", "IF", "IB", "IN"])
        return "[" + ", ".join(maker.literal(rng.choice(kinds)) for _ in range(rng.choice([0, 1, 2, 3, 5, 8]))) + "]"
    if kind == "U":
        return "(" + "".join(maker.literal(rng.choice("IITFBs")) + ", " for _ in range(rng.choice([1, 2, 2, 3]))) + ")"
    if kind == "T" and rng.random() < 0.5:
        return maker.literal("T") + " + " + maker.literal("T")
    if kind == "D" and rng.random() < 0.6:
        return "{" + ", ".join(f"{maker.literal('K')}: {maker.literal(rng.choice('IIIsFT'))}" for _ in range(rng.choice([1, 2, 3, 5]))) + "}"
    if kind == "s":
        return literal_int(rng.choice([0, 1, 2, 3, -1, 5]))
    if kind == "I" and rng.random() < 0.5:
        return literal_int(rng.choice(INT_BORDERS) if rng.random() < 0.4 else rng.choice(INT_EDGES) if rng.random() < 0.4 else -rng.randint(1, 60))
    if kind == "F" and rng.random() < 0.3:
        return f"({rng.choice(FLOAT_BORDERS if rng.random() < 0.3 else FLOAT_EDGES)})"
    if kind == "C" and rng.random() < 0.5:
        return f"complex({rng.choice(['1.0', '2.0', '0.0', '-0.0', 'inf'])}, {rng.choice(['1.0', '3.0', '0.0', '-0.0', 'inf'])})"
    return maker.literal(kind)
