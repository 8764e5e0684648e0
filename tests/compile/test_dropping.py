"""Native code that loses against Python on the program's own calls is dropped; what is not called is freed.

Whether a version loses is measured, so these functions lose, or win, by far: the losers are little but calls of
little methods, whose frames CPython's own instructions enter without a call of C.
"""

import subprocess
import sys
import textwrap
import threading

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
pytest.importorskip("hasten._compile")

CALLS_MAX = 300_000


def chain():
    class Node:  # no global: a global's methods are predicted, and their calls are no loss
        def __init__(self, value, next=None):
            self.value = value
            self.next = next
            self.seen = {}

        def after(self):
            return self.next

    last = Node(3)
    last.next = last
    return Node(1, Node(2, last))


def loses(node, key):
    node.seen[key] = node.after().after().after().after().after().after().after().after().value
    other = node.after()
    return other.value, node.seen[key], other.after().value, str(key)


def until_dropped(function, *args):
    """Calls it until its version is dropped; gives the number of calls."""
    expected = function.__wrapped__(*args)
    for n in range(CALLS_MAX):
        assert function(*args) == expected
        if function.report()["dropped"]:
            return n + 1
    raise AssertionError(f"not dropped: {function.report()}")


def test_a_loser_is_dropped_and_says_so():
    compiled = hasten.jit(loses)
    node = chain()
    until_dropped(compiled, node, 5)
    report = compiled.report()
    assert report["tier"] == "python"
    assert report["versions"] == []
    assert report["retired"] == 1 and report["kept_retired"] == 0, "its code is freed"
    (reason,) = report["reasons"]
    assert "dropped: " in reason and "x slower than Python over " in reason and reason.startswith(__file__)
    assert reason in hasten.jit.explain(compiled)
    calls = report["python_calls"]
    assert compiled(node, 6) == (2, 3, 3, "6")
    assert compiled.report()["python_calls"] == calls + 1
    assert compiled.report()["compiles"] == 1


def test_other_shapes_stay_native():
    def either(a, key):
        if key:
            a.seen[key] = a.after().after().after().after().after().after().after().after().value
            other = a.after()
            return other.value, a.seen[key], other.after().value, str(key)
        return a

    compiled = hasten.jit(either)
    until_dropped(compiled, chain(), 5)
    assert compiled(2, 0) == 2
    assert [version["calls"] for version in compiled.report()["versions"]] == [1]


def wins(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def test_a_winner_stays_and_is_hardly_asked():
    compiled = hasten.jit(wins)
    for i in range(20_000):
        n = 50 + i % 100
        assert compiled(n) == (n - 1) * n * (2 * n - 1) // 6
    report = compiled.report()
    assert report["dropped"] == 0 and report["tier"] == "native"
    assert report["compared_calls"] < 200
    assert report["python_calls"] == 0


def test_what_a_call_does_happens_once():
    log = []

    def note(node, item):
        log.append(item)
        node.seen[item % 7] = node.after().after().after().after().after().after().after().after().value
        other = node.after()
        return other.value, node.seen[item % 7], str(item)

    compiled = hasten.jit(note)
    node = chain()
    for i in range(20_000):
        assert compiled(node, i) == (2, 3, str(i))
    assert log == list(range(20_000))
    assert compiled.report()["compared_calls"] > 0


def test_exceptions_come_through_every_turn():
    def fail(node, i):
        node.seen[i % 5] = node.after().after().after().after().after().after().after().after().value
        if i % 3 == 0:
            raise KeyError(i)
        return node.after().value, str(i)

    compiled = hasten.jit(fail)
    node = chain()
    for i in range(6_000):
        if i % 3:
            assert compiled(node, i) == (2, str(i))
        else:
            with pytest.raises(KeyError) as caught:
                compiled(node, i)
            assert caught.value.args == (i,)
            frames = []
            trace = caught.value.__traceback__
            while trace:
                frames.append((trace.tb_frame.f_code.co_name, trace.tb_lineno - fail.__code__.co_firstlineno))
                trace = trace.tb_next
            assert frames[1:] == [("fail", 3)]


def test_keywords_and_defaults_in_every_turn():
    def spelled(node, *rest, key=5, **more):
        node.seen[key] = node.after().after().after().after().after().after().after().after().value
        return rest, key, more, node.after().value, node.seen[key]

    compiled = hasten.jit(spelled)
    node = chain()
    for _ in range(5_000):
        assert compiled(node) == ((), 5, {}, 2, 3)
        assert compiled(node, 1, key=7, x=2) == ((1,), 7, {"x": 2}, 2, 3)
    assert compiled.report()["compared_calls"] > 0


@hasten.jit
def walk(node, depth):
    node.seen[depth] = node.after().after().after().after().after().after().after().after().value
    if depth == 0:
        return node.seen[depth], str(depth)
    return walk(node, depth - 1)


def test_a_recursion_is_compared_and_dropped_as_a_whole():
    node = chain()
    for _ in range(4_000):
        assert walk(node, 3) == (3, "0")
    # Whatever became of it, recursion is as deep as Python allows, and no deeper.
    low = 100
    while True:
        try:
            walk(node, low)
        except RecursionError:
            break
        low += 1
    assert 700 < low < sys.getrecursionlimit()


def test_deep_recursion_does_not_end_because_it_was_dropped(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent("""
        import sys, threading, hasten
        class Node:
            def after(self):
                return self.next
        node = Node(); node.seen = {}; node.next = Node(); node.next.next = Node(); node.next.next.value = 3; node.next.next.next = node.next.next
        @hasten.jit
        def walk(node, depth):
            node.seen[depth] = node.after().after().after().after().after().after().after().after().value
            other = node.after()
            node.seen[0] = other.after().value
            if depth == 0:
                return node.seen[depth], str(depth), other.after().value
            return walk(node, depth - 1)
        for _ in range(100_000):
            walk(node, 0)
            if walk.report()["dropped"]: break
        print(walk.report()["dropped"])
        sys.setrecursionlimit(30_000)
        threading.stack_size(512 << 20)
        thread = threading.Thread(target=lambda: print(walk(node, 20_000)))
        thread.start(); thread.join()
    """))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n(3, '0', 3)\n", "")


def test_code_that_runs_is_not_freed():
    def outer(node, key, callback):
        node.seen[key] = node.after().after().after().after().after().after().after().after().value
        other = node.after()
        callback()
        return other.value, node.seen[key], other.after().value, str(key)

    compiled = hasten.jit(outer)
    node = chain()
    seen = []

    def nothing():
        pass

    def many():
        for _ in range(CALLS_MAX):
            compiled(node, 5, nothing)
            if compiled.report()["dropped"]:
                break
        seen.append(compiled.report())

    assert compiled(node, 5, many) == (2, 3, 3, "5")
    assert seen[0]["dropped"] == 1 and seen[0]["kept_retired"] == 1
    compiled(node, "x", nothing)  # the next compilation looks
    assert compiled.report()["kept_retired"] == 0


def test_versions_that_are_not_called_make_room():
    def first(a, b):
        return a

    compiled = hasten.jit(first)
    kinds = [type(f"Kind{i}", (), {})() for i in range(24)]
    for kind in kinds[:16]:
        for _ in range(3):
            assert compiled(kind, 0) is kind
    compiled(kinds[0], 0)
    assert len(compiled.report()["versions"]) == 16
    for _ in range(10_100):
        assert compiled(kinds[20], 0) is kinds[20]
    report = compiled.report()
    assert len(report["versions"]) == 16 and report["retired"] == 1 and report["kept_retired"] == 0
    assert report["compiles"] == 17, "one more, for ten thousand calls that found none"
    for kind in kinds:
        assert compiled(kind, 1) is kind


def test_a_long_call_of_a_dropped_function_makes_it_native_again():
    def work(node, key):
        node.seen[key] = node.after().after().after().after().after().after().after().after().value
        other = node.after()
        total = other.value
        for i in range(node.value):
            total += i * i % 7
        node.after().after(), node.after().after(), node.after().after(), node.after().after(), node.after().after()
        return total, node.seen[key], other.after().value, str(key)

    compiled = hasten.jit(work)
    node = chain()
    until_dropped(compiled, node, 5)
    node.value = 3_000_000
    expected = work(node, 5)
    assert compiled(node, 5) == expected, "this one runs as Python"
    assert compiled(node, 5) == expected
    report = compiled.report()
    assert report["dropped"] == 0 and report["tier"] == "native"


def test_threads_share_a_contest():
    compiled = hasten.jit(loses)
    nodes = [chain() for _ in range(4)]
    failures = []

    def work(node):
        for i in range(8_000):
            if compiled(node, i % 50) != (2, 3, 3, str(i % 50)):
                failures.append(i)

    threads = [threading.Thread(target=work, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
