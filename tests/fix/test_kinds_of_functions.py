"""However a function is defined and called: judged, or left with the reason; a wrong rewrite of it is never the same."""

import textwrap

import pytest

from fix_judging import judge
from fix_programs import program_of

# name: (program, function, calls that are judged). Each function returns `n + 1` somehow, and a rewrite that returns
# `n + 2` is wrong.
KINDS = {
    "decorated, with wraps": ("""
        import functools
        calls = []
        def noted(function):
            @functools.wraps(function)
            def inner(*args):
                calls.append(args)
                return function(*args)
            return inner
        @noted
        def f(n):
            return n + 1
        for i in range(3): f(i)
        """, "f", (1, 3)),
    "decorated, without wraps": ("""
        def doubled(function):
            return lambda n: 2 * function(n)
        @doubled
        def f(n):
            return n + 1
        for i in range(3): f(i)
        """, "f", (1, 3)),
    "decorated with arguments, twice": ("""
        import functools
        def times(k):
            def around(function):
                @functools.wraps(function)
                def inner(n):
                    return [function(n) for _ in range(k)]
                return inner
            return around
        @times(2)
        @times(3)
        def f(n):
            return n + 1
        f(1)
        """, "f", (1, 4, 6)),
    "cached": ("""
        import functools
        @functools.lru_cache(4)
        def f(n):
            return n + 1
        for i in range(40): f(i % 7)
        """, "f", (1, 5, 20)),
    "cached and recursive": ("""
        import functools
        @functools.cache
        def f(n):
            return 1 if n <= 0 else f(n - 1) - f(n - 1) + n + 1
        f(30)
        """, "f", (1, 10, 31)),
    "a static method": ("""
        class Box:
            @staticmethod
            def f(n):
                return n + 1
        Box.f(1); Box().f(2)
        """, "Box.f", (1, 2)),
    "a class method": ("""
        class Box:
            @classmethod
            def f(cls, n):
                return n + 1
        class Sub(Box): pass
        Box.f(1); Sub.f(2)
        """, "Box.f", (1, 2)),
    "a property": ("""
        class Box:
            n = 1
            @property
            def f(self):
                return self.n + 1
        for i in range(3): Box().f
        """, "Box.f", (1, 3)),
    "a cached property": ("""
        import functools
        class Box:
            n = 1
            @functools.cached_property
            def f(self):
                return self.n + 1
        for i in range(3): Box().f
        """, "Box.f", (1, 3)),
    "a method that others inherit": ("""
        class Base:
            def f(self, n):
                return n + 1
        class Box(Base):
            def f(self, n):
                return super().f(n)
        Box().f(1)
        """, "Base.f", (1,)),
    "a special method": ("""
        class Box:
            def __init__(self, n): self.n = n
            def __add__(self, n):
                return n + 1
        Box(1) + 2; sum([3], Box(1))
        """, "Box.__add__", (1, 2)),
    "a function inside another": ("""
        def outer(k):
            def f(n):
                return n + 1 + 0 * k
            return f
        outer(1)(2); outer(2)(3)
        """, "outer.<locals>.f", (1,)),
    "recursive": ("""
        def f(n):
            return 1 if n <= 0 else f(n - 1) + 1
        f(200)
        """, "f", (1, 2, 100, 201)),
    "recursive through another": ("""
        def g(n):
            return f(n - 1)
        def f(n):
            return 1 if n <= 0 else g(n) + 1
        f(50)
        """, "f", (1, 2, 51)),
    "dispatched by type": ("""
        import functools
        @functools.singledispatch
        def f(n):
            return n + 1
        @f.register
        def _(n: str):
            return n
        f(1); f('a'); f(2)
        """, "f", (1, 2)),
    "a callback": ("""
        def f(n):
            return n + 1
        sorted([3, 1, 2], key=f); list(map(f, [1, 2]))
        """, "f", (1, 3, 5)),
    "called while another call of it runs": ("""
        def f(n, then=()):
            for call in then: call(n)
            return n + 1
        f(1, [f, lambda n: f(n, [f])])
        """, "f", (1, 2, 4)),
}


@pytest.mark.parametrize("name", KINDS)
def test_right_is_the_same_and_wrong_is_refused(write_program, name):
    program, function, calls = KINDS[name]
    script = write_program(program)
    found = judge(script, program_of(script), function, right_text(program, function), calls=calls)
    assert len(found.same) >= 1 and not found.dropped, (found.why, found.run.stderr_tail)
    wrong = judge(script, program_of(script), function, right_text(program, function).replace("n + 1", "n + 2").replace(
        ") + 1", ") + 2"), calls=calls)
    assert wrong.dropped and wrong.dropped[0]["of"] == "difference", (wrong.events, wrong.run.stderr_tail)


def right_text(program, function):
    """The function's text, with something that changes nothing."""
    lines = textwrap.dedent(program).strip().splitlines()
    name = function.rpartition(".")[2]
    first = next(i for i, line in enumerate(lines) if line.lstrip().startswith(f"def {name}("))
    indent = len(lines[first]) - len(lines[first].lstrip())
    body = []
    for line in lines[first + 1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        body.append(line)
    return textwrap.dedent("\n".join([lines[first], " " * (indent + 4) + "pass", *body])) + "\n"


@pytest.mark.parametrize("program, function, reason", [
    ("import contextlib\n@contextlib.contextmanager\ndef f(n):\n    yield n + 1\nwith f(1): pass", "f", "generator"),
    ("import asyncio\nasync def f(n):\n    return n + 1\nasyncio.run(f(1))", "f", "coroutine"),
    ("import threading\ndef f(n):\n    return n + 1\nt = threading.Thread(target=f, args=(1,))\nt.start()\nt.join()", "f", "threads"),
    ("from concurrent.futures import ThreadPoolExecutor\ndef f(n):\n    return n + 1\n"
     "with ThreadPoolExecutor(2) as pool:\n    list(pool.map(f, range(9)))", "f", "threads"),
])
def test_what_cannot_be_judged_call_by_call_says_so(write_program, program, function, reason):
    script = write_program(program + "\n")
    found = judge(script, program_of(script), function, calls=(1, 2))
    assert not found.same and reason in found.why and found.run.exit_code == 0, (found.events, found.run.stderr_tail)


def test_calls_of_a_forked_child_are_its_own(write_program):
    script = write_program("""
        import os
        def f(n):
            return n + 1
        if os.fork() == 0:
            f(1)
            os._exit(0)
        os.wait()
        f(1)
        """)
    found = judge(script, program_of(script), "f", calls=(1,))
    assert len(found.same) == 1 and not found.dropped, found.events


IN_A_LOOP = """
    import asyncio
    async def main():
        asyncio.get_running_loop().more = 1
        for i in range(3): f(i)
    def f(n):
        return n + 1
    {before}
    asyncio.run(main())
    {after}
    """


@pytest.mark.parametrize("more, told", [
    ("asyncio.get_running_loop().more", ""), ("asyncio.get_event_loop().more", ""), ("len(asyncio.all_tasks())", ""),
    ("(asyncio.current_task() is not None)", ""), ("2 * asyncio.get_running_loop().more", "result differs")])
def test_the_event_loop_of_a_coroutine_that_calls_runs_in_the_copies_too(write_program, more, told):
    script = write_program(IN_A_LOOP.format(before="", after=""))
    judged = judge(script, program_of(script), "f", f"def f(n):\n    return n + {more}\n", calls=(1, 3))
    assert told in judged.why and bool(judged.dropped) == bool(told) and bool(judged.same) != bool(told), judged.why


@pytest.mark.parametrize("before, after, call", [("f(0)", "", 1), ("", "f(4)", 4)])
def test_no_event_loop_runs_in_the_copies_where_none_runs_in_the_program(write_program, before, after, call):
    script = write_program(IN_A_LOOP.format(before=before, after=after))
    judged = judge(script, program_of(script), "f", "def f(n):\n    return n + asyncio.get_running_loop().more\n", calls=(call,))
    assert "raised RuntimeError('no running event loop')" in judged.why, judged.why


@pytest.mark.parametrize("changed, told", [("", ""), ("decimal.getcontext().prec = 50", "decimal context")])
def test_the_decimal_context_is_compared_by_its_values(write_program, changed, told):
    """It is made where it is first asked for: in each copy another one."""
    script = write_program("""
        import decimal
        def f(n):
            return decimal.Decimal(n) / 7
        for i in range(5): f(i)
        """)
    judged = judge(script, program_of(script), "f", f"def f(n):\n    {changed or 'pass'}\n    return decimal.Decimal(n) / 7\n", calls=(1, 3))
    assert told in judged.why and bool(judged.dropped) == bool(told) and bool(judged.same) != bool(told), judged.why
