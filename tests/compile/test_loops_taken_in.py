"""Small functions that have a loop become code of the loops that call them: answers, exceptions and where they rise stay Python's."""

import signal
import traceback

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")
pytest.importorskip("hasten._compile")


def root(parent, x):
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x


def joins(n, links):
    parent = list(range(n))
    groups = 0
    for k in range(links):
        a, b = root(parent, k * 7 % n), root(parent, k * 13 % n - n)
        if a != b:
            parent[a] = b
            groups += 1
    return groups, parent[0], parent[-1]


def leads_out(n, links):
    parent = list(range(n))
    parent[n // 2] = -n - 5
    total = 0
    for k in range(links):
        total += root(parent, k % n)
    return total


def power(a, k):
    result = 1
    while k > 0:
        result *= a
        k -= 1
    return result


def powers(a, n):
    """Beyond int64 from some k on, in the midst of the callee's loop."""
    total = 0
    for k in range(n):
        total += power(a, k)
    return total


def drops(values, least):
    while values[-1] > least:
        values.pop()
    return len(values)


def shrinks(n, down):
    """The callee shortens the list that the caller walks."""
    values = list(range(n))
    total = 0
    for k in range(n):
        total += values[k]
        total += drops(values, n - k * down)
    return total


def divided(a, b):
    steps = 0
    while a > 1:
        a //= b
        b -= 1
        steps += 1
    return steps


def handles(n):
    told = []
    for k in range(n):
        try:
            told.append(divided(100_000, k))
        except ZeroDivisionError as error:
            told.append(str(error))
    return told


FUNCTIONS = (root, power, drops, divided)
CASES = [
    (joins, (10, 40)),
    (joins, (1, 5)),
    (joins, (0, 5)),
    (leads_out, (8, 3)),
    (leads_out, (8, 30)),
    (powers, (3, 20)),
    (powers, (3, 60)),
    (powers, (-7, 90)),
    (shrinks, (20, 0)),
    (shrinks, (20, 1)),
    (shrinks, (20, 2)),
    (shrinks, (0, 2)),
    (handles, (9,)),
]


def outcome(function, arguments):
    try:
        return ("returned", repr(function(*arguments)))
    except Exception as error:  # noqa: BLE001 - whatever it raises is compared
        lines = [(f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)[1:]]
        return ("raised", type(error).__name__, str(error), lines)


@pytest.fixture
def compiled(monkeypatch):
    """All functions of this file, as hasten.jit compiles them."""
    plain = {f.__name__: f for f in (*FUNCTIONS, joins, leads_out, powers, shrinks, handles)}

    def of(function):
        for name, f in plain.items():
            monkeypatch.setitem(globals(), name, hasten.jit(f))
        return globals()[function.__name__]

    yield of


@pytest.mark.parametrize("function,arguments", CASES, ids=lambda x: getattr(x, "__name__", str(x)))
def test_same_as_python(compiled, function, arguments):
    expected = outcome(function, arguments)
    fast = compiled(function)
    for _ in range(4):
        assert outcome(fast, arguments) == expected


def test_a_signal_ends_the_callee_s_loop(compiled):
    """The handler sees the callee's line, and its exception passes through the caller."""
    seen = []

    def handler(number, frame):
        if len(seen) == 0:
            seen.append(frame.f_code.co_name)
            raise KeyboardInterrupt

    fast = compiled(joins)
    fast(50, 10)
    before = signal.signal(signal.SIGVTALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.02)
        with pytest.raises(KeyboardInterrupt) as raised:
            fast(2000, 10**9)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert seen[0] in ("joins", "root")
    names = [f.name for f in traceback.extract_tb(raised.value.__traceback__)]
    assert "joins" in names
    assert names[-1] == "handler"

