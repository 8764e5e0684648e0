"""A program and all the Pythons that it starts are one recording: whichever way they were started, however they end,
and whichever Python they are."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from hasten import _core

pytestmark = pytest.mark.process

BURN = """\
import os, sys, time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        for i in range(2000): i * i
def child_work(seconds):
    burn(seconds)
def parent_work(seconds):
    burn(seconds)
"""


def program(text):
    return BURN + textwrap.dedent(text)


def children(ran):
    return ran.report["processes"][1:]


def child_share(ran):
    """CPU seconds sampled below child_work, in processes other than the first."""
    read = _core.read_stacks(str(ran.capture))
    names = [name for name, _, _ in read["functions"]]
    first = ran.report["processes"][0]["pid"]
    total = 0
    for thread in read["threads"]:
        if thread["pid"] == first:
            continue
        for stack, cpu_ns, _end_ns in thread["samples"]:
            if any(names[f] == "child_work" for f, _ in read["stacks"][stack]):
                total += cpu_ns
    return total / 1e9


WAYS = {
    "fork": """
        pid = os.fork()
        if pid == 0:
            child_work(0.4)
            os._exit(0)
        os.waitpid(pid, 0)
    """,
    "subprocess": """
        import subprocess
        subprocess.run([sys.executable, __file__, "child"], check=True)
    """,
    "subprocess with a clean environment": """
        import subprocess
        subprocess.run([sys.executable, __file__, "child"], check=True, env={})
    """,
    "shell": """
        import shlex, subprocess
        subprocess.run(f"echo | {shlex.quote(sys.executable)} {shlex.quote(__file__)} child", shell=True, check=True)
    """,
    "os.system": """
        import shlex
        assert os.system(f"{shlex.quote(sys.executable)} {shlex.quote(__file__)} child") == 0
    """,
    "posix_spawn": """
        pid = os.posix_spawn(sys.executable, [sys.executable, __file__, "child"], os.environ)
        os.waitid(os.P_PID, pid, os.WEXITED)
    """,
    "multiprocessing fork": """
        import multiprocessing
        p = multiprocessing.get_context("fork").Process(target=child_work, args=(0.4,)); p.start(); p.join()
    """,
    "multiprocessing spawn": """
        import multiprocessing
        p = multiprocessing.get_context("spawn").Process(target=child_work, args=(0.4,)); p.start(); p.join()
    """,
    "multiprocessing forkserver": """
        import multiprocessing
        p = multiprocessing.get_context("forkserver").Process(target=child_work, args=(0.4,)); p.start(); p.join()
    """,
    "process pool": """
        from concurrent.futures import ProcessPoolExecutor
        with ProcessPoolExecutor(1) as pool: pool.submit(child_work, 0.4).result()
    """,
}


@pytest.mark.parametrize("way", WAYS)
def test_children_are_sampled_however_they_start(probe, engine, way):
    main = textwrap.indent(textwrap.dedent(WAYS[way]), "    ")
    ran = probe(
        BURN + "if sys.argv[1:] == ['child']:\n    child_work(0.4)\nelif __name__ == '__main__':\n" + main,
        engine=engine,
    )
    assert ran.exit_code == 0, ran.stderr
    assert len(ran.report["processes"]) >= 2
    assert 0.3 < child_share(ran) < 0.5, ran.report["processes"]
    # multiprocessing's resource tracker outlives the program: nobody knows how it will end.
    assert all(row.get("exit", 0) == 0 for row in children(ran)), ran.report["processes"]
    assert any(row.get("exit") == 0 for row in children(ran)), ran.report["processes"]
    assert ran.report["lost"] == 0


def test_the_replacement_by_exec_goes_on_being_measured(probe, engine):
    ran = probe(
        program("""
        if sys.argv[1:] == ["after"]:
            child_work(0.4); sys.exit(3)
        parent_work(0.3)
        os.execv(sys.executable, [sys.executable, __file__, "after"])
        """),
        engine=engine,
    )
    assert ran.exit_code == 3
    before, after = ran.report["processes"]
    assert before["pid"] == after["pid"] and after["after_exec"] and "after_exec" not in before
    assert after["exit"] == 3
    assert ran.cpu_share("parent_work") == pytest.approx(0.3 / 0.75, abs=0.12)
    assert ran.cpu_share("child_work") == pytest.approx(0.4 / 0.75, abs=0.12)


def test_a_killed_child_keeps_its_samples(probe, engine):
    ran = probe(
        program("""
        import signal
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            child_work(0.5)
            os.write(write, b"x")
            while True: child_work(0.1)
        os.read(read, 1)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        """),
        engine=engine,
    )
    (child,) = children(ran)
    assert child["exit"] == -signal.SIGKILL
    assert child["cpu_s"] >= 0.45
    assert child_share(ran) > 0.4


def test_many_children_at_once_are_all_there(probe):
    ran = probe(
        program("""
        pids = []
        for i in range(40):
            pid = os.fork()
            if pid == 0:
                child_work(0.02 + 0.001 * i)
                os._exit(i)
            pids.append(pid)
        for pid in pids: os.waitpid(pid, 0)
        print(*pids)
        """)
    )
    ends = {row["pid"]: row["exit"] for row in children(ran)}
    assert ends == {int(pid): i for i, pid in enumerate(ran.stdout.split())}
    assert ran.report["lost"] == 0
    total = sum(row["cpu_s"] for row in children(ran))
    assert total == pytest.approx(sum(0.02 + 0.001 * i for i in range(40)), rel=0.15)


def test_more_processes_than_slots_in_turn(probe):
    ran = probe(
        program("""
        for i in range(600):
            pid = os.fork()
            if pid == 0: os._exit(0)
            os.waitpid(pid, 0)
        """)
    )
    assert ran.exit_code == 0
    assert len(children(ran)) == 600


def test_cpu_of_each_process_is_its_own(probe):
    ran = probe(
        program("""
        pid = os.fork()
        if pid == 0:
            child_work(0.6)
            os._exit(0)
        os.waitpid(pid, 0)
        parent_work(0.3)
        """)
    )
    parent, child = ran.report["processes"]
    assert child["parent_pid"] == parent["pid"]
    assert child["cpu_s"] == pytest.approx(0.6, abs=0.06)
    assert parent["cpu_s"] == pytest.approx(0.33, abs=0.08)
    assert ran.report["cpu_s"] == pytest.approx(0.93, abs=0.1)
    assert 0 < child["start_s"] < 0.5 and child["wall_s"] > 0.5


def test_memory_together_at_one_instant(probe):
    """Two children of 120 MB, one after the other: never together. Then two at once."""
    ran = probe(
        program("""
        def hold(count):
            pids = []
            for _ in range(count):
                pid = os.fork()
                if pid == 0:
                    block = bytearray(os.urandom(1024)) * (120 * 1024)
                    time.sleep(1.2)
                    os._exit(0)
                pids.append(pid)
            for pid in pids: os.waitpid(pid, 0)
        hold(1); hold(1)
        """)
    )
    alone = ran.report["peak_tree_bytes"]
    assert 120e6 < alone < 165e6
    ran = probe(
        program("""
        pids = []
        for _ in range(2):
            pid = os.fork()
            if pid == 0:
                block = bytearray(os.urandom(1024)) * (120 * 1024)
                time.sleep(1.2)
                os._exit(0)
            pids.append(pid)
        for pid in pids: os.waitpid(pid, 0)
        """)
    )
    assert 245e6 < ran.report["peak_tree_bytes"] < 295e6


def test_workers_that_share_unevenly(probe):
    ran = probe(
        program("""
        pids = []
        for i in range(4):
            pid = os.fork()
            if pid == 0:
                child_work(0.6 if i == 0 else 0.2)
                os._exit(0)
            pids.append(pid)
        for pid in pids: os.waitpid(pid, 0)
        """)
    )
    (workers,) = ran.report["workers"]
    assert len(workers["pids"]) == 4
    assert workers["mean_cpu_s"] == pytest.approx(0.3, abs=0.04)
    assert workers["most_cpu_s"] == pytest.approx(0.6, abs=0.06)


OTHERS = [p for p in os.environ.get("HASTEN_OTHER_PYTHONS", "").split(os.pathsep) if p]


@pytest.mark.skipif(not OTHERS, reason="no other Python named in HASTEN_OTHER_PYTHONS")
@pytest.mark.parametrize("other", OTHERS)
def test_a_child_in_another_python(probe, other):
    ran = probe(
        program("""
        import subprocess
        if sys.argv[1:] == ["child"]: child_work(0.4)
        else: subprocess.run([sys.argv[1], __file__, "child"], check=True)
        """),
        other,
    )
    version = subprocess.run([other, "-c", "import platform; print(platform.python_version())"],
                             capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    (child,) = children(ran)
    assert child["python"] == version
    assert 0.3 < child_share(ran) < 0.5


def test_children_see_nothing_of_us(probe):
    ran = probe(
        program("""
        import subprocess
        text = "import os; print(sorted(k for k in os.environ if 'HASTEN_PROBE' in k or k == 'LD_PRELOAD'), flush=True); "
        text += "os.system('env | grep -c HASTEN_PROBE')"
        print(subprocess.run([sys.executable, "-c", text], capture_output=True, text=True).stdout)
        """)
    )
    assert ran.stdout.split("\n")[0] == "[]"


def test_what_system_returns_and_ignores(probe):
    """system() is ours: status, SIGINT ignored meanwhile, and what was set before stands again."""
    text = program("""
        import signal
        print(os.system("exit 7") >> 8, os.system("kill -TERM $$") & 127, os.system("kill -INT $PPID; exit 2") >> 8)
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, os.system("") )
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        os.system("grep SigBlk /proc/self/status")
        """)
    ran = probe(text)
    plain = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert ran.stdout == plain.stdout
    assert ran.stdout.startswith("7 15 2\n")


def test_forks_are_not_warned_of(probe, engine):
    """CPython 3.12 warns of a fork in a process with several threads: none of them may be ours."""
    ran = probe(
        program("""
        import warnings
        warnings.simplefilter("error")
        pid = os.fork()
        if pid == 0: os._exit(0)
        os.waitpid(pid, 0)
        print(len(os.listdir("/proc/self/task")))
        """),
        engine=engine,
    )
    assert ran.stdout.strip() == "1"


NAMESPACED = """
import os, subprocess, sys, threading
inner = '''
import os, sys, threading, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: sum(range(2000))
def outer_number(): return os.readlink("/proc/thread-self").split("/")[2]
def work():
    burn(0.2)
    print("thread", outer_number(), flush=True)
thread = threading.Thread(target=work)
thread.start()
thread.join()
print("root", os.getpid(), os.readlink("/proc/self"), flush=True)
if os.fork() == 0:
    print("fork", os.getpid(), os.readlink("/proc/self"), flush=True)
    burn(0.1)
    os._exit(7)
os.wait()
'''
for i in range(2):
    subprocess.run(["unshare", "-p", "-f", sys.executable, "-c", inner, f"marker{i}"], check=True)
"""


@pytest.mark.skipif(subprocess.run(["unshare", "-p", "-f", "true"], capture_output=True).returncode != 0, reason="no right to unshare")
def test_a_pid_namespace_has_other_numbers(probe, engine):
    """Within it a process is called 1, as the machine's first process is outside."""
    ran = probe(NAMESPACED, engine=engine)
    said = [line.split() for line in ran.stdout.splitlines()]
    assert [words[1] for words in said if words[0] == "root"] == ["1", "1"]
    rows = {row["pid"]: row for row in children(ran)}
    roots = [int(words[2]) for words in said if words[0] == "root"]
    forks = [int(words[2]) for words in said if words[0] == "fork"]
    assert sorted(rows) == sorted(roots + forks)  # and no other
    for i, (root, fork) in enumerate(zip(roots, forks, strict=True)):
        assert rows[root]["command"][-1] == rows[fork]["command"][-1] == f"marker{i}"
        assert rows[fork]["parent_pid"] == root and rows[fork]["exit"] == 7
        assert not rows[root].get("after_exec") and not rows[fork].get("after_exec")
        assert rows[root]["cpu_s"] > 0.19 and rows[fork]["cpu_s"] > 0.09
    threads = {thread["tid"]: thread for thread in ran.report["threads"]}
    for words in said:
        if words[0] == "thread":
            assert threads[int(words[1])]["cpu_s"] > 0.19
    for thread in threads.values():
        parts = thread["cpu_s"] + thread["runnable_s"] + sum(thread["wait_s"].values()) + thread["unexplained_s"]
        assert parts == pytest.approx(thread["wall_s"], rel=0.05, abs=0.02)


def test_who_serves_the_workers_is_none(probe):
    """One parent, one command, and hardly any of the work: as multiprocessing's manager has."""
    ran = probe(
        program("""
        pids = []
        for i in range(3):
            pid = os.fork()
            if pid == 0:
                if i: child_work(0.5)
                else: time.sleep(0.2)
                os._exit(0)
            pids.append(pid)
        for pid in pids: os.waitpid(pid, 0)
        print(*pids[1:])
        """)
    )
    (workers,) = ran.report["workers"]
    assert sorted(workers["pids"]) == sorted(map(int, ran.stdout.split()))
    assert workers["mean_cpu_s"] == pytest.approx(0.5, abs=0.05)
