"""Ints beyond 64 bits: the same as CPython's at every border, whatever they meet, and wherever native code leaves."""

import importlib.util
import itertools
import random
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

sys.path.insert(0, str(Path(__file__).parent))

from test_objects import check, outcome  # noqa: E402

MASK = 2**64 - 1
BORDERS = [2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**65 + 3, 2**126, 2**127 - 1, 2**127, 2**128, 2**200]
VALUES = sorted({s * v for v in BORDERS for s in (1, -1)} | {0, 1, -1, 2, 7, -13, 63, 64, 127, 2**53 + 1, -(2**63) - 1})
OTHERS = [True, False, 0.0, -2.5, 1e30, float("inf"), float("nan"), None, "a", 1j]
BINARY = ["+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>", "/", "<", "<=", "==", "!=", ">", ">="]
# What the first call compiles for.
SEEDS = [(2**63 + 9, 3), (-(2**100), MASK), (5, 2**70), (2**64 - 59, 2**63 + 1), (2**90, 0.5), (True, 2**80)]


def load(folder, source):
    """A module of its own file, as hasten reads what it compiles."""
    path = folder / "functions.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("functions", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def small_shift(op, b):
    return op not in ("<<", ">>") or not isinstance(b, int) or abs(b) < 1000


@pytest.mark.parametrize("op", BINARY)
def test_an_operation_on_any_two_values(op, tmp_path):
    f = load(tmp_path, f"def f(a, b):\n    return a {op} b\n").f
    for seed in SEEDS:
        if not small_shift(op, seed[1]):
            seed = (seed[0], 40)
        compiled = hasten.jit(f)
        outcome(compiled, seed, {})
        for a, b in itertools.product(VALUES + OTHERS, repeat=2):
            if small_shift(op, b):
                assert outcome(compiled, (a, b), {}) == outcome(f, (a, b), {}), (seed, a, b)


@pytest.mark.parametrize("op", ["+", "-", "*", "//", "%", "&", "|", "^", "<", "=="])
def test_an_operation_with_a_constant(op, tmp_path):
    constants = [v for v in VALUES if abs(v) > 2**62 and abs(v) < 2**129]
    source = "".join(
        f"def right{k}(a):\n    return a {op} ({c})\ndef left{k}(a):\n    return ({c}) {op} a\n" for k, c in enumerate(constants)
    )
    module = load(tmp_path, source)
    for name in dir(module):
        if name.startswith(("left", "right")):
            f = getattr(module, name)
            compiled = hasten.jit(f)
            for a in [3, 2**63, *VALUES, 0.5, True, None]:
                assert outcome(compiled, (a,), {}) == outcome(f, (a,), {}), (name, a)


def unary(a):
    return -a, +a, ~a, abs(a), bool(a), not a, float(a), int(a), hash(a), str(a), f"{a:x}", a.bit_length(), divmod(a, 7)


def halved(a):
    if a:
        r = 1
    else:
        r = 0
    while a > 2**63:
        a >>= 1
        r += 1
    return r, a, a if a < 2**64 else None


@pytest.mark.parametrize("f", [unary, halved])
def test_one_value(f):
    for seed in (2**63, 2**64, -(2**80), 5):
        compiled = hasten.jit(f)
        outcome(compiled, (seed,), {})
        for a in VALUES:
            assert outcome(compiled, (a,), {}) == outcome(f, (a,), {}), (seed, a)


def elsewhere(a, table):
    out = [a, (a, 1), {a: 2}]
    table[a] = a
    out.append(a in table)
    out.append([a, 1][0] == a)
    out.append(max(a, 5))
    out.append(min(a, 5))
    out.append(pow(a, 3, 1000003))
    out.append(pow(3, 5, a) if a else None)
    out.append("%d" % a)
    out.append(sorted([a, 3, -a]))
    out.append(sum([a, a, 1]))
    return out


def as_index(a):
    try:
        return [1, 2, 3][a]
    except IndexError as error:
        return str(error)


def as_range(a):
    n = 0
    for i in range(a, a + 3):
        n += i
    return n


@pytest.mark.parametrize("f", [as_index, as_range])
def test_a_wide_int_where_a_narrow_one_is_wanted(f):
    for a in (2**63, 2**64, -(2**70)):
        compiled = check(f, a)
        check(f, 2, compiled=compiled)


def test_wide_ints_in_containers():
    for a in VALUES:
        compiled = check(elsewhere, a, {})
        check(elsewhere, 2**64 - 1, {}, compiled=compiled)


def linear_congruential(n, x):
    for _ in range(n):
        x = (x * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    return x


def with_globals(n, x):
    out = []
    for _ in range(n):
        x = (x * 0xDA942042E4DD58B5 + MASK) & MASK
        out.append(x >> 40)
    return out, x


def by_power_of_two(n, x):
    for _ in range(n):
        x = (x * 3935559000370003845 - 7) % 2**64
    return x


def fnv(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def fnv_in_steps(text):
    h = 14695981039346656037
    for c in text:
        h ^= ord(c)
        h *= 1099511628211
        h &= 0xFFFFFFFFFFFFFFFF
    return h


def splitmix(n, state):
    out = 0
    for _ in range(n):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        out ^= z ^ (z >> 31)
    return out


def splitmix_in_steps(n, state):
    out = []
    for _ in range(n):
        state += 0x9E3779B97F4A7C15
        state &= MASK
        z = state
        z ^= z >> 30
        z *= 0xBF58476D1CE4E5B9
        z &= MASK
        z ^= z >> 27
        out.append(z)
    return out


def xorshift(n, x):
    for _ in range(n):
        x ^= (x << 13) & MASK
        x ^= x >> 7
        x ^= (x << 17) & MASK
    return x


def xorshift_star(n, x):
    out = []
    for _ in range(n):
        x ^= x >> 12
        x = (x ^ (x << 25)) & MASK
        x ^= x >> 27
        out.append((x * 0x2545F4914F6CDD1D & MASK) / 2**64)
    return out


def rotated(n, x):
    for k in range(n):
        x = ((x << 7) | (x >> 57)) & MASK
        x = (~x + k) & MASK
        x = -x & MASK
    return x


def power(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def miller_rabin(n):
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd //= 2
        twos += 1
    for witness in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        if n == witness:
            return True
        x = power(witness, odd, n)
        if x == 1 or x == n - 1:
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def grows(n, x):
    out = []
    for i in range(n):
        x = x * 3 + i
        out.append(x)
    return x, out


def factorial(n):
    x = 1
    for i in range(1, n + 1):
        x *= i
    return x


def shrinks(x):
    steps = 0
    while x:
        x = x // 3 if x % 2 else x - 5
        steps += 1
        if steps > 400:
            break
    return x, steps


def fixed_point(n, x):
    total = 0
    for i in range(n):
        y = (x * (i + 12345678901)) >> 32
        total += (y * y) >> 40
        total %= 2**80
    return total


def handled(values):
    told = []
    for v in values:
        try:
            told.append((v * v) % (v - 2**64))
            told.append((v << 70) // (v & 1))
        except ZeroDivisionError as error:
            told.append(str(error))
    return told


def raises_in_between(n, x, stop):
    seen = []
    for k in range(n):
        x = (x * 0xBF58476D1CE4E5B9 + len(seen[k - stop : k]) + 1 // (k - stop)) & MASK
        seen.append(x)
    return x


def doubled(n, x):
    return n if x > 2**90 else doubled(n + 1, x * 3)


def optional(n):
    x = None
    for k in range(n):
        x = 2**63 + k if x is None else x * 5 % 2**63 if k % 3 else None
    return x


def mixed(values):
    total = 0
    for v in values:
        total += v
    return total


RUNS = [
    (linear_congruential, [(3, 1), (500, 42), (500, 2**64 - 1), (10, -5), (10, 2**130)]),
    (with_globals, [(200, 1), (200, 2**63), (3, -1)]),
    (by_power_of_two, [(200, 1), (200, 2**64 - 1), (20, -(2**90))]),
    (fnv, [(bytes(range(256)),), (b"",), ([1, 2**70, -1],)]),
    (fnv_in_steps, [("hello w\u00f6rld" * 40,), ("",)]),
    (splitmix, [(300, 0), (300, MASK), (300, -1), (5, 2**127)]),
    (splitmix_in_steps, [(300, 0), (300, MASK), (300, -1)]),
    (xorshift, [(300, 88172645463325252), (300, 2**64 - 1), (300, 1)]),
    (xorshift_star, [(300, 88172645463325252), (300, 2**64 - 1), (300, 1)]),
    (rotated, [(300, 1), (300, 2**63), (300, MASK)]),
    (
        power,
        [
            (3, 2**61 - 1, 2**62 - 57), (3, 2**64, 2**64 - 59), (5, 2**65 - 1, 2**65 + 131), (7, 12345, 1009), (-3, 2**70, -(2**66)),
            (2**90, 2**60, 2**126 + 1), (2**126, 99, 2**127 - 1), (2**127, 99, 2**127), (3, 5, 0), (MASK, MASK, MASK - 2), (2, 9, -(2**63)),
            (-(2**63), 3, 2**62 + 1), (2**63 - 1, 77, -(2**63) + 1),
        ],
    ),
    (miller_rabin, [(2**61 - 1,), (2**64 - 59,), (2**64 + 13,), (2**64 - 1,), (101,), (2**89 - 1,), (2**127 - 1,), (2**129 + 1,)]),
    (grows, [(20, 1), (200, 2**60), (200, -(2**62)), (90, -1)]),
    (factorial, [(5,), (20,), (21,), (33,), (34,), (60,)]),
    (shrinks, [(10**18,), (2**100,), (-(2**100),), (2**300,)]),
    (fixed_point, [(50, 3), (300, 2**50 + 1), (300, -(2**61))]),
    (handled, [([1, 2, 3],), ([2**64, 5, 2**63, 2**64 - 1, -(2**64), 2**126],)]),
    (raises_in_between, [(20, 5, 30), (20, 2**63, 30), (20, 5, 10), (20, 2**64 - 1, 10)]),
    (doubled, [(0, 1), (0, 2**63)]),
    (optional, [(1,), (50,)]),
    (mixed, [([1, 2],), ([2**63, 2**64 - 1],), ([2**63, 0.5, True, -(2**126)],), ([2**126, 2**126, 2**127, 3],), ([2**64, 1j],)]),
]  # fmt: skip


@pytest.mark.parametrize(("f", "calls"), RUNS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_program(f, calls):
    compiled = hasten.jit(f)
    for args in calls:
        check(f, *args, compiled=compiled)
    for args in calls:  # the first one decides what the first version is made for
        check(f, *args)


def identity(a):
    b = a * 2**60 >> 60
    return (b - 2**63 if a == 2**63 else b) if a else 0


def test_small_results_are_the_cached_objects():
    compiled = hasten.jit(identity)
    for _ in range(3):
        for a in (2**63, 2**63 + 5, 2**64, 0):
            compiled(a)
    assert compiled(2**63) is identity(2**63)


def lifted(n):
    x = 2**62
    for _ in range(n):
        x = x * 2 - 5
        if x > 2**100:
            x = x >> 40
    return x


def test_native_code_stays_native():
    """Once its overflow has been met, the loop runs without leaving."""
    compiled = hasten.jit(lifted)
    for _ in range(4):
        compiled(5000)
    left = landings(compiled)
    compiled(5000)
    assert landings(compiled) == left
    for f, args in ((linear_congruential, (9, 1)), (splitmix, (9, 7)), (fnv, (b"abc",))):
        compiled = hasten.jit(f)
        compiled(*args)
        assert landings(compiled) == 0, f


def landings(compiled):
    report = compiled.report()
    assert report["tier"] == "native"
    return sum(landing["count"] for landing in report["landings"])


OPERATIONS = ["+", "-", "*", "&", "|", "^", "//", "%", ">>", "<<"]


def random_term(rng, names, depth):
    if depth == 0 or rng.random() < 0.2:
        return rng.choice([*names, *names, str(rng.choice([1, 3, 31, 0x9E3779B97F4A7C15, 2**61 - 1, MASK, 2**40 + 15]))])
    op = rng.choice(OPERATIONS)
    left = random_term(rng, names, depth - 1)
    if op in (">>", "<<"):
        return f"({left} {op} {rng.randint(0, 70)})"
    right = random_term(rng, names, depth - 1)
    if op in ("//", "%"):
        right = f"({right} | 1)"
    return f"(-{left})" if rng.random() < 0.05 else f"({left} {op} {right})"


@pytest.mark.parametrize("seed", range(12))
def test_random_loops(seed, tmp_path):
    rng = random.Random(seed)
    source = ""
    for k in range(4):
        names = ["x", "y", "z", "i"]
        body = ""
        for name in rng.choices("xyz", k=4):
            term = random_term(rng, names, 3)
            bound = rng.choice([f" & {MASK}", f" % {2**64 - 59}", f" & {2**32 - 1}", f" % {2**64}", f" & {2**100 - 1}", f" % ({2**64 + 13})", f" % (z | 1)"])
            body += f"        {name} = ({term}){bound}\n"
        source += f"def f{k}(n, x, y, z):\n    for i in range(n):\n{body}    return x, y, z\n"
    module = load(tmp_path, source)
    for k in range(4):
        f = getattr(module, f"f{k}")
        compiled = hasten.jit(f)
        for _ in range(6):
            args = (rng.choice([3, 40]), *(rng.choice([1, 77, -5, rng.choice(VALUES), rng.randrange(2**64)]) for _ in range(3)))
            for _ in range(2):
                assert outcome(compiled, args, {}) == outcome(f, args, {}), (source, k, args)
