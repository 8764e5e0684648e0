"""Event loops and their tasks, against the program's own clock around its awaits and calls."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

# As in conftest.py: the programs can run in another Python than the tests.
TARGET = os.environ.get("HASTEN_TEST_TARGET", sys.executable)

pytestmark = pytest.mark.process

VERSION = tuple(
    json.loads(
        subprocess.run(
            [TARGET, "-c", "import sys; print(list(sys.version_info[:2]))"], capture_output=True, text=True, check=True
        ).stdout
    )
)

# What every program begins with: truth[what] is the time that the program itself saw pass around an await or a call.
CLOCK = """\
import asyncio, json, threading, time
from contextlib import contextmanager
truth = {}
@contextmanager
def clock(what):
    begin = time.perf_counter()
    try:
        yield
    finally:
        truth.setdefault(what, []).append(time.perf_counter() - begin)
def tell():
    print(json.dumps(truth))
"""


class Tasks:
    """What the report says of one program, and what the program says."""

    def __init__(self, ran):
        assert ran.exit_code == 0, ran.stderr
        self.report = ran.report
        self.truth = json.loads(ran.stdout)

    def task(self, function, name=None):
        """The one group of tasks with this coroutine and name."""
        (task,) = [t for t in self.report["tasks"] if t.get("function") == function and t.get("name") == name]
        return task

    def awaits(self, *functions):
        """All ways to await whose chain begins with these functions, whichever lines."""
        return [
            await_
            for task in self.report["tasks"]
            for await_ in task["awaits"]
            if [place["function"] for place in await_["chain"]][: len(functions)] == list(functions)
        ]

    def await_s(self, *functions):
        return sum(await_["await_s"] for await_ in self.awaits(*functions))


@pytest.fixture
def tasks(probe):
    return lambda text, **options: Tasks(probe(CLOCK + text, **options))


def like(seconds):
    """Within the 2 % that is promised, and what other programs may do on a busy machine between the two clocks of each."""
    each = seconds if isinstance(seconds, list) else [seconds]
    return pytest.approx(sum(each), rel=0.02, abs=0.02 + 0.001 * len(each))


def test_tasks_that_sleep_each_as_long_as_it_says(tasks):
    seen = tasks("""
async def sleeper(i):
    with clock("sleep"):
        await asyncio.sleep(0.05 + 0.02 * i)
async def main():
    with clock("gather"):
        await asyncio.gather(*(sleeper(i) for i in range(10)))
asyncio.run(main())
tell()
""")
    slept = seen.truth["sleep"]
    (row,) = seen.task("sleeper")["awaits"]
    assert row["await_s"] == like(slept)
    assert row["awaits"] == pytest.approx(10)
    assert row["longest_s"] == like(max(slept))
    assert row["concurrency"] == pytest.approx(sum(slept) / max(slept), rel=0.25)
    assert [place["function"] for place in row["chain"]] == ["sleeper", "sleep"]
    assert seen.await_s("main") == like(seen.truth["gather"])


def test_the_chain_leads_through_every_coroutine_to_the_line(tasks):
    seen = tasks("""
async def inner():
    with clock("inner"):
        await asyncio.sleep(0.02)  # the line
async def middle():
    for _ in range(5):
        await inner()
async def numbers():
    for i in range(5):
        with clock("numbers"):
            await asyncio.sleep(0.02)
        yield i
class Manager:
    async def __aenter__(self):
        with clock("enter"):
            await asyncio.sleep(0.02)
    async def __aexit__(self, *what):
        pass
async def outer():
    await middle()
    async for _ in numbers():
        pass
    async with Manager():
        pass
asyncio.run(outer())
tell()
""")
    assert seen.await_s("outer", "middle", "inner", "sleep") == like(seen.truth["inner"])
    assert seen.await_s("outer", "numbers", "sleep") == like(seen.truth["numbers"])
    assert seen.await_s("outer", "Manager.__aenter__", "sleep") == like(seen.truth["enter"])
    (row,) = seen.awaits("outer", "middle", "inner")
    lines = {place["function"]: place["line"] for place in row["chain"]}
    text = Path(row["chain"][0]["file"]).read_text().splitlines()
    assert "# the line" in text[lines["inner"] - 1]
    assert "await inner()" in text[lines["middle"] - 1]
    assert "await middle()" in text[lines["outer"] - 1]


def test_a_queue_with_consumers_by_name(tasks):
    seen = tasks("""
async def consumer(name, queue):
    while True:
        with clock("get " + name):
            item = await queue.get()
        if item is None:
            return
        with clock("work " + name):
            await asyncio.sleep(0.004)
async def main():
    queue = asyncio.Queue()
    consumers = [asyncio.create_task(consumer(name, queue), name=name) for name in ("first", "zweiter", "\\u4e09")]
    for i in range(60):
        queue.put_nowait(i)
        await asyncio.sleep(0.002)
    for _ in consumers:
        queue.put_nowait(None)
    await asyncio.gather(*consumers)
asyncio.run(main())
tell()
""")
    for name in ("first", "zweiter", "\u4e09"):
        task = seen.task("consumer", name)
        by_function = {}
        for row in task["awaits"]:
            at = row["chain"][1]["function"]
            by_function[at] = by_function.get(at, 0.0) + row["await_s"]
        assert by_function["sleep"] == like(seen.truth["work " + name])
        # A get() that finds something does not await; one that is drawn counts for a millisecond.
        assert by_function["Queue.get"] == pytest.approx(sum(seen.truth["get " + name]), rel=0.05, abs=0.01)


def test_what_blocks_the_loop_with_its_line(tasks):
    seen = tasks("""
def fetch():
    time.sleep(0.06)  # sleeps
async def sleeps():
    for _ in range(5):
        with clock("sleeps"):
            fetch()
        await asyncio.sleep(0.001)
async def computes():
    with clock("computes"):
        sum(i * i for i in range(3_000_000))  # computes
def callback():
    with clock("callback"):
        time.sleep(0.08)  # callback
async def main():
    await asyncio.create_task(sleeps())
    await asyncio.create_task(computes())
    asyncio.get_running_loop().call_soon(callback)
    await asyncio.sleep(0.3)
begin = time.perf_counter()
asyncio.run(main())
truth["run"] = [time.perf_counter() - begin]
tell()
""")
    (loop,) = seen.report["loops"]
    text = Path(seen.task("main")["file"]).read_text().splitlines()
    blocks = {}
    for block in loop["blocks"]:
        blocks.setdefault(text[block["line"] - 1].rpartition("# ")[2], block)
    assert blocks["sleeps"]["blocked_s"] == like(seen.truth["sleeps"])
    assert blocks["sleeps"]["count"] == 5
    assert blocks["sleeps"]["longest_s"] == like(max(seen.truth["sleeps"]))
    assert blocks["sleeps"]["wait_s"] == like(seen.truth["sleeps"])
    assert blocks["computes"]["blocked_s"] == like(seen.truth["computes"])
    assert blocks["callback"]["blocked_s"] == like(seen.truth["callback"])
    assert loop["blocked_s"] >= 0.98 * sum(map(sum, (seen.truth[what] for what in blocks)))
    assert loop["run_s"] == pytest.approx(seen.truth["run"][0], rel=0.05, abs=0.02)
    assert loop["idle_s"] + loop["blocked_s"] <= loop["run_s"]
    causes = [cause for cause in seen.report["causes"] if cause["kind"] == "loop-blocked"]
    much = [block["line"] for block in loop["blocks"] if block["blocked_s"] > max(0.11 * loop["run_s"], 0.11)]
    assert much and {cause["line"] for cause in causes} >= set(much)


def test_cancelled_and_timed_out(tasks):
    seen = tasks("""
async def forever():
    with clock("cancelled"):
        await asyncio.sleep(100)
async def stubborn():
    try:
        with clock("first"):
            await asyncio.sleep(100)
    except asyncio.CancelledError:
        with clock("second"):
            await asyncio.sleep(0.05)
async def late():
    try:
        async with asyncio.timeout(0.07):
            with clock("late"):
                await asyncio.sleep(100)
    except TimeoutError:
        pass
async def main():
    tasks = [asyncio.create_task(forever()), asyncio.create_task(stubborn())]
    await asyncio.create_task(late())
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
asyncio.run(main())
tell()
""")
    assert seen.await_s("forever") == like(seen.truth["cancelled"][0])
    assert seen.await_s("stubborn") == like(seen.truth["first"][0] + seen.truth["second"][0])
    assert seen.await_s("late") == like(seen.truth["late"][0])


def test_two_loops_in_two_threads_beside_threads_and_to_thread(tasks):
    seen = tasks("""
async def member(what):
    for _ in range(10):
        with clock(what):
            await asyncio.sleep(0.01)
async def one():
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(member("one"))
    with clock("to_thread"):
        await asyncio.to_thread(time.sleep, 0.1)
async def two():
    await member("two")
def plain():
    with clock("plain"):
        time.sleep(0.2)
threads = [threading.Thread(target=lambda: asyncio.run(one())), threading.Thread(target=lambda: asyncio.run(two())),
           threading.Thread(target=plain)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
tell()
""")
    assert len(seen.report["loops"]) == 2
    assert seen.await_s("member") == like(seen.truth["one"])
    assert seen.await_s("two", "member") == like(seen.truth["two"])
    # Before it awaits, to_thread() starts a thread.
    assert 0.095 <= seen.await_s("one", "to_thread") <= seen.truth["to_thread"][0]
    # The waits of threads are measured as ever.
    slept = {line["function"]: line["wait_s"]["sleep"] for line in seen.report["lines"] if line["wait_s"]["sleep"] > 0.05}
    assert slept["plain"] == like(seen.truth["plain"][0])


@pytest.mark.skipif(VERSION < (3, 12), reason="eager tasks are new in 3.12")
def test_eager_tasks(tasks):
    seen = tasks("""
async def eager():
    with clock("eager"):
        await asyncio.sleep(0.05)
async def at_once():
    return 1
async def main():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    tasks = [asyncio.create_task(eager(), name="keen") for _ in range(5)]
    await asyncio.gather(*tasks, at_once(), at_once())
    with clock("after"):
        await asyncio.sleep(0.03)
asyncio.run(main())
tell()
""")
    assert seen.task("eager", "keen")["await_s"] == like(seen.truth["eager"])
    assert seen.await_s("main", "sleep") == like(seen.truth["after"][0])


def test_very_many_short_awaits_are_drawn_and_the_sum_is_right(tasks):
    seen = tasks("""
async def short():
    for _ in range(300):
        with clock("short"):
            await asyncio.sleep(0)
async def main():
    await asyncio.gather(*(short() for _ in range(200)))
asyncio.run(main())
print(json.dumps({"short": [sum(truth["short"])]}))
""")
    # Around an await of some microseconds, the program's clock sees itself as well.
    assert seen.await_s("short") == pytest.approx(seen.truth["short"][0], rel=0.04)
    assert seen.task("short")["cpu_s"] > 0


def test_cpu_time_of_a_task_by_name(tasks):
    seen = tasks("""
async def burn(name, seconds):
    spent = 0
    while spent < seconds:
        begin = time.thread_time()
        for _ in range(20_000):
            pass
        spent += time.thread_time() - begin
        await asyncio.sleep(0)
    truth[name] = [spent]
async def main():
    await asyncio.gather(*(asyncio.create_task(burn(name, cpu_s), name=name) for name, cpu_s in (("more", 0.9), ("less", 0.45))))
asyncio.run(main())
tell()
""")
    for name in ("more", "less"):
        assert seen.task("burn", name)["cpu_s"] == pytest.approx(seen.truth[name][0], rel=0.25)


def test_a_program_without_a_loop_has_no_such_section(probe):
    report = probe("import time; time.sleep(0.1)").report
    assert "loops" not in report and "tasks" not in report


def test_a_loop_in_the_child_of_a_fork(tasks):
    seen = tasks("""
import os
async def work(what):
    with clock(what):
        await asyncio.sleep(0.1)
asyncio.run(work("parent"))
if (pid := os.fork()) == 0:
    asyncio.run(work("child"))
    os._exit(0)
os.waitpid(pid, 0)
tell()
""")
    assert len({loop["pid"] for loop in seen.report["loops"]}) == 2
    (row,) = seen.task("work")["awaits"]
    assert row["awaits"] == pytest.approx(2)
    assert row["await_s"] == pytest.approx(2 * seen.truth["parent"][0], rel=0.1)
    assert row["concurrency"] == pytest.approx(1)


def test_the_program_sees_nothing_of_it(probe):
    text = """
    import asyncio, _asyncio
    async def main():
        task = asyncio.current_task()
        return (type(task), repr(_asyncio._set_running_loop), asyncio._set_running_loop is _asyncio._set_running_loop,
                sorted(vars(_asyncio)), task.get_name(), task.get_stack()[0].f_code.co_name)
    print(asyncio.run(main()))
    """
    plain = subprocess.run([TARGET, "-c", textwrap.dedent(text)], capture_output=True, text=True, check=True)
    ran = probe(text)
    assert ran.stdout == plain.stdout and ran.stderr == plain.stderr


@pytest.mark.skipif("HASTEN_UVLOOP_PYTHON" not in os.environ, reason="HASTEN_UVLOOP_PYTHON names no Python with uvloop")
def test_under_uvloop(tasks):
    seen = tasks(
        """
import uvloop
async def sleeper():
    with clock("sleep"):
        await asyncio.sleep(0.1)
async def main():
    await asyncio.gather(*(sleeper() for _ in range(3)))
    with clock("block"):
        time.sleep(0.05)
uvloop.run(main())
tell()
""",
        python=os.environ["HASTEN_UVLOOP_PYTHON"],
    )
    assert seen.await_s("sleeper") == like(seen.truth["sleep"])
    (loop,) = seen.report["loops"]
    assert loop["blocked_s"] == like(seen.truth["block"][0])
    assert loop["idle_s"] >= 0.09
