"""Threads that run no Python: their CPU time stands at the line that they work for. Truth: the threads' own clocks."""

import json

import pytest

pytestmark = pytest.mark.process


def line_of(ran, text):
    (row,) = [row for row in ran.report["lines"] if text in row.get("source", "")]
    return row


def close_to(seconds, samples):
    """Within what so many random samples allow (four of their standard deviations) and 3 %."""
    return pytest.approx(seconds, rel=0.03 + 4 / samples**0.5)


def test_threads_stand_at_the_line_that_started_them(probe, known, tmp_path, engine):
    ran = probe(
        known.PRELUDE
        + "def start():\n    spent = lib.threads(3, 0.4)\n    print(spent)\n"
        + "begin = time.thread_time()\nstart()\nprint(time.thread_time() - begin)\n",
        known.compiled(tmp_path),
        engine=engine,
    )
    spent, own = map(float, ran.stdout.split())
    row = line_of(ran, "spent = lib.threads")
    charged = row["native_threads"]
    samples = row["samples"]
    assert samples > 100
    # It was joined in the very call: nothing is left to be charged for the start alone but the first moments.
    assert charged["in_call_s"] + charged["started_s"] == close_to(spent, samples)
    assert charged["in_call_s"] > 0.8 * spent
    # Apart from the line's own thread, which slept.
    split = {side: share * ran.report["sampled_cpu_s"] for side, share in row["split"].items()}
    assert split["native_threads"] == pytest.approx(charged["in_call_s"] + charged["started_s"])
    assert row["self_cpu_s"] - split["native_threads"] < own + 0.05

    threads = [row for row in ran.report["threads"] if "native_threads" in row]
    assert len(threads) == 3
    for thread in threads:
        assert (thread["creator"]["function"], thread["creator"]["line"]) == ("start", row["line"])
        assert thread["creator"]["tid"] == next(t["tid"] for t in ran.report["threads"] if t["name"] == "MainThread")
        assert sum(thread["native_threads"].values()) == close_to(thread["cpu_s"], samples / 3)
    assert ran.report["outside_python"]["self_cpu_s"] < 0.1 * spent


def test_a_pool_works_for_the_line_that_is_in_the_call(probe, known, tmp_path):
    """Started in one line, used by another: the caller's own samples show that it was in the library."""
    ran = probe(
        known.PRELUDE
        + "lib.pool_start()\n"
        + "def idle():\n    end = time.thread_time() + 0.2\n    while time.thread_time() < end: pass\n"
        + "def call():\n    spent = lib.pool_work(0.8)\n    print(spent)\n"
        + "idle()\ncall()\nidle()\n",
        known.compiled(tmp_path),
    )
    spent = float(ran.stdout)
    row = line_of(ran, "lib.pool_work(")
    assert row["native_threads"]["in_call_s"] == close_to(spent, ran.report["samples"] / 3)
    (thread,) = [row for row in ran.report["threads"] if "native_threads" in row]
    assert thread["creator"]["function"] == "<module>"
    started = sum(r.get("native_threads", {}).get("started_s", 0) for r in ran.report["lines"])
    assert started < 0.1 * spent


def test_work_that_nobody_waits_for_is_the_creators(probe, known, tmp_path):
    """The call is over and Python does something else: all that is known is who started the thread."""
    ran = probe(
        known.PRELUDE
        + """
lib.threads.argtypes = [ctypes.c_int, ctypes.c_double]
ids = ctypes.c_ulong()
run = ctypes.cast(lib.background, ctypes.c_void_p)
create = ctypes.CDLL(None).pthread_create
create.argtypes = [ctypes.c_void_p] * 4
seconds = (ctypes.c_double * 2)(0.5, 0.0)
def start():
    create(ctypes.byref(ids), None, run, seconds)
start()
while seconds[1] == 0.0:
    sum(range(1000))
print(seconds[1])
""",
        known.compiled(
            tmp_path, more="void *background(void *raw) { double *x = raw; x[1] = work(x[0]); return NULL; }"
        ),
    )
    spent = float(ran.stdout)
    row = line_of(ran, "create(ctypes.byref")
    assert row["native_threads"]["started_s"] == close_to(spent, ran.report["samples"] / 3)
    assert row["native_threads"]["in_call_s"] < 0.1 * spent


def test_the_stack_of_an_export_keeps_them_apart(probe, known, tmp_path):
    ran = probe(known.PRELUDE + "def start():\n    print(lib.threads(2, 0.3))\nstart()\n", known.compiled(tmp_path))
    seen = [(frames, cpu_ns) for name, frames, cpu_ns in ran.stacks() if name != "MainThread"]
    assert len(seen) > 30
    in_start = [frames for frames, _ in seen if [name for name, _ in frames][:2] == ["<module>", "start"]]
    assert len(in_start) == len(seen)
    assert {frames[-1][0] for frames in in_start} <= {"(native threads in this call)", "(native threads started here)"}


def test_threads_of_python_are_no_native_threads(probe):
    ran = probe("""
        import threading, time
        def busy():
            end = time.thread_time() + 0.2
            while time.thread_time() < end: pass
        threads = [threading.Thread(target=busy) for _ in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    """)
    assert not [row for row in ran.report["lines"] if "native_threads" in row]
    creators = [row["creator"] for row in ran.report["threads"] if "creator" in row]
    assert [(creator["function"], creator["line"]) for creator in creators] == [("<module>", 7), ("<module>", 7)]


def test_blas_threads_stand_at_the_product(probe, needs):
    needs("numpy")
    ran = probe("""
        import os
        os.environ["OPENBLAS_NUM_THREADS"] = "3"
        import numpy as np, json, time
        def clocks():
            cpu = {}
            for tid in os.listdir("/proc/self/task"):
                cpu[tid] = int(open(f"/proc/self/task/{tid}/schedstat").read().split()[0]) * 1e-9
            return cpu
        a = np.random.default_rng(1).random((1200, 1200))
        def product():
            for _ in range(6):
                b = np.dot(a, a)
        before = clocks()
        product()
        after = clocks()
        main = str(os.getpid())
        print(json.dumps(sum(after[t] - before.get(t, 0) for t in after if t != main)))
    """)
    spent = json.loads(ran.stdout)
    if spent < 0.1:
        pytest.skip("this NumPy multiplies on one thread")
    row = line_of(ran, "b = np.dot(a, a)")
    native_samples = max(10, ran.report["samples"] * row["split"]["native_threads"])
    assert row["native_threads"]["in_call_s"] == close_to(spent, native_samples)
