"""Compiled code that writes texts and copies dicts: formats, texts that grow, displays of constants, sorted characters."""

import itertools
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")

sys.path.insert(0, str(Path(__file__).parent))

from test_objects import check, outcome  # noqa: E402


def formatted(value, spec):
    return (f"{value:{spec}}",)


SPECS = [
    fill + width + precision + kind
    for fill, width, precision, kind in itertools.product(
        ("", "<", ">", "^", "=", "*<", "é<", ">>", "0=", "+", "-", "#", "z"),
        ("", "0", "5", "05", "12", "1001", ","),
        ("", ".2", ".0", ".", ".12"),
        ("", "d", "f", "s", "x", "g", "%", "q", "n"),
    )
]
VALUES = [0, -1, 255, 1234567, 2**62, -(2**63), 2**64, True, "", "a", "abcdefgh", "äb", "日本", 1.5, -0.0, 2.0**53, None, 3 + 2j]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_formats_of_all_forms(value):
    compiled = hasten.jit(formatted)
    for spec in SPECS:
        assert outcome(compiled, (value, spec), {}) == outcome(formatted, (value, spec), {}), spec


def fixed(value, width, places):
    return f"{value:{width}.{places}f}", f"{value:.{places}f}", f"{value:0{width}.{places}f}", f"{value:*^{width}.2f}"


def test_floats_are_rounded_as_cpython_rounds_them():
    draw = random.Random(5)
    special = [0.0, -0.0, 0.5, 1.5, 2.5, 0.125, -0.375, 1e15, 2.0**53 - 1, 1e300, 5e-324, 1.005, 2.675, 9.995, 0.9999999999]
    special += [float("nan"), float("inf"), -float("inf"), 4503599627370496.5, 9007199254740991 / 2, 1e-39, 2.0**-64]
    compiled = hasten.jit(fixed)
    for _ in range(20_000):
        value = draw.choice(
            (
                struct.unpack("d", draw.randbytes(8))[0],
                draw.uniform(-1000, 1000),
                draw.randrange(-(10**6), 10**6) / draw.choice((2, 8, 64, 1024, 100, 1000)),
                draw.choice(special),
            )
        )
        given = value, draw.choice((1, 8, 20)), draw.choice((0, 1, 2, 3, 6, 9, 10, 12))
        assert compiled(*given) == fixed(*given), given


def padded_to_itself(text):
    return f"{text:3}" is text, f"{text:9}"


def test_a_text_that_fills_its_width_is_itself():
    check(padded_to_itself, "abcd")
    check(padded_to_itself, "ab")


def grown(parts, times):
    text, other, lengths = "", "", []
    for part in parts:
        text += part
        lengths.append(len(text))
        other = other + part
    many = ""
    for k in range(times):
        many += parts[k % len(parts)]
    return text, other, many, lengths, hash(text), {text: 1}[other]


def test_texts_grow_through_all_sizes():
    draw = random.Random(7)
    compiled = hasten.jit(grown)
    for _ in range(300):
        some = ["a", "", "bc", "x" * draw.randrange(20), "é", "日", "q" * draw.randrange(300)]
        given = [draw.choice(some) for _ in range(draw.randrange(1, 30))], draw.randrange(700)
        assert compiled(*given) == grown(*given)


def kept_while_it_grows(letters):
    text, kept = "", []
    for letter in letters:
        text += letter
        kept.append(text)
    table = {}
    word = ""
    for letter in letters:
        word += letter
        table[word] = len(word)  # its hash is known now
    return kept, table


def test_a_text_that_somebody_else_has_does_not_change():
    check(kept_while_it_grows, "abcdefghijklmnopqrstuvwxyz")
    check(kept_while_it_grows, ["ab", "é", "", "c", "日"])


def constants(n):
    table = {"a": 1, "b": 2.5, 3: "c", None: True, "a": -0.0, 1: "one", True: "true"}  # noqa: F601
    table[n] = n
    if n % 3 == 0:
        del table["b"]
    return table, list(table), {"x": 1} is {"x": 1}, {}


def many_constants(n):
    table = {
        "a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8, "i": 9, "j": 10, "k": 11, "l": 12, "m": 13, "n": 14,
        "o": 15, "p": 16, "q": 17, "r": 18, "s": 19, "t": 20, "u": 21, "v": 22,
    }  # fmt: skip
    table["a"] += n
    return table, list(table.items())


def counted_constants(n):
    totals = []
    for k in range(n):
        counts = {"even": 1000, "odd": 2000}
        counts["odd" if k % 2 else "even"] += 300 + k
        totals.append(counts)
    return totals


def test_displays_of_constants_are_new_each_time():
    compiled = hasten.jit(constants)
    results = [compiled(n) for n in range(9)]
    assert [repr(r) for r in results] == [repr(constants(n)) for n in range(9)]
    assert len({id(r[0]) for r in results}) == 9
    many = hasten.jit(many_constants)
    assert [many(n) for n in range(5)] == [many_constants(n) for n in range(5)]
    check(counted_constants, 10)


def joined(text):
    return "".join(sorted(text)), ", ".join(sorted(text)), sorted(text)


def only_joined(text):
    key = "".join(sorted(text))
    return key, len(key), {key: text}


class Letters(str):
    __slots__ = ()

    def __iter__(self):
        return iter(["b", "a", "zz"])


@pytest.mark.parametrize("function", [joined, only_joined])
def test_sorted_characters_are_joined(function):
    texts = ["", "b", "ba", "hello world", "é", "eéa", "日本語", "zyx" * 40, "b\x00a", ("b", "a"), {"q": 1, "c": 2}, Letters("x")]
    compiled = hasten.jit(function)
    for _ in range(2):
        for text in texts:
            assert repr(compiled(text)) == repr(function(text))
    for wrong in ([1, 2], ["a", 1], [1, "a"], 5, None):
        assert outcome(compiled, (wrong,), {}) == outcome(function, (wrong,), {})
    assert hasten.jit(only_joined)("a")[0] is only_joined("a")[0]


class Key:
    told = []

    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n % 7

    def __eq__(self, other):
        Key.told.append((self.n, getattr(other, "n", other)))
        return isinstance(other, Key) and self.n == other.n

    def __repr__(self):
        return f"Key({self.n})"


def in_common(a, b):
    both = a & b
    return list(both), len(both), type(both), both is a


def merged(a, b):
    a = set(a)
    before = a
    a |= b
    more = set(b)
    more |= {1, "x"}
    return list(a), a is before, list(more)


@pytest.mark.parametrize("function", [in_common, merged])
@pytest.mark.parametrize("hash_seed", ["1", "5", "9"])
def test_sets_meet_in_the_same_order(function, hash_seed, tmp_path):
    """The hashes of texts decide where they lie: with some of them what native code had begun could not be ended by it."""
    code = f"import test_texts; test_texts.meet(test_texts.{function.__name__})"
    folders = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    settings = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": folders}
    done = subprocess.run([sys.executable, "-c", code], env=settings, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def meet(function):
    draw = random.Random(3)
    compiled = hasten.jit(function)
    makers = [
        lambda: draw.randrange(60),
        lambda: draw.randrange(-5, 5) << 40,
        lambda: str(draw.randrange(60)),
        lambda: draw.choice((1, 1.0, True, "1", 2**70, (1, 2), None, -1, -2)),
        lambda: Key(draw.randrange(20)),
    ]
    for _ in range(400):
        make = draw.choice(makers)
        a, b = ({make() for _ in range(draw.choice((0, 1, 5, 40, 300)))} for _ in range(2))
        for item in list(a)[::3]:
            a.discard(item)
        if draw.random() < 0.1:
            b = frozenset(b)
        Key.told.clear()
        expected = repr(function(a, b)), list(Key.told)
        Key.told.clear()
        assert (repr(compiled(a, b)), list(Key.told)) == expected
    assert outcome(compiled, ({1}, [1]), {}) == outcome(function, ({1}, [1]), {})


def equal_texts(a, b):
    return [(x == y, x != y) for x in a for y in b]


def test_texts_of_unknown_objects_are_compared():
    some = ["", "a", "b", "ab", "ac", "é", "日", "日本", "a\x00", Letters("a"), 1, None, b"a"]
    check(equal_texts, some, some)
