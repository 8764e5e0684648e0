#!/usr/bin/env python3
"""What each rule of `hasten fix` gains on a function that is made for it, small and large.

    .venv/bin/python benchmarks/fix/rules.py [RULE ...] [--seconds 0.05] [--json FILE]

Each program is rewritten by its rule as `hasten fix` would, the old and the new function run by turns in one process, and
the least time of each counts: what the lines themselves gain, without the program around them (FACTORS of the rule holds the
range). Both must give the same answer.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import sys
import textwrap
import time

from hasten.fix.rules.context import Context, Remark
from hasten.fix.source import SourceFile

# rule: (source, call at which it gains little or loses, call at which it gains much)
PROGRAMS = {
    "membership_set": ("""
        def f(words, known):
            return sum(1 for w in [w for w in words if w in known])
        """, "f(list(range(6)), list(range(6)))", "f(list(range(3000, 4000)), list(range(3000)))"),
    "literal_membership": (f"""
        def f(n):
            count = 0
            for i in range(n):
                if i in [{', '.join(str(i * 1000) for i in range(100))}]:
                    count += 1
            return count
        """, "f(10)", "f(1000)"),
    "key_membership": ("""
        def f(d, n):
            count = 0
            for i in range(n):
                if i in list(d):
                    count += 1
            return count
        """, "f({1: 1}, 100)", "f(dict.fromkeys(range(-100000, 0)), 3)"),
    "pairs_dict": ("""
        def f(pairs, queries):
            out = []
            for q in queries:
                for k, v in pairs:
                    if k == q:
                        out.append(v)
                        break
            return out
        """, "f([(1, 2), (2, 3)], [1, 2])", "f([(i, i) for i in range(3000)], range(2000, 2200))"),
    "text_join": ("""
        def f(n):
            text = ""
            for i in range(n):
                text += "abcdefgh"
            return text
        """, "f(10)", "f(20000)"),
    "grown_attribute": ("""
        class Page:
            text = ""
            def fill(self, n):
                for i in range(n):
                    self.text += "abcdefgh" * 4 + "\\n"
                return self.text
        """, "Page().fill(8)", "Page().fill(8000)"),
    "selection": ("""
        def f(x):
            return sorted(x)[0]
        """, "f(range(100))", "f([i * 7919 % 100003 for i in range(20000)])"),
    "smallest_few": ("""
        def f(x):
            return sorted(x)[:5]
        """, "f(range(1000))", "f([i * 7919 % 1000003 for i in range(100000)])"),
    "reduced_comprehension": ("""
        def f(n):
            return any([i > 3 for i in range(n)])
        """, "f(4)", "f(2000)"),
    "deque_ends": ("""
        def f(n):
            q = list(range(n))
            total = 0
            while q:
                total += q.pop(0)
            return total
        """, "f(20)", "f(60000)"),
    "explicit_copy": ("""
        import copy
        def f(board):
            new = copy.deepcopy(board)
            new[0][0] = 1
            return new
        """, "f([[1, 2], [3, 4]])", "f([list(range(100)) for _ in range(100)])"),
    "ready_made": ("""
        import re
        def f(lines):
            return sum(1 for _ in [1 for s in lines if re.match(r"a+b", s)])
        """, "f(['a' * 3000 + 'b'] * 10)", "f(['ab'] * 1000)"),
    "table_at_start": ("""
        def f(k):
            table = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8}
            return table[k]
        """, "f('a')", "f('h')"),
    "tested_first": ("""
        def f(d, ks):
            out = 0
            for k in ks:
                try:
                    out += d[k] if k else 0
                except KeyError:
                    out += 1
                try:
                    v = d[k]
                except KeyError:
                    v = 0
                out += v
            return out
        """, "f(dict.fromkeys(range(1000), 1), range(1000))", "f({}, [0] * 1000)"),
    "hoisted_call": ("""
        def f(words, query):
            count = 0
            for w in words:
                if w == query.lower():
                    count += 1
            return count
        """, "f(['a'] * 1000, 'A')", "f(['a'] * 1000, 'A' * 2000)"),
    "flushed_once": ("""
        def f(n):
            with open("/dev/null", "w", 1) as out:
                for i in range(n):
                    out.write("abc\\n")
            return n
        """, "f(2)", "f(3000)"),
    "cached_function": ("""
        def f(n):
            if n < 2:
                return n
            return f(n - 1) + f(n - 2)
        """, "f(1)", "f(18)"),
    "local_attribute": ("""
        import math
        def f(n):
            total = 0.0
            for i in range(n):
                total += math.sqrt(i)
            return total
        """, "f(2)", "f(3000)"),
    "numpy_rows": ("""
        import numpy as np
        def f(a, n):
            count = 0
            for i in range(n):
                if a[i] > 0.5:
                    count += 1
            return count
        """, "f(np.linspace(0, 1, 20000), 2)", "f(np.linspace(0, 1, 20000), 20000)"),
    "numpy_rows append": ("""
        import numpy as np
        def f(n):
            a = np.zeros(0)
            for i in range(n):
                a = np.append(a, i * 0.5)
            return a.tolist()
        """, "f(2)", "f(10000)"),
    "numpy_rows searchsorted": ("""
        import numpy as np
        def f(edges, xs):
            out = []
            for x in xs:
                out.append(np.searchsorted(edges, x))
            return out
        """, "f(np.arange(9.0), [1.0, 2.0])", "f(np.arange(9.0), [1.0] * 3000)"),
}


def rewritten(rule, text):
    """The source with the rule's first prescription made."""
    source = SourceFile.from_bytes("x.py", text.encode())
    for function in source.functions:
        for p in rule.find(Context(source, function)):
            if not isinstance(p, Remark):
                return source.apply(p.additions + p.edits).decode()
    return None


def best_s(call, seconds):
    """The least time of one call, of at least 5."""
    best, end, count = float("inf"), time.perf_counter() + seconds, 0
    while count < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        count += 1
    return best


def gains(name, seconds):
    """[(call, seconds before, seconds after)], or None where the rule proposes nothing on this Python."""
    text, *calls = PROGRAMS[name]
    text = textwrap.dedent(text)
    new_text = rewritten(importlib.import_module(f"hasten.fix.rules.{name.split()[0]}"), text)
    if new_text is None:
        return None
    out = []
    for call in calls:
        sides = []
        for side in (text, new_text):
            names = {"__name__": "x"}
            exec(compile(side, "x.py", "exec"), names)
            function, _, arguments = call.partition("(")
            prepared = eval(f"[{arguments[:-1]}]" if not function.startswith("Page") else "None", names)
            sides.append((lambda n=names, c=call: eval(c, n)) if prepared is None else
                         (lambda f=names[function], a=prepared: f(*a)))
        if repr(sides[0]()) != repr(sides[1]()):
            raise SystemExit(f"{name}: {call}: the answers differ")
        out.append((call, best_s(sides[0], seconds), best_s(sides[1], seconds)))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rules", nargs="*", metavar="RULE")
    parser.add_argument("--seconds", type=float, default=0.05, help="for each side of each call")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    found = {}
    for name in PROGRAMS:
        if options.rules and name.split()[0] not in options.rules:
            continue
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                measured = gains(name, options.seconds)
        except ImportError as error:
            print(f"{name:26} not measured: {error}")
            continue
        if measured is None:
            print(f"{name:26} proposes nothing on Python {sys.version.split()[0]}")
            continue
        found[name] = [before / after for _, before, after in measured]
        print(f"{name:26} " + "   ".join(f"{before * 1e6:9.1f} -> {after * 1e6:8.1f} us ({before / after:.2f}x)"
                                         for _, before, after in measured))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
