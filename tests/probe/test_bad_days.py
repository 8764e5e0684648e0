"""Days on which little is as usual: stacks that are swapped or tiny, several interpreters, a stopped process, a full
disk. The program must not notice the probe; what was measured must be true."""

import subprocess
import sys
import textwrap

import pytest

from hasten import _core

pytestmark = pytest.mark.process

BURN = """\
def burn(n):
    total = 0
    for i in range(n):
        total += i * i
    return total
"""


def program(text):
    return BURN + textwrap.dedent(text)


def test_tiny_thread_stacks(probe, engine):
    """The least that Python allows, 32 KB before 3.14: the signal's frame and the walk must fit beside the program's own."""
    ran = probe(
        program("""
        import re, threading
        try:
            threading.stack_size(32768)
        except ValueError as too_small:
            threading.stack_size(int(re.search(r"\\d+", str(too_small))[0]))
        def tiny(): burn(8_000_000)
        threads = [threading.Thread(target=tiny) for _ in range(2)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        print("whole")
        """),
        engine=engine,
    )
    assert (ran.exit_code, ran.stdout) == (0, "whole\n")
    assert ran.cpu_share("tiny") > 0.7
    assert ran.report["broken_stacks"] == 0


def test_greenlets_have_their_own_callers(probe, needs):
    """greenlet copies C stacks to the heap and back, and swaps Python frames under the thread's feet."""
    needs("greenlet")
    ran = probe(
        program("""
        import greenlet
        def left():
            for _ in range(3000):
                burn(1200)
                right_one.switch()
        def right():
            for _ in range(3000):
                burn(1200)
                left_one.switch()
        left_one, right_one = greenlet.greenlet(left), greenlet.greenlet(right)
        left_one.switch()
        print("whole")
        """)
    )
    assert (ran.exit_code, ran.stdout) == (0, "whole\n")
    callers = {"burn": {"left", "right"}, "left": {"<module>"}, "right": {"<module>"}}
    for _, frames, _ in ran.stacks():
        names = [name for name, _ in frames]
        for caller, callee in zip(names, names[1:], strict=False):
            assert callee not in callers or caller in callers[callee], names
    # A greenlet stands under whoever switched to it, or under nobody.
    assert ran.cpu_share("left") == pytest.approx(ran.cpu_share("right"), abs=0.25)
    assert ran.cpu_share("burn") > 0.5


SUBINTERPRETERS = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
one = interpreters.create()
interpreters.run_string(one, '''
def inside(n):
    total = 0
    for i in range(n):
        total += i * i
    return total
inside(3_000_000)
''')
interpreters.destroy(one)
burn(3_000_000)
print("whole")
"""


def test_subinterpreters(probe, engine):
    ran = probe(program(SUBINTERPRETERS), engine=engine)
    assert (ran.exit_code, ran.stdout) == (0, "whole\n"), ran.stderr
    assert 0.3 < ran.cpu_share("burn") < 0.7
    assert 0.3 < ran.cpu_share("inside") < 0.7


def test_stopped_and_continued(probe, engine):
    """While a process is stopped it neither computes nor waits in a call that we know of."""
    ran = probe(
        program("""
        import os, signal, subprocess, sys, time
        burn(1_500_000)
        wake_up = "import os, signal, time; time.sleep(0.5); os.kill(%d, signal.SIGCONT)" % os.getpid()
        other = subprocess.Popen([sys.executable, "-S", "-c", wake_up])
        begin = time.perf_counter()
        os.kill(os.getpid(), signal.SIGSTOP)
        stopped_s = time.perf_counter() - begin
        other.wait()
        burn(1_500_000)
        print(time.process_time(), stopped_s)
        """),
        engine=engine,
    )
    assert ran.exit_code == 0
    cpu_s, stopped_s = map(float, ran.stdout.split())
    assert stopped_s > 0.4
    (main,) = [t for t in ran.report["threads"] if t["name"] == "MainThread" and t["cpu_s"] > 0.5 * cpu_s]
    assert main["cpu_s"] == pytest.approx(cpu_s, rel=0.1)
    assert ran.cpu_share("burn") > 0.5
    waits = main["wait_s"]
    assert sum(seconds for kind, seconds in waits.items() if kind not in ("unknown", "child")) < 0.3 * stopped_s
    assert waits["unknown"] + main["unexplained_s"] > 0.8 * stopped_s


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for two pages."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "hasten-test", str(folder)], capture_output=True).returncode:
        pytest.skip("mounting a file system of 8 KB needs root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_fills_up_meanwhile(tmp_path, small_disk):
    """The program goes on to its own end, and what was written can be read."""
    script = tmp_path / "many_names.py"
    script.write_text(textwrap.dedent("""
        import random
        for k in range(300):
            name = f"f_{random.getrandbits(128):x}"
            space = {}
            exec(f"def {name}(n):\\n  s = 0\\n  for i in range(n): s += i\\n  return s", space)
            space[name](40_000)
        print("whole")
        raise SystemExit(3)
    """))
    command = [sys.executable, "-m", "hasten"]
    capture = small_disk / "x.hasten"
    result = subprocess.run(
        [*command, "run", "--rate", "5000", "--out", str(capture), str(script)], capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stdout) == (3, "whole\n"), result.stderr
    assert f"cannot write {capture}: No space left on device" in result.stderr
    viewed = subprocess.run([*command, "view", str(capture)], capture_output=True, text=True, timeout=60)
    assert viewed.returncode == 0 and "never finished" in viewed.stdout + viewed.stderr


def test_joblib_workers_are_measured(probe, needs):
    """loky starts its workers by fork and exec, and reuses them."""
    needs("joblib")
    ran = probe(
        program("""
        import os, joblib, time
        def work(n):
            begin = time.process_time()
            burn(n)
            return os.getpid(), time.process_time() - begin
        if __name__ == "__main__":
            done = joblib.Parallel(n_jobs=2)(joblib.delayed(work)(1_000_000) for _ in range(6))
            print(os.getpid(), len({pid for pid, _ in done}), sum(s for _, s in done))
        """)
    )
    assert ran.exit_code == 0, ran.stderr
    parent, worker_count, cpu_s = ran.stdout.split()
    by_pid = {}
    for thread in ran.report["threads"]:
        by_pid[thread["pid"]] = by_pid.get(thread["pid"], 0) + thread["cpu_s"]
    (work,) = [f for f in ran.report["functions"] if f["function"] == "burn"]
    # A machine that takes the CPU away between two samples puts what it took on the second one's function.
    assert 0.7 < work["cpu_share"] * ran.report["sampled_cpu_s"] / float(cpu_s) < 1.5
    assert len(by_pid) > int(worker_count)
    assert by_pid[int(parent)] < sum(by_pid.values())


LEFT = BURN + """
import os, signal, sys, threading, time

def ring_bytes():
    with open("/proc/self/maps") as maps:
        spans = [line.split()[0].split("-") for line in maps if "hasten-samples" in line]
    return sum(int(end, 16) - int(begin, 16) for begin, end in spans)

def more_in(count):
    '''By how much more is mapped for so many threads. One ring is left by the first thread, and may serve one of them.'''
    ending = threading.Event()
    threads = [threading.Thread(target=ending.wait) for _ in range(count)]
    before = ring_bytes()
    [t.start() for t in threads]
    more = ring_bytes() - before
    ending.set()
    [t.join() for t in threads]
    return more

parent = os.getppid()
assert more_in(1) > 0
if sys.argv[1] == "kill":
    os.kill(parent, signal.SIGKILL)
    while os.getppid() == parent:
        burn(100)
    threads = 1
    while more_in(2) != 0:
        burn(1_000_000)
        threads += 2
    assert threads < 900  # by then the places for threads would have run out, for nobody frees them
else:
    os.kill(parent, signal.SIGSTOP)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        burn(100_000)
    more = more_in(2)
    os.kill(parent, signal.SIGCONT)
    assert more > 0
print(burn(1000))
"""


@pytest.mark.parametrize("what", ["kill", "stop"])
def test_a_killed_collector_is_noticed_and_a_stopped_one_is_waited_for(tmp_path, what):
    """Nobody empties the rings of a program whose Hasten was killed: its threads need none any more."""
    (tmp_path / "left.py").write_text(LEFT)
    hasten = subprocess.Popen([sys.executable, "-m", "hasten", "run", "left.py", what], cwd=tmp_path, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    output, errors = hasten.communicate(timeout=60)  # until the program has ended, too
    assert output == f"{sum(i * i for i in range(1000))}\n", errors
    assert hasten.returncode == (-9 if what == "kill" else 0)
    report = _core.read_report(str(tmp_path / "left.hasten"))
    assert report["complete"] == (what == "stop")
