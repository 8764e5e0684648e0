"""Random functions over texts, dicts, sets and lists of texts, and arguments for them.

Kinds: W a text; LW a list of texts; DW a dict from keys of all sorts to ints; DL one from texts to lists; SW a set; LO a
list of anything; TW a tuple of texts; BW bytes; i an int. Loops go over arguments and locals, which grow to a size only.
"""

from __future__ import annotations

from scope import Signature

KINDS = ["W", "W", "W", "LW", "LW", "DW", "DW", "DL", "SW", "LO", "TW", "BW", "i"]
TEXTS = ["''", "'a'", "'ab'", "'abcab'", "'x1 y22 z'", "'(a[b]c)'", "'A b C'", "'\\u00e9t\\u00e9'", "'\\u20ac5'",
         "'\\U0001f600a'", "'\\ud800'", "'12'", "'-7'", "'3.25'", "'\\u0663'", "'\\u00df'", "('n' * 40)", "'\\x00'", "('9' * 30)"]  # fmt: skip
KEYS = ["'a'", "'ab'", "''", "1", "0", "-1", "-2", "True", "2**61 - 1", "2**70", "(1, 2)", "(0, 'a')", "(-1, -2, 3)", "1.0",
        "None", "'\\u20ac'", "300", "(1, (2, 3))", "b'a'", "frozenset({1})"]  # fmt: skip
SUBCLASSES = {
    "TextSub": "class TextSub(str):\n    def __getitem__(self, at):\n        return 'sub'\n    def __len__(self):\n"
    "        return 1\n    def __eq__(self, other):\n        return True\n    def __hash__(self):\n        return hash('a')\n",
    "DictSub": "class DictSub(dict):\n    def __missing__(self, key):\n        return 5\n    def get(self, key, other=None):\n"
    "        return 6\n    def __len__(self):\n        return 3\n",
    "SetSub": "class SetSub(set):\n    def __contains__(self, item):\n        return True\n",
    "Key": "class Key:\n    def __init__(self, of, table=None):\n        self.of, self.table = of, table\n"
    "    def __hash__(self):\n        return hash(self.of)\n    def __eq__(self, other):\n"
    "        if self.table is not None and len(self.table) > 2:\n            self.table.clear()\n"
    "        return other == self.of\n    def __repr__(self):\n        return 'Key'\n",
}


class TextArguments:
    """The part of Arguments (arguments.py) that knows these kinds."""

    def text(self) -> str:
        return self.rng.choice(TEXTS)

    def key(self, odd: bool) -> str:
        if odd and self.rng.random() < 0.2:
            return f"Key({self.rng.choice(KEYS)})"
        return self.rng.choice(KEYS)

    def of_texts(self, kind: str, odd: bool) -> str:
        rng = self.rng
        count = rng.choice([0, 1, 2, 3, 5, 9])
        text = self.text
        if kind == "W":
            return " + ".join(text() for _ in range(rng.choice([1, 1, 2, 3])))
        if kind in ("LW", "TW"):
            items = [text() for _ in range(count)]
            if odd and items and rng.random() < 0.3:
                items[rng.choice([0, -1])] = rng.choice(["None", "1", "TextSub('q')", "b'x'", "['a']"])
            inner = "".join(item + ", " for item in items)
            return f"[{inner}]" if kind == "LW" else f"({inner})"
        if kind == "LO":
            return "[" + ", ".join(rng.choice([text(), self.key(odd), "[]", "{}", "(1, 'a')"]) for _ in range(count)) + "]"
        if kind == "SW":
            return "{" + ", ".join(self.key(odd) for _ in range(count)) + "}" if count else "set()"
        if kind == "DL":
            return "{" + ", ".join(f"{text()}: [{', '.join(text() for _ in range(k % 3))}]" for k in range(count)) + "}"
        if kind == "BW":
            return rng.choice(["b''", "b'abc'", "bytes(range(200, 256))", "b'a\\x00b'"])
        values = ["1", "0", "7", "255", "256", "257", "10**6", "2**40"] + (["2**63", "None", "1.5", "'t'"] if odd else [])
        return "{" + ", ".join(f"{self.key(odd)}: {rng.choice(values)}" for _ in range(count)) + "}"

    def other_text(self, kind: str) -> str:
        rng = self.rng
        return {
            "W": ["None", "5", "TextSub('abc')", "b'ab'", "['a', 'b']", "('a',)"],
            "LW": ["('a', 'b')", "'ab'", "{'a': 1}", "None", "[1, 2]", "[['a']]"],
            "TW": ["['a']", "'ab'", "(1, 2)", "()"],
            "DW": ["DictSub({'a': 1})", "{'a': [1]}", "None", "[1, 2]", "defaultdict(int, {'a': 2})"],
            "DL": ["{'a': 1}", "defaultdict(list)", "DictSub()"],
            "SW": ["frozenset({'a', 1})", "SetSub({'a'})", "['a', 1]", "{'a': 1}"],
            "LO": ["('a', 1)", "None"],
            "BW": ["bytearray(b'ab')", "'ab'", "[1, 2]"],
        }[kind][rng.randrange(2 if kind == "LO" else 3)]


class TextFunction:
    """Builds one function."""

    def __init__(self, rng, name: str, callees):
        self.rng = rng
        self.name = name
        self.lines: list[str] = []
        self.indent = 1
        self.names = 0
        self.loops = 0
        self.vars: dict[str, str] = {}
        self.callees = callees

    def put(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def new(self, letter: str, kind: str) -> str:
        self.names += 1
        self.vars[f"{letter}{self.names}"] = kind
        return f"{letter}{self.names}"

    def named(self, *kinds: str) -> list[str]:
        return [n for n, k in self.vars.items() if k in kinds]

    def one(self, *kinds: str) -> str | None:
        names = self.named(*kinds)
        return self.rng.choice(names) if names else None

    # -- expressions ---------------------------------------------------------------
    def index(self) -> str:
        return self.rng.choice(["0", "-1", "1", "2", "-3", self.int_(0)])

    def bound(self) -> str:
        return self.rng.choice(["", "", "1", "2", "-1", "-2", "7", self.int_(0)])

    def char(self, d: int = 1) -> str:
        rng = self.rng
        options = [rng.choice(["'a'", "'b'", "'('", "'\\u00e9'", "'\\u20ac'", "' '"])]
        options += [self.one("C")] * 3 if self.one("C") else []
        text = self.one("W")
        if text:
            options += [f"{text}[{self.index()}]"] * 2
        if d > 0:
            options += [f"chr({97 + rng.randrange(3)} + {self.int_(0)} % 26)", f"chr({self.int_(0)} & 1023)"]
            options += [f"{self.char(0)}.{rng.choice(['lower', 'upper'])}()"]
        return rng.choice(options)

    def text(self, d: int = 2) -> str:
        rng = self.rng
        options = [rng.choice(TEXTS), self.char(0)]
        options += [self.one("W")] * 4 if self.one("W") else []
        words = self.one("LW")
        if words:
            options += [f"{words}[{self.index()}]", f"{rng.choice(['', ',', 'ab'])!r}.join({words})"]
        if d > 0:
            inner = lambda: self.text(d - 1)  # noqa: E731
            options += [
                f"({inner()} + {inner()})",
                f"{inner()}[{self.bound()}:{self.bound()}]",
                f"{inner()}[{self.bound()}:{self.bound()}:{rng.choice(['-1', '2', '-2', '1'])}]",
                f"str({self.int_(1)})",
                f"f'{{{self.int_(0)}{rng.choice(['', ':04d', ':3', ':x', '!r', ':08b'])}}}|{{{self.simple()}}}'",
                f"({inner()} * {rng.choice(['0', '1', '2', '-1'])})",
                f"{inner()}.{rng.choice(['upper()', 'strip()', 'lower()', 'title()', 'replace(' + self.char(0) + ', ' + self.char(0) + ')', 'lstrip(' + self.char(0) + ')', 'zfill(5)'])}",
                f"bin({self.int_(0)})",
                f"('%s-%s' % ({self.char(0)}, {self.int_(0)}))",
                f"({inner()} if {self.bool_(0)} else {self.char(0)})",
            ]
        return rng.choice(options)

    def simple(self) -> str:
        return self.one("W", "C", "I") or "1"

    def int_(self, d: int = 2) -> str:
        rng = self.rng
        options = [str(rng.choice([0, 1, 2, 3, 5, 255, 300]))]
        options += [self.one("I", "i")] * 3 if self.one("I", "i") else []
        sized = self.one("W", "LW", "DW", "DL", "SW", "LO", "TW", "BW", "C")
        if sized:
            options += [f"len({sized})"] * 2
        if d > 0:
            if table := self.one("DW"):
                options += [f"{table}.get({self.key()}, {rng.choice(['0', '1', self.int_(0)])})", f"{table}[{self.key()}]"]
            if raw := self.one("BW"):
                options += [f"{raw}[{self.index()}]"]
            options += [
                f"ord({self.char(0)})",
                f"{self.text(0)}.{rng.choice(['find', 'count', 'index', 'rfind'])}({self.text(0)})",
                f"({self.int_(d - 1)} {rng.choice(['+', '-', '*'])} {self.int_(0)}) % 1009",
                f"int({rng.choice([self.char(0), self.text(0), repr('42')])})",
                f"int(float({rng.choice([self.text(0), repr('2.5'), repr('-12')])}) * 4)",
            ]
        return rng.choice(options)

    def key(self) -> str:
        rng = self.rng
        return rng.choice([
            rng.choice(KEYS), self.char(1), self.text(0), self.int_(0), f"({self.int_(0)}, {self.int_(0)})",
            f"({self.char(0)}, {self.int_(0)})", f"({self.int_(0)} - 2,)", self.one("K") or "'a'",
        ])  # fmt: skip

    def bool_(self, d: int = 1) -> str:
        rng = self.rng
        compare = rng.choice(["==", "==", "!=", "<", "<=", ">", ">="])
        options = [
            f"{self.char(0)} {compare} {self.char(0)}",
            f"{self.text(0)} {compare} {self.text(0)}",
            f"{self.char(0)} {rng.choice(['in', 'not in'])} {rng.choice([repr('abc('), repr(' '), repr(''), repr('éx€'), self.text(0)])}",
            f"{self.text(0)} in {rng.choice(['(' + repr('a') + ', ' + repr('ab') + ', 1)', self.text(0)])}",
            f"{self.char(0)}.{rng.choice(['isalpha', 'isdigit', 'isalnum', 'isspace', 'isupper', 'islower', 'isdecimal', 'isnumeric'])}()",
            f"'a' <= {self.char(0)} <= 'z'",
            f"{self.text(0)}.{rng.choice(['startswith', 'endswith'])}({self.text(0)})",
            f"{self.simple()} == {rng.choice(['None', '1', self.text(0)])}",
        ]
        for kind in ("DW", "DL", "SW", "LW", "TW"):
            if name := self.one(kind):
                key = self.text(0) if kind in ("DL", "LW", "TW") else self.key()
                options += [f"{key} {rng.choice(['in', 'not in'])} {name}", f"{rng.choice(['', 'not '])}{name}"]
        if d > 0:
            options.append(f"({self.bool_(0)} {rng.choice(['and', 'or'])} {self.bool_(0)})")
        return rng.choice(options)

    # -- statements ---------------------------------------------------------------
    def assign(self) -> None:
        kind, letter, make = self.rng.choice([
            ("W", "t", self.text), ("W", "t", self.text), ("C", "c", self.char), ("I", "n", self.int_), ("K", "k", self.key),
        ])  # fmt: skip
        value = make()
        names = [n for n in self.named(kind) if not n.startswith("a")]
        name = self.rng.choice(names) if names and self.rng.random() < 0.6 else self.new(letter, kind)
        self.put(f"{name} = {value}")
        if kind == "W":
            self.put(f"{name} = {name}[:60]")

    def grow_text(self) -> None:
        name = self.one("W")
        if name:
            self.put(f"if len({name}) < 60:")
            self.put(f"    {name} {self.rng.choice(['+= ' + self.char(), '+= ' + self.text(0), '= ' + self.char(0) + ' + ' + name])}")

    def local(self) -> None:
        kind, letter, value = self.rng.choice([
            ("LW", "l", lambda: self.rng.choice(["[]", f"[{self.text(0)}]", f"{self.text(0)}.split()", f"[q for q in {self.text(0)}]"])),
            ("DW", "d", lambda: self.rng.choice(["{}", "{'a': 1, 2: 3}", f"{{q: 1 for q in {self.text(0)}}}"])),
            ("DL", "g", lambda: "{}"),
            ("SW", "s", lambda: self.rng.choice(["set()", "{'a', 1}", f"{{q for q in {self.text(0)}}}", f"set({self.text(0)})"])),
            ("LO", "o", lambda: "[]"),
        ])  # fmt: skip
        text = value()
        self.put(f"{self.new(letter, kind)} = {text}")

    def change(self) -> None:
        rng = self.rng
        if table := self.one("DW"):
            key = self.key()
            self.put(f"if len({table}) < 40:")
            self.put("    " + rng.choice([
                f"{table}[{key}] = {table}.get({key}, 0) + 1", f"{table}[{key}] = {self.int_(1)}",
                f"{table}[{key}] = {rng.choice(['None', '2.5', 'True', '[1]', repr('z')])}" if rng.random() < 0.2 else f"{table}[{key}] = 300",
                f"{table}.setdefault({key}, {self.int_(0)})", f"{table}.update(a=1)",
            ]))  # fmt: skip
            self.put(rng.choice([f"if {key} in {table}:\n{'    ' * (self.indent + 1)}{table}[{key}] += {rng.choice(['1', '300', '2**62'])}",
                                 f"{table}.pop({key}, None)", "pass"]))  # fmt: skip

    def change_other(self) -> None:
        rng = self.rng
        options = []
        if name := self.one("DL"):
            options.append(f"{name}.setdefault({self.text(0)}, []).append({self.text(0)}[:9])")
        if name := self.one("SW"):
            options.append(f"{name}.{rng.choice(['add', 'add', 'discard'])}({self.key()})")
        if name := self.one("LW"):
            options.append(f"{name}.append({self.text(1)}[:30]) if len({name}) < 40 else {name}.clear()")
            options.append(f"{name}.append({name}.pop())")
            options.append(f"{name}[{self.index()}] = {self.text(0)}")
        if name := self.one("LO"):
            options.append(f"{name}.append(({self.key()}, {self.simple()})) if len({name}) < 40 else {name}.pop()")
        if name := self.one("DW"):
            options.append(f"del {name}[{self.key()}]")
        if options:
            self.put(rng.choice(options))

    def block(self, count: int) -> None:
        before = dict(self.vars)
        self.indent += 1
        start = len(self.lines)
        for _ in range(count):
            self.statement()
        if len(self.lines) == start:
            self.put("pass")
        self.indent -= 1
        self.vars = before

    def loop(self) -> None:
        if self.loops >= 2:
            return self.assign()
        rng = self.rng
        self.loops += 1
        before = dict(self.vars)
        name = self.one("W", "LW", "DW", "SW", "TW", "BW", "DL") or "'abc'"
        kind = self.vars.get(name, "W")
        item = {"W": "C", "LW": "W", "TW": "W", "BW": "I"}.get(kind, "K")
        form = rng.random()
        if kind == "DW" and form < 0.5:
            self.put(f"for {self.new('k', 'K')}, {self.new('n', 'I')} in {name}.items():")
        elif form < 0.2 and kind in ("W", "LW"):
            at = self.new("n", "I")
            self.put(f"for {at}, {self.new('c', item)} in enumerate({name}):")
        elif form < 0.35 and kind in ("W", "LW", "TW", "BW"):
            at = self.new("n", "I")
            self.put(f"for {at} in range(len({name})):")
            self.indent += 1
            self.put(f"{self.new('c', item)} = {name}[{at}]")
            self.indent -= 1
        elif form < 0.45:
            self.put(f"for {self.new('n', 'I')}, {self.new('t', 'W')} in ((1, 'a'), (20, 'bc'), (-3, '\\u20ac')):")
        else:
            self.put(f"for {self.new('c', item)} in {rng.choice(['', '', 'list'])}({name}):")
        self.block(rng.choice([1, 2, 3, 4]))
        self.vars = before
        self.loops -= 1

    def branch(self) -> None:
        self.put(f"if {self.bool_()}:")
        self.block(rng_count(self.rng))
        if self.rng.random() < 0.4:
            self.put(f"elif {self.bool_()}:")
            self.block(1)
        if self.rng.random() < 0.4:
            self.put("else:")
            self.block(1)

    def attempt(self) -> None:
        self.put("try:")
        self.block(rng_count(self.rng))
        self.put(f"except {self.rng.choice(['KeyError', 'IndexError', 'ValueError', '(KeyError, IndexError)', 'Exception'])} as error:")
        self.put("    seen.append((type(error).__name__, str(error)))")

    def leave(self) -> None:
        if self.loops:
            self.put(f"if {self.bool_()}:")
            self.put("    " + self.rng.choice(["break", "continue"]))

    def call(self) -> None:
        if self.callees and self.loops == 0:
            callee = self.rng.choice(self.callees)
            args = [self.one(k) for _, k in callee.params]
            if all(args):
                self.put(f"seen.append({callee.name}({', '.join(args)}))")

    def statement(self) -> None:
        options = [(8, self.assign), (3, self.grow_text), (2, self.local), (7, self.change), (5, self.change_other), (1, self.leave), (1, self.call)]
        if self.indent < 5:
            options += [(7, self.loop), (6, self.branch), (2, self.attempt)]
        total = sum(w for w, _ in options)
        at = self.rng.random() * total
        for weight, do in options:
            at -= weight
            if at < 0:
                return do()

    def make(self) -> tuple[Signature, str]:
        rng = self.rng
        params = [(f"a{k}", rng.choice(KINDS)) for k in range(rng.choice([1, 2, 2, 3, 4]))]
        self.vars.update(params)
        self.put("seen = []")
        for _ in range(rng.choice([2, 4, 6, 9])):
            self.statement()
        shown = [n for n in self.vars if not n.startswith("a")]
        self.put(f"return seen, {', '.join(shown + ['0'])}")
        heading = f"def {self.name}({', '.join(n for n, _ in params)}):"
        return Signature(self.name, params, "R", cost=400), "\n".join([heading, *self.lines]) + "\n"


def rng_count(rng) -> int:
    return rng.choice([1, 1, 2, 3])
