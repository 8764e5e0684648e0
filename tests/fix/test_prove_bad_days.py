"""Programs and changes that go wrong under `hasten prove`: each ends, says why, and leaves nothing behind."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fix_programs import program_of

from hasten.fix import baseline
from hasten.fix.judged_results import document_of, summary
from hasten.fix.judgement import Declined, JudgementSession
from hasten.fix.proposals import propose_change

pytestmark = [pytest.mark.process, pytest.mark.one_python]


def judge(script, change, **how):
    program = program_of(script)
    return JudgementSession(propose_change(f"{script}:{change}", program), program, **{"seed": 1, "runs": 8, **how}).judge()


def test_a_changed_program_that_never_ends(write_program, monkeypatch):
    monkeypatch.setattr(baseline, "ENDLESS_S_MIN", 1.0)
    judgement = judge(write_program("""
        def main():
            print('done')
        def endless(again=True):
            while again: pass
        main()
        """), "main=endless", budget_s=30)
    assert judgement.answer == "different" and "still running after" in judgement.reason


def test_a_program_that_does_not_end_within_the_budget(write_program):
    start = time.monotonic()
    judgement = judge(write_program("def f(): pass\ndef g(): pass\nf()\nwhile True: pass\n"), "f=g", budget_s=1.0)
    assert time.monotonic() - start < 60, "the program itself never ends"
    assert judgement.exit_code == 3 and "budget of 1 s" in judgement.reason


def test_a_program_that_asks_on_the_terminal(write_program):
    judgement = judge(write_program("""
        def f(): return 1
        def g(): return 1
        try:
            input('password: ')
        except EOFError:
            print(f())
        """), "f=g")
    assert judgement.exit_code == 3 and "reads the terminal" in judgement.reason


def test_files_are_told_of_and_compared_and_no_is_taken(write_program, tmp_path):
    script = write_program("""
        def f(): return 1
        def g(): return 2
        open('out.txt', 'w').write(str(f()))
        """)
    questions, said = [], []
    judgement = judge(script, "f=g", ask=lambda q: questions.append(q) or True, say=lambda text, stays=False: said.append((text, stays)))
    assert judgement.exit_code == 1 and len(questions) == 1 and "not undone" in questions[0]
    assert ["out.txt" in text for text, stays in said if stays] == [True]
    assert {d.where for d in judgement.differences} == {"f", "the whole program"}
    (tmp_path / "out.txt").unlink()
    with pytest.raises(Declined):
        judge(script, "f=g", ask=lambda q: False)
    assert not (tmp_path / "out.txt").exists()


def test_a_program_that_changes_its_own_source_is_seen(write_program):
    script = write_program("""
        def f(): return 1
        def g(): return 1
        with open(__file__, 'a') as file:
            file.write('# again\\n')
        print(f())
        """)
    judgement = judge(script, "f=g", runs=8)
    # The file is one that the program writes, and no two runs leave it the same.
    assert judgement.answer == "same" and any(str(script) in text for text in judgement.outcome.not_compared)


def test_a_program_that_fails_now_and_then(write_program, tmp_path):
    judgement = judge(write_program("""
        import os, sys
        def f(): return 1
        def g(): return 1
        n = int(open('count').read()) if os.path.exists('count') else 0
        open('count', 'w').write(str(n + 1))
        print(f())
        sys.exit(1 if n % 2 else 0)
        """), "f=g")
    assert judgement.exit_code == 3 and "ended with 0 plainly and with 1 when it was watched" in judgement.reason


@pytest.mark.parametrize("call, change, count", [
    ("f(1)", "f=f_new", 1), ("[f(i) for i in range(100000)]", "f=f_new", 100000), ("Box().p", "Box.p=Box.p_new", 1),
    ("Box.f(3)", "Box.f=Box.f_new", 1), ("deep(300)", "deep=deep_new", 301)])
def test_however_a_function_is_called(write_program, call, change, count):
    judgement = judge(write_program(f"""
        def f(n): return [n]
        def f_new(n): return [n, ][:]
        def deep(n): return 0 if n == 0 else deep(n - 1) + 1
        def deep_new(n): return deep(n - 1) + 1 if n else 0
        class Box:
            @property
            def p(self): return 5
            @property
            def p_new(self): return 2 + 3
            @staticmethod
            def f(n): return n
            @staticmethod
            def f_new(n): return +n
        {call}
        print('done')
        """), change)
    (function,) = judgement.functions
    assert judgement.answer == "same" and function.calls_total == count and function.identical >= 1, function.why_not


def test_a_program_that_fails_by_itself_is_compared_as_it_is_and_that_is_said(write_program):
    judgement = judge(write_program("def f(): return 1\ndef g(): return 1\nprint(f())\nraise SystemExit(4)\n"), "f=g")
    assert judgement.answer == "same" and judgement.program_exit_code == 4
    assert "the unmodified program itself ends with 4" in summary(document_of(judgement))


def test_the_budget_that_ends_after_enough_pairs_still_decides(write_program):
    script = write_program("def f(): return 1\ndef g(): return 1\nprint(f())\n")
    program = program_of(script)
    session = JudgementSession(propose_change(f"{script}:f=g", program), program, budget_s=2.5, seed=1)
    judgement = session.judge()
    assert judgement.verdict.pairs < 8 or judgement.answer == "same", judgement.reason


def test_an_iterator_instead_of_a_list_is_a_difference(write_program):
    judgement = judge(write_program("""
        def f(n): return [i for i in range(n)]
        def g(n): return (i for i in range(n))
        print(sum(f(5)))
        """), "f=g")
    assert judgement.answer == "different" and "generator" in judgement.reason, judgement.reason


# The output says nothing of the answer, and is never twice the same.
ITERATING = """
    import time
    def f(n): return {old}
    def g(n): return {new}
    for k in range(40):
        total = list(f(9))
    print(time.perf_counter_ns())
    """


@pytest.mark.parametrize("old, same, wrong", [
    ("map(lambda i: i * 3, range(n))", "map(lambda i: i + i + i, range(n))", "map(lambda i: i + 3, range(n))"),
    ("(i * 3 for i in range(n))", "(j * 3 for j in range(n))", "(i * 3 for i in range(n - 1))"),
    ("zip(range(n), 'abc')", "zip(range(0, n), 'a' 'bc')", "zip(range(n), 'ab')"),
    ("filter(None, range(n))", "filter(bool, range(n))", "filter(None, range(n, 0, -1))"),
])
def test_what_an_iterator_gives_is_compared(write_program, old, same, wrong):
    judgement = judge(write_program(ITERATING.format(old=old, new=same)), "f=g")
    assert judgement.answer == "same" and judgement.functions[0].identical >= 3, judgement.reason
    judgement = judge(write_program(ITERATING.format(old=old, new=wrong)), "f=g")
    assert judgement.answer == "different" and "what the result gives" in judgement.reason, judgement.reason


def test_an_iterator_without_an_end_is_compared_as_far_as_it_is_looked_at(write_program):
    judgement = judge(write_program("""
        import itertools
        def f(n): return itertools.count(n)
        def g(n): return itertools.count(n + 1)
        for k in range(40):
            total = next(f(k))
        print(id(object()), __import__("time").time_ns())
        """), "f=g")
    assert judgement.answer == "different", judgement.reason


def test_an_iterator_that_takes_long_is_refused_and_nobody_calls_its_type_the_same(write_program):
    judgement = judge(write_program("""
        import time
        def slow(i):
            time.sleep(1.2)
            return i
        def f(n): return map(slow, range(n))
        def g(n): return map(slow, range(n + 1))
        kept = [f(5) for _ in range(3)]
        print(time.perf_counter_ns())
        """), "f=g")
    assert judgement.answer == "cannot tell" and "took more than 2 s" in judgement.reason, judgement.reason


@pytest.mark.parametrize("kind", ["return", "yield"])
def test_what_a_coroutine_gives_is_compared(write_program, kind):
    take = "await f(k)" if kind == "return" else "[x async for x in f(k)]"
    judgement = judge(write_program(f"""
        import asyncio, time
        async def f(n):
            await asyncio.sleep(0)
            {kind} n * 2
        async def g(n):
            await asyncio.sleep(0)
            {kind} n * 2 + (n == 7)
        async def main():
            for k in range(12):
                {take}
        asyncio.run(main())
        print(time.perf_counter_ns())
        """), "f=g")
    assert judgement.answer == "different" and judgement.differences[0].call == 8, judgement.reason


def test_a_call_from_a_thread_is_compared_by_its_result(write_program):
    judgement = judge(write_program("""
        import threading
        def f(n): return [n]
        def g(n): return [n + 1]
        thread = threading.Thread(target=f, args=(1,))
        thread.start()
        thread.join()
        print('done')
        """), "f=g")
    (function,) = judgement.functions
    assert function.judged == 0 and "threads" in function.why_not
    assert judgement.answer == "different" and judgement.differences[0].text == "the result differs: [2] instead of [1]"


def test_a_source_without_write_permission(write_program):
    script = write_program("def f(): return 1\ndef g(): return 1\nprint(f())\n")
    script.chmod(stat.S_IRUSR)
    assert judge(script, "f=g").answer == "same"
    assert [p.name for p in script.parent.iterdir()] == ["program.py"]


def test_interrupted_in_the_middle_it_leaves_no_program_behind(write_program):
    script = write_program("""
        import os, signal
        def f(): return 1
        def g(): return 1
        f()
        with open('pid', 'w') as file:
            file.write(str(os.getpid()))
        signal.pause()
        """)
    os.mkfifo(script.parent / "pid")
    process = subprocess.Popen([sys.executable, "-m", "hasten", "prove", "program.py:f=g", "--yes", "--command", "program.py"],
                               cwd=script.parent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pid = (script.parent / "pid").read_text()  # waits for the program
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in err
    assert not (Path("/proc") / pid).exists()


@pytest.mark.parametrize("wrong, answer", [(0, "same"), (5, "different")])
def test_an_answer_that_looks_like_a_duration_is_compared_beside_one(write_program, wrong, answer):
    judgement = judge(write_program(f"""
        import time
        def report(clips):
            start = time.perf_counter()
            total = 0
            for clip in clips:
                for _ in range(100): total += clip
            print(f"decoded {{total // 100}} s of audio in {{time.perf_counter() - start:.4f}} s")
        def fast(clips):
            start = time.perf_counter()
            total = sum(clips) - {wrong}
            print(f"decoded {{total}} s of audio in {{time.perf_counter() - start:.4f}} s")
        report([3 + i % 7 for i in range(4000)])
        """), "report=fast", runs=8)
    assert judgement.answer == answer, judgement.reason


def test_a_signal_handler_that_runs_meanwhile_is_no_difference(write_program):
    judgement = judge(write_program("""
        import signal
        ticks = 0
        def tick(*_):
            global ticks
            ticks += 1
        signal.signal(signal.SIGALRM, tick)
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        def f(n):
            return sum(range(n)) + 0 * ticks
        def g(n):
            return sum(i for i in range(n)) + 0 * ticks
        print(sum(f(2000) for _ in range(3000)))
        """), "f=g")
    (function,) = judgement.functions
    assert judgement.answer == "same" and function.identical == function.judged > 20, judgement.reason


def test_a_signal_that_a_call_sends_to_itself_comes_to_it(write_program):
    judgement = judge(write_program("""
        import signal
        seen = []
        signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
        def f(n):
            signal.raise_signal(signal.SIGUSR1)
            return len(seen)
        def g(n):
            signal.raise_signal(signal.SIGUSR1)
            return len(seen) + (n == 2)
        for k in range(4): f(k)
        print('done')
        """), "f=g")
    assert judgement.answer == "different" and judgement.differences[0].call == 3, judgement.reason


def test_a_context_variable_at_the_end_is_compared(write_program):
    judgement = judge(write_program("""
        import contextvars, threading
        kept = contextvars.ContextVar("kept")
        def f(n):
            if n == 5000: kept.set(n)
        def g(n):
            if n == 5000: kept.set(n + 1)
        for k in range(6000): f(k)
        print('done')
        """), "f=g")
    assert judgement.answer == "different" and "context variables" in judgement.reason, judgement.reason


@pytest.mark.parametrize("where", ["global", "argument"])
def test_what_is_left_where_nobody_can_look_is_not_called_the_same(write_program, where):
    given, passed = ("", "") if where == "global" else (", h", ", kept")
    judgement = judge(write_program(f"""
        import hashlib, time
        {"h" if where == "global" else "kept"} = hashlib.sha256()
        def f(n{given}):
            h.update(b'%d' % n)
            return n
        def g(n{given}):
            h.update(b'%d' % (n + 1))
            return n
        for k in range(40): f(k{passed})
        print(time.perf_counter_ns())
        """), "f=g")
    assert judgement.answer == "cannot tell" and "not all that it may leave" in judgement.reason, judgement.reason


def test_a_lock_and_a_logger_are_no_data(write_program):
    judgement = judge(write_program("""
        import logging, threading, time
        log, lock = logging.getLogger("x"), threading.Lock()
        def f(n): return [n]
        def g(n): return [n + 0]
        def calls():
            for k in range(40):
                with lock: f(k)
        thread = threading.Thread(target=calls)
        thread.start()
        thread.join()
        print(time.perf_counter_ns())
        """), "f=g")
    (function,) = judgement.functions
    assert judgement.answer == "same" and function.judged == 0 and function.results_compared == 40, judgement.reason
