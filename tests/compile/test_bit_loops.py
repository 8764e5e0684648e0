"""Loops that clear or shift the bits of a number: counted at once or without looks at signals, with Python's answers wherever they end."""

import os
import re
import signal
import subprocess
import sys

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
pytest.importorskip("hasten._compile")

NUMBERS = [0, 1, 2, 3, 0b1011, 0xFFFFFFFF, 2**32, 2**62, 2**62 - 1, 2**63 - 1, 0x5555555555555555, True, 2**63, 2**64 - 1, 2**200 - 1]

PROGRAM = '''
def cleared(x):
    count = 0
    while x:
        x &= x - 1
        count += 1
    return count


def cleared_while_above_zero(x):
    left = x
    while left > 0:
        left = (left - 1) & left
        x += 3
    return x


def cleared_unlike_zero(x):
    count = 7
    while x != 0:
        count -= 2
        x = x & (x - 1)
    return x, count


def counted_from(x, start, sign):
    up = down = start
    while x:
        x &= x - 1
        up += 1
        down -= 1
    return up, down, x


def last_but_one(x):
    before = -1
    while x:
        before = x
        x &= x - 1
    return before


def sums_on_the_way(x):
    total = 0
    while x:
        total += x
        x &= x - 1
    return total


def of_all(n):
    total = 0
    for k in range(n):
        total += cleared(k) * k
    return total


def mirrored(x):
    result = 0
    while x:
        result = (result << 1) | (x & 1)
        x >>= 1
    return result


def mirrored_and_more(x):
    result = 0
    while x:
        result = (result << 1) + (x & 3)
        x >>= 1
    return result


def mirrored_from_one(x):
    result = 1
    while x:
        result = result << 1 | x & 1
        x >>= 1
    return result


def mirrors(start, n):
    total = 0
    for k in range(start, n):
        total ^= mirrored(k) ^ mirrored_from_one(k)
    return total


def palindromes(n):
    same = 0
    for k in range(n):
        same += mirrored(k) == k
    return same


def all_mirrors(start, n):
    total = 0
    for k in range(start, n):
        total ^= mirrored(k) ^ mirrored_from_one(k) ^ mirrored_and_more(k)
    return total


def taken_lowest_first(x):
    rounds = total = 0
    while x:
        bit = x & -x
        x ^= bit
        rounds += 1
        total ^= bit * rounds
    return rounds, total


def subtracted_lowest_first(x):
    rounds = 0
    while x:
        bit = -x & x
        x -= bit
        rounds += bit & 7
    return rounds


def lowest(x):
    bit = x & -x
    return bit, x ^ bit, x - bit, bit == x, x ^ bit == 0


def lowest_alone(x):
    return x & -x


def cleared_once(x):
    bit = x & -x
    return 1 if x ^ bit == 0 else x ^ bit


def negated_too(x):
    return -x, x & -x


def doubled(x, y):
    return (x | y) << 1


def lengths(n):
    total = 0
    for k in range(n):
        while k > 0:
            k >>= 3
            total += 1
    return total
'''


def compiled():
    plain, native = {}, {}
    exec(PROGRAM, plain)
    exec(PROGRAM, native)
    for name, value in list(native.items()):
        if callable(value):
            native[name] = hasten.jit(value)
    return plain, native


@pytest.mark.parametrize(
    "name",
    ["cleared", "cleared_while_above_zero", "cleared_unlike_zero", "last_but_one", "sums_on_the_way", "mirrored", "mirrored_and_more", "mirrored_from_one"],
)
@pytest.mark.parametrize("first", [5, 2**63 - 1, 2**64])
def test_answers(name, first):
    plain, native = compiled()
    for x in [first, *NUMBERS, *NUMBERS]:
        expected, got = plain[name](x), native[name](x)
        assert (got, type(got)) == (expected, type(expected)), x


@pytest.mark.parametrize("name", ["taken_lowest_first", "subtracted_lowest_first"])
def test_loops_over_the_lowest_bits(name, tmp_path):
    plain, native = compiled()
    for x in [*NUMBERS, *NUMBERS]:
        expected, got = plain[name](x), native[name](x)
        assert (got, type(got)) == (expected, type(expected)), x
    assert "@hj_poll" not in dumped(f"{name}(2**40)", tmp_path)


@pytest.mark.parametrize("name", ["lowest", "lowest_alone", "cleared_once", "negated_too", "doubled"])
def test_what_flags_tell(name):
    plain, native = compiled()
    edges = [power + more for power in (2**61, 2**62, 2**63, -(2**62), -(2**63)) for more in (-2, -1, 0, 1, 2)]
    for x in [3, *edges, *NUMBERS, -1, -8]:
        for args in [(x, 0), (x, 5), (0, x)] if name == "doubled" else [(x,)]:
            expected, got = plain[name](*args), native[name](*args)
            assert (got, type(got)) == (expected, type(expected)), args


@pytest.mark.parametrize("call, without", [("lowest(2**40)", "@llvm.ssub.with.overflow.i64(i64 0,"), ("doubled(2**40, 1)", ", 4611686018427387904")])
def test_flags_are_asked(call, without, tmp_path):
    assert without not in dumped(call, tmp_path)


def test_negative_numbers_are_not_above_zero():
    plain, native = compiled()
    for x in (5, -1, -5, -(2**63), -(2**70)):
        assert native["cleared_while_above_zero"](x) == plain["cleared_while_above_zero"](x)


@pytest.mark.parametrize("start", [0, 5, 2**63 - 4, 2**63 - 3, 2**63 - 1, -(2**63), 3 - 2**63])
def test_counts_go_beyond_int64(start):
    plain, native = compiled()
    native["counted_from"](1, 0, 0)
    for x in (0b111, 0b101, 1, 0, 2**63 - 1, 0b1110):
        assert native["counted_from"](x, start, 1) == plain["counted_from"](x, start, 1)


@pytest.mark.parametrize("name, args", [
    ("of_all", (3_000,)), ("lengths", (3_000,)), ("palindromes", (3_000,)), ("mirrors", (0, 3_000)), ("mirrors", (2**62 - 20, 2**62 + 20)),
    ("mirrors", (2**61 - 20, 2**61 + 20)), ("mirrors", (2**63 - 20, 2**63 - 1)), ("all_mirrors", (2**61 - 20, 2**61 + 20)), ("all_mirrors", (2**62 - 20, 2**62 + 20)),
])
def test_taken_into_a_loop(name, args):
    plain, native = compiled()
    for _ in range(2):
        assert native[name](*args) == plain[name](*args)


def dumped(call, tmp_path):
    """The optimized code of what the call compiles last."""
    (tmp_path / "program.py").write_text(
        "import hasten\n" + PROGRAM + "\nfor name, value in list(globals().items()):\n"
        "    if callable(value):\n        globals()[name] = hasten.jit(value)\n" + call + "\n")
    environment = {**os.environ, "HASTEN_JIT_DUMP": "1", "HASTEN_JIT_CACHE": "off"}
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stderr.split("; ModuleID")[-1]


@pytest.mark.parametrize("call", ["cleared(2**40)", "cleared_while_above_zero(2**40)", "counted_from(2**40, 2**40, 1)", "of_all(10**5)"])
def test_bits_are_counted_by_one_instruction(call, tmp_path):
    assert re.search(r"= call .*@llvm\.ctpop\.i64\(", dumped(call, tmp_path))


def test_a_loop_of_as_many_rounds_as_bits_does_not_poll(tmp_path):
    """Those of the function itself do, for any number; taken in by another that has no negative ones they do not."""
    code = dumped("lengths(10**5)", tmp_path)
    assert code.count("call preserve_mostcc i32 @hj_poll") == 1
    code = dumped("palindromes(10**5)", tmp_path)
    body = code[code.index("@hasten_body_0("):]
    body = body[:body.index("\n}")]
    assert " lshr i64 " in body and " ashr i64 " not in body
    assert body.count("call preserve_mostcc i32 @hj_poll") == 1  # the call that was taken in has none


def test_a_signal_ends_what_would_never_end():
    _, native = compiled()
    assert native["mirrored_from_one"](6) == 0b1011

    class Rang(Exception):
        pass

    def ring(*_):
        raise Rang

    def without_end(x):
        rounds = 0
        while x:
            x >>= 1
            rounds ^= 1
        return rounds

    endless = hasten.jit(without_end)
    assert endless(2**40) == 1
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(Rang):
            endless(-1)
    finally:
        signal.signal(signal.SIGALRM, before)
