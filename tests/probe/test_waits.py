"""Waiting, as the calls that wait tell it: how long, in which line, for what, and who held the GIL meanwhile."""

import json
import os
import signal
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process

BURN = """\
import os, sys, threading, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        for i in range(2000): i * i
"""


def program(text):
    return BURN + textwrap.dedent(text)


def waits_of(ran, function):
    """Seconds by kind of the function of this name, its own lines and what it calls outside the program."""
    rows = [row for row in ran.report["functions"] if row["function"] == function]
    assert len(rows) == 1, [row["function"] for row in ran.report["functions"]]
    return {kind: seconds for kind, seconds in rows[0]["wait_s"].items() if seconds}


def test_each_kind_on_its_line(probe, engine):
    """Truth: the program's own clock around each call. It wakes up late on a busy machine."""
    ran = probe(
        program("""
        import json, select, socket, subprocess
        from time import perf_counter as clock
        seconds = {}
        def sleeps():
            begin = clock()
            for _ in range(10): time.sleep(0.03)
            seconds["sleeps"] = clock() - begin
        def locked(lock):
            begin = clock()
            lock.acquire()
            seconds["locked"] = clock() - begin
        def receives(sock):
            begin = clock()
            sock.recv(1)
            seconds["receives"] = clock() - begin
        def polls():
            begin = clock()
            select.select([], [], [], 0.2)
            seconds["polls"] = clock() - begin
        def child():
            pid = os.posix_spawn("/bin/sleep", ["sleep", "0.25"], os.environ)
            begin = clock()
            os.waitpid(pid, 0)
            seconds["child"] = clock() - begin
        sleeps()
        lock = threading.Lock(); lock.acquire()
        threading.Timer(0.3, lock.release).start(); locked(lock)
        a, b = socket.socketpair()
        threading.Timer(0.2, lambda: b.send(b"x")).start(); receives(a)
        polls()
        child()
        print(json.dumps(seconds))
        """),
        engine=engine,
    )
    true_s = json.loads(ran.stdout)
    kinds = {"sleeps": "sleep", "locked": "lock", "receives": "io", "polls": "sleep", "child": "child"}
    for function, kind in kinds.items():
        waits = waits_of(ran, function)
        assert waits[kind] == pytest.approx(true_s[function], abs=0.03 + 0.02 * true_s[function]), (function, waits)
        others = {other: seconds for other, seconds in waits.items() if other not in (kind, "unknown")}  # vfork, page faults
        assert sum(others.values()) < 0.03, (function, waits)


def test_waits_of_microseconds_add_up(probe):
    """Waits far below a millisecond are drawn; their sum must be right all the same."""
    ran = probe(
        program("""
        import ctypes
        libc = ctypes.CDLL(None)
        span = (ctypes.c_long * 2)(0, 150_000)
        def naps():
            begin = time.perf_counter()
            for _ in range(2000): libc.nanosleep(span, None)
            return time.perf_counter() - begin
        cpu = time.thread_time()
        wall = naps()
        print(wall - (time.thread_time() - cpu))
        """)
    )
    truth = float(ran.stdout)
    # About one in five is written: sigma is sqrt((1 - p) / (n p)) of the sum.
    chance = truth / 2000 / 1e-3
    sigma = ((1 - min(chance, 0.999)) / (2000 * min(chance, 1))) ** 0.5
    assert waits_of(ran, "naps")["sleep"] == pytest.approx(truth, rel=4 * sigma + 0.1)


def test_the_gil_and_who_held_it(probe, engine):
    """Two threads of pure Python: all that they do not run, they wait for each other."""
    ran = probe(
        program("""
        def first():
            burn_first = 0
            end = time.thread_time() + 0.6
            while time.thread_time() < end:
                for i in range(3000): burn_first += i
        def second():
            burn_second = 0
            end = time.thread_time() + 0.6
            while time.thread_time() < end:
                for i in range(3000): burn_second += i
        threads = [threading.Thread(target=first), threading.Thread(target=second)]
        [t.start() for t in threads]; [t.join() for t in threads]
        """),
        engine=engine,
    )
    threads = [t for t in ran.report["threads"] if t["name"] != "MainThread"]
    assert len(threads) == 2
    for thread in threads:
        parts = thread["cpu_s"] + thread["runnable_s"] + sum(thread["wait_s"].values()) + thread["unexplained_s"]
        assert parts == pytest.approx(thread["wall_s"], rel=0.02)
        assert thread["wait_s"]["gil"] > 0.25
        assert thread["unexplained_s"] < 0.05 * thread["wall_s"] + 0.01
    waited = {"first": waits_of(ran, "first")["gil"], "second": waits_of(ran, "second")["gil"]}
    pairs = {}
    for pair in ran.report["gil"]:
        key = (pair["holder"]["function"], pair["waiter"]["function"])
        pairs[key] = pairs.get(key, 0) + pair["seconds"]
    queued = sum(thread["runnable_s"] for thread in threads)
    for holder, waiter in (("first", "second"), ("second", "first")):
        # Sampled, of some hundred samples; a holder without a CPU is in no sample.
        assert pairs[holder, waiter] == pytest.approx(waited[waiter], rel=0.25, abs=0.05 + queued), pairs


def test_each_of_many_that_fight_for_the_gil_is_sampled_for_what_it_computed(probe, engine):
    """A clock that is taken off its thread during the wait is on again after it."""
    ran = probe(
        program("""
        import json
        spent, begin = [0.0] * 4, threading.Barrier(4)
        def work(number, end):
            s = 0
            while time.thread_time() < end:
                for i in range(3000): s += i
        for number in range(4):
            exec(f"def work{number}(end):\\n    work({number}, end)")
        def run(number):
            begin.wait()
            before = time.thread_time()
            globals()[f"work{number}"](before + 0.2 + 0.2 * number)
            spent[number] = time.thread_time() - before
        threads = [threading.Thread(target=run, args=(n,)) for n in range(4)]
        [t.start() for t in threads]; [t.join() for t in threads]
        print(json.dumps(spent))
        """),
        engine=engine,
    )
    spent = json.loads(ran.stdout)
    for number, seconds in enumerate(spent):
        # Of 200 samples or more: four standard errors of a share.
        assert ran.cpu_share(f"work{number}") == pytest.approx(seconds / sum(spent), abs=0.14)


def test_a_call_that_never_sleeps_is_no_wait_however_busy_the_machine_is(probe, engine):
    """Reads of zeros on a CPU that somebody else wants too: the scheduler's own account has the truth."""
    ran = probe(
        program("""
        import json, signal
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
        other = os.fork()
        if other == 0:
            while True: pass
        def reads():
            zeros = os.open("/dev/zero", os.O_RDONLY)
            end = time.thread_time() + 0.5
            while time.thread_time() < end: os.read(zeros, 1 << 20)
        before = open("/proc/thread-self/schedstat").read().split()
        reads()
        after = open("/proc/thread-self/schedstat").read().split()
        os.kill(other, signal.SIGKILL); os.waitpid(other, 0)
        print(json.dumps((int(after[1]) - int(before[1])) * 1e-9))
        """),
        engine=engine,
    )
    ready_s = json.loads(ran.stdout)
    assert ready_s > 0.2  # of two that want one CPU
    (reads,) = [row for row in ran.report["functions"] if row["function"] == "reads"]
    assert reads.get("wait_s", {}).get("io", 0.0) < 0.1 * ready_s  # the first call is not known to last yet
    thread = next(t for t in ran.report["threads"] if t["pid"] == t["tid"] == ran.report["processes"][0]["pid"])
    assert thread["runnable_s"] == pytest.approx(ready_s, rel=0.2, abs=0.1)  # it starts before the reads


def test_a_wait_that_never_ended_is_not_lost(probe):
    ran = probe(
        program("""
        import signal
        def for_ever(): time.sleep(1000)
        threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
        for_ever()
        """)
    )
    assert ran.signal == signal.SIGKILL
    assert waits_of(ran, "for_ever")["sleep"] == pytest.approx(0.5, abs=0.06)


def test_who_comes_after_one_that_died_in_a_wait_tells_of_its_own(probe, engine):
    """It has the same place in the shared memory."""
    ran = probe("""
        import os, signal, time
        def dies(): time.sleep(60)
        def sleeps():
            for _ in range(10): time.sleep(0.03)
        def child(does):
            pid = os.fork()
            if pid == 0:
                does()
                os._exit(0)
            return pid
        for _ in range(4):
            pid = child(dies)
            time.sleep(0.15)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            time.sleep(0.1)  # until the collector has seen it
            os.waitpid(child(sleeps), 0)
        """, engine=engine)
    assert waits_of(ran, "sleeps") == {"sleep": pytest.approx(4 * 10 * 0.03, rel=0.15)}


def test_a_wait_that_nobody_tells_of_is_not_the_one_before_it(probe, engine):
    """pause() is no call of ours: the collector sees it from outside, right after one that told of itself."""
    ran = probe(program("""
        import signal
        signal.signal(signal.SIGALRM, lambda *_: None)
        def child(): os.system("sleep 0.25")
        def pauses():
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            signal.pause()
        child()
        pauses()
        """), engine=engine)
    assert waits_of(ran, "pauses") == {"sleep": pytest.approx(0.3, abs=0.06)}
    assert waits_of(ran, "child") == {"child": pytest.approx(0.25, abs=0.15)}


@pytest.mark.parametrize("name", ["gone\\udc80away", "two\\nlines"])
def test_names_that_are_no_text(probe, name):
    ran = probe(program(f"""
        import types
        named = types.FunctionType(burn.__code__.replace(co_name="{name}", co_qualname="{name}"), globals())
        named(0.3)
        """))
    shown = name.replace("\\udc80", "\ufffd").replace("\\n", "\n")
    assert ran.cpu_share(shown) > 0.5, ran.report["functions"]


def test_errno_and_results_are_the_calls_own(probe, engine):
    ran = probe(
        program("""
        import errno, select, socket
        results = []
        for call in (lambda: os.read(999, 1), lambda: os.write(999, b"x"), lambda: os.waitpid(-1, 0),
                     lambda: socket.socket().connect(("127.0.0.1", 1)), lambda: os.fsync(999)):
            try: call()
            except OSError as error: results.append(errno.errorcode[error.errno])
        s, other = socket.socketpair(); s.settimeout(0.05)
        try: s.recv(1)
        except TimeoutError: results.append("timeout")
        burn(0.1)
        print(results, threading.Lock().acquire(timeout=0.01), threading.Event().wait(0.02))
        """),
        engine=engine,
    )
    assert ran.stdout == "['EBADF', 'EBADF', 'ECHILD', 'ECONNREFUSED', 'EBADF', 'timeout'] True False\n"


def test_garbage_collection_is_seen(probe, engine):
    """Truth: the callbacks of gc."""
    ran = probe(
        program("""
        import gc
        spent = [0.0, 0.0]
        def note(phase, info):
            if phase == "start": spent[1] = time.thread_time()
            else: spent[0] += time.thread_time() - spent[1]
        gc.callbacks.append(note)
        def work():
            kept = [[i] for i in range(200_000)]
            for _ in range(20): gc.collect()
            gc.disable()
            burn(0.4)
        work()
        print(spent[0], time.process_time(), flush=True)
        os._exit(0)
        """),
        engine=engine,
    )
    collected, total = map(float, ran.stdout.split())
    share = collected / total
    samples = ran.report["samples"]
    sigma = (share * (1 - share) / samples) ** 0.5
    seen = ran.report["garbage_collection"]["cpu_share"]
    assert seen == pytest.approx(share, abs=4 * sigma + 0.02), (collected, total, samples)


def test_without_collection_there_is_no_such_row(probe):
    ran = probe(program("import gc; gc.disable()\nburn(0.3)\nos._exit(0)\n"))
    assert ran.report.get("gc_s", 0.0) < 0.02


def test_a_thread_that_never_waited_says_so(probe):
    """0 was measured; absent would be unknown."""
    ran = probe("""
        import time
        end = time.thread_time() + 0.3
        while time.thread_time() < end: sum(range(2000))
        """)
    (main,) = ran.report["threads"]
    assert set(main["wait_s"]) >= {"sleep", "io", "lock", "child", "gil"} and sum(main["wait_s"].values()) < 0.05
    parts = main["cpu_s"] + main["runnable_s"] + sum(main["wait_s"].values()) + main["unexplained_s"]
    assert parts == pytest.approx(main["wall_s"], rel=0.02, abs=0.01)
