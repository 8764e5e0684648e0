"""Random functions over ints around 64 and 128 bits: masks, products that are reduced at once, hashes, generators of random
numbers, and what such ints meet elsewhere."""

from __future__ import annotations

import random

MASK = 2**64 - 1
SIZES = [31, 32, 53, 62, 63, 64, 65, 70, 126, 127, 128, 130, 200]
FACTORS = [3, 31, 33, 0x100000001B3, 0x9E3779B97F4A7C15, 6364136223846793005, 0xBF58476D1CE4E5B9, 2**61 - 1, 2**40 + 15]
MODULI = [2**61 - 1, 2**62 - 57, 2**64 - 59, 2**64 + 13, 2**31 - 1, 10**9 + 7, 2**127 - 1, 2**126 + 1, -(2**63), -10007]
BOUNDS = [f" & {MASK}", f" & {2**63 - 1}", f" & {2**32 - 1}", f" & {2**100 - 1}", f" % {2**64}", f" % {2**32}", " % MODULUS", " & GMASK", " % (z | 1)", " >> 3", ""]  # fmt: skip
ASIDE = [
    "t.append(x >> 40)", "t.append(x)", "d[x & 7] = y", "d[x] = i", "t.append(x % 97 / 3)", "t.append(x / (y | 1))",
    "t.append(float(x))", "t.append(x * 0.5)", "t.append(x < y)", "t.append(x == 1.5)", "t.append(abs(x))", "t.append(-y)", "t.append(~x)",
    "t.append((x, y))", "t.append(bool(x))", "t.append(str(x))", "t.append(t[x & 3 if len(t) > 3 else 0] if t else z)", "t.append(divmod(x, y | 1))",
    "x, y = y, x", "z = x if x > y else z", "t.append(int(x) + True)", "t.append(min(x, y, z))", "t.append(pow(x, 5, (y & 1023) + 2))",
    "t.append(x.bit_length())", "t.append(hash(y))", "t.append(x in d)", "t.append(1 // (i - STOP))", "t.append(f'{x:x} {y}')",
]  # fmt: skip


def value(rng: random.Random) -> int:
    size = rng.choice(SIZES)
    n = rng.choice([2**size, 2**size - 1, 2**size + 1, rng.randrange(2**size), rng.randrange(100)])
    return -n if rng.random() < 0.25 else n


def term(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(["x", "x", "y", "z", "i", str(rng.choice(FACTORS)), f"({value(rng)})", "MODULUS"])
    op = rng.choice(["+", "+", "-", "*", "*", "*", "&", "|", "^", "^", "//", "%", ">>", "<<"])
    left = term(rng, depth - 1)
    if op in (">>", "<<"):
        return f"({left} {op} {rng.choice([1, 7, 13, 31, 32, 63, 64, 65, rng.randint(0, 130)])})"
    right = term(rng, depth - 1)
    if op in ("//", "%") and rng.random() < 0.8:
        right = f"({right} | 1)"
    return f"({rng.choice(['-', '~'])}{left})" if rng.random() < 0.08 else f"({left} {op} {right})"


def function(rng: random.Random, name: str) -> str:
    lines = [f"def {name}(n, x, y, z):", "    t, d = [], {}", "    for i in range(n):"]
    for _ in range(rng.randint(1, 5)):
        if rng.random() < 0.3:
            lines.append("        " + rng.choice(ASIDE).replace("STOP", str(rng.choice([3, 30, 1000]))))
            continue
        target = rng.choice("xxyz")
        if rng.random() < 0.3:  # in steps
            op = rng.choice(["+", "-", "*", "^", "|", "&"])
            lines.append(f"        {target} {op}= {term(rng, 1)}")
            lines.append(f"        {target} = {target}{rng.choice(BOUNDS[:-2])}")
        else:
            lines.append(f"        {target} = ({term(rng, rng.randint(1, 3))}){rng.choice(BOUNDS)}")
        if rng.random() < 0.15:
            lines.append(f"        if {target} {rng.choice(['<', '>', '==', '>='])} {value(rng)}:")
            lines.append(f"            {rng.choice('xyz')} = {term(rng, 1)}{rng.choice(BOUNDS)}")
        lines.append(f"        if {target}.bit_length() > 900: {target} = 5")
    lines.append("    return x, y, z, t, d")
    return "\n".join(lines)


def generate_wholes(rng: random.Random, density: int = 1) -> str:
    """A program as program.generate makes it."""
    parts = [f"MODULUS = {rng.choice(MODULI)}\nGMASK = {rng.choice([MASK, 2**63 - 1, 2**64, 2**32 - 1])}\n"]
    calls = []
    for k in range(rng.randint(1, 3)):
        parts.append(function(rng, f"f{k}") + "\n")
        for _ in range(rng.randint(2, 5) * density):
            args = [rng.choice([0, 1, 4, 40])] + [rng.choice([value(rng), rng.randint(-3, 99), rng.randrange(2**64)]) for _ in range(3)]
            if rng.random() < 0.05:
                args[rng.randint(1, 3)] = rng.choice([True, 2.5, "a", None])
            calls += [(k, args)] * rng.choice([1, 2, 3])
    for number, (k, args) in enumerate(calls):
        parts.append(f"def call_{number}():\n    return ('call', 'f{k}', {args!r}, {{}})\n")
    return "\n".join(parts)
