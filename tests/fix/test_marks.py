"""Marks of branches: they tell the call that takes each first, and change nothing."""

import ast
import textwrap

import pytest

from hasten.fix.trial.marks import Marks


@pytest.fixture
def marked():
    """marked(source of f) -> (f with marks, its Marks, f without)."""
    def mark(text):
        text = textwrap.dedent(text)
        tree = ast.parse(text)
        marks = Marks("test")
        marks.put_into(tree.body[0])
        sides = {}, {}
        exec(compile(tree, "marked", "exec"), sides[0])
        exec(text, sides[1])
        return sides[0]["f"], marks, sides[1]["f"]
    return mark


def first_taken(f, marks, plain, arguments):
    for number, argument in enumerate(arguments, 1):
        marks.current = number
        assert repr(f(argument)) == repr(plain(argument))
    return marks.first


@pytest.mark.parametrize("text, arguments, first", [
    ("def f(n):\n    if n > 2:\n        return 1\n    return 0", [1, 2, 3], [3, 1]),
    ("def f(n):\n    if n > 2:\n        return 1\n    elif n:\n        return 2\n    return 0", [0, 1, 3], [2, 1, 3]),
    ("def f(n):\n    for i in range(n):\n        n += i\n    while n > 5:\n        n -= 1\n    return n", [0, 1, 4], [2, 1, 3, 1]),
    ("def f(n):\n    while n != 3:\n        if n > 3:\n            return 0\n        n += 1\n    return 1", [5, 5, 2], [1, 1, 3, 3]),
    ("def f(n):\n    try:\n        return 1 / n\n    except ZeroDivisionError:\n        return None", [1, 0], [2]),
    ("def f(n):\n    return 'a' if n else 'b'", [0, 1], [2, 1]),
    ("def f(n):\n    return n and n - 1 or 7", [0, 0, 3, 1], [3, 1]),
    ("def f(n):\n    return [x for x in range(n) if x > 1], {x: 1 for x in range(n)}, {x for x in range(n) if x > 9}", [1, 3], [2, None]),
    ("def f(n):\n    match n:\n        case [x]:\n            return x\n        case _:\n            return None", [2, [1]], [2, 1]),
    ("def f(n):\n    g = lambda x: x if x else n\n    return g(n) + (sum(k for k in [n] if k) or 0)", [0, 1], [2, 1, 2, 1]),
])
def test_each_branch_tells_the_call_that_takes_it_first(marked, text, arguments, first):
    assert sorted(map(str, first_taken(*marked(text), arguments))) == sorted(map(str, first))


def test_a_mark_is_closed_once_taken(marked):
    f, marks, _ = marked("def f(n):\n    for i in range(n):\n        pass")
    calls = []
    taken = marks._taken
    import builtins
    builtins._hasten_trial_take_test = lambda number: (calls.append(number), taken(number))[1]
    marks.current = 1
    f(100)
    assert calls == [0, 1]  # the body and the end
