"""Things that programs do to threads, processes, signals and descriptors. The program must not notice the
probe, and the probe must not lose the program."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TARGET = os.environ.get("HASTEN_TEST_TARGET", sys.executable)

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


def test_it_samples_with_every_engine(probe, engine):
    ran = probe(program("burn(5_000_000)\n"), engine=engine)
    assert ran.exit_code == 0 and ran.why_not_sampled == ""
    assert ran.samples > 50
    assert ran.report["lost"] == 0
    assert ran.cpu_share("burn") > 0.8


def test_threads_born_later_are_sampled(probe, engine):
    ran = probe(
        program("""
        import threading
        threads = [threading.Thread(target=burn, args=(2_000_000,)) for _ in range(3)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        """),
        engine=engine,
    )
    burning = {name: 0 for name, _, _ in ran.stacks()}
    assert ran.cpu_share("burn") > 0.7
    assert len(ran.report["threads"]) == 4, burning


def test_many_short_threads_leave_nothing_behind(probe):
    ran = probe(
        program("""
        import os, threading
        before = len(os.listdir('/proc/self/fd'))
        for _ in range(700):
            t = threading.Thread(target=burn, args=(100,))
            t.start()
            t.join()
        while len(os.listdir('/proc/self/task')) > 1:  # the last one is still on its way out
            pass
        print(len(os.listdir('/proc/self/fd')) - before)
        """)
    )
    assert ran.stdout.split() in (["0"], ["1"])  # the main thread may have asked for its page faults meanwhile
    assert ran.report["unsampled_threads"] == 0


def test_more_threads_than_slots_are_counted(probe):
    ran = probe(
        program("""
        import threading
        threading.stack_size(65536)
        gate = threading.Event()
        threads = [threading.Thread(target=gate.wait) for _ in range(1100)]
        [t.start() for t in threads]
        gate.set()
        [t.join() for t in threads]
        burn(1_000_000)
        """)
    )
    assert ran.exit_code == 0
    assert 1100 - 1024 <= ran.report["unsampled_threads"] <= 1100 - 1023 + 1


def test_fork_leaves_the_child_alone(probe, engine):
    ran = probe(
        program("""
        import os
        expected = burn(1000)
        for how in ("exit", "raise", "exec"):
            pid = os.fork()
            if pid == 0:
                import threading
                assert burn(1000) == expected
                t = threading.Thread(target=burn, args=(200_000,)); t.start(); t.join()
                if how == "exit":
                    os._exit(7)
                elif how == "raise":
                    raise SystemExit(8)
                os.execv("/bin/sh", ["sh", "-c", "exit 9"])
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        burn(3_000_000)
        """),
        engine=engine,
    )
    assert ran.stdout.split() == ["7", "8", "9"]
    assert ran.cpu_share("burn") > 0.5
    assert len({thread["pid"] for thread in ran.report["threads"]}) == 4


def test_subprocesses_and_pools_work_as_without(probe):
    ran = probe(
        program("""
        import multiprocessing, os, subprocess, sys
        if __name__ == "__main__":
            print(subprocess.run([sys.executable, "-c", "import os; print(sorted(os.environ) == " + repr(sorted(os.environ)) + ")"],
                                 capture_output=True, text=True).stdout.strip())
            for method in ("fork", "spawn"):
                with multiprocessing.get_context(method).Pool(2) as pool:
                    print(sum(pool.map(burn, [1000] * 8)) == 8 * burn(1000))
        """)
    )
    assert ran.stdout.split() == ["True", "True", "True"], ran.stderr


def test_the_environment_is_the_programs_own(probe, tmp_path):
    text = "import os, json; print(json.dumps([dict(os.environ), list(os.environ)]))"
    ran = probe(text)
    plain = subprocess.run([TARGET, "-c", text], capture_output=True, text=True, cwd=tmp_path)
    assert json.loads(ran.stdout) == json.loads(plain.stdout)


def test_an_ld_preload_of_the_programs_own_is_put_back(probe, tmp_path):
    library = tmp_path / "own.so"  # without a libc: the program may have another one than the tests
    subprocess.run(["gcc", "-shared", "-nostdlib", "-x", "c", "/dev/null", "-o", library], check=True)
    ran = probe("import os; print(os.environ['LD_PRELOAD'])", env={"LD_PRELOAD": str(library)})
    assert ran.stdout.strip() == str(library)


def test_kill_9_loses_no_finished_sample_and_no_name(probe):
    ran = probe(
        program("""
        import os, signal
        def last_words(n):
            return burn(n)
        last_words(4_000_000)
        os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    assert ran.signal == signal.SIGKILL
    assert ran.samples > 50
    assert ran.cpu_share("last_words") > 0.5
    assert all(name != "<unknown>" for _, frames, _ in ran.stacks() for name, _ in frames)


def test_os_exit_in_a_thread_is_followed(probe):
    ran = probe(
        program("""
        import os, threading
        threading.Thread(target=lambda: (burn(2_000_000), os._exit(42))).start()
        burn(10**9)
        """)
    )
    assert ran.exit_code == 42
    assert ran.cpu_share("burn") > 0.8


def test_daemon_threads_at_exit(probe):
    ran = probe(
        program("""
        import threading
        threading.Thread(target=burn, args=(10**9,), daemon=True).start()
        burn(1_000_000)
        print("end")
        """)
    )
    assert (ran.exit_code, ran.stdout) == (0, "end\n")


def test_the_program_may_use_every_signal(probe, engine):
    ran = probe(
        program("""
        import os, signal
        seen = []
        original = {}
        for number in sorted(signal.valid_signals()):
            if number in (signal.SIGKILL, signal.SIGSTOP) or 32 <= number < signal.SIGRTMIN:
                continue
            original[number] = signal.getsignal(number)
            signal.signal(number, lambda n, f: seen.append(n))
        burn(1_000_000)
        for number in original:
            os.kill(os.getpid(), number)
            burn(10)
        burn(1_000_000)
        print(sorted(seen) == sorted(original), {n for n, h in original.items() if h is None})
        """),
        engine=engine,
    )
    assert ran.stdout == "True set()\n", ran.stdout
    assert ran.samples > 20


def test_a_real_time_signal_still_kills(probe):
    ran = probe(program("import os, signal\nburn(10**6)\nos.kill(os.getpid(), signal.SIGRTMAX - 3)\nburn(10**9)\n"))
    assert ran.signal == signal.SIGRTMAX - 3


def test_blocking_all_signals_does_not_harm(probe):
    ran = probe(
        program("""
        import signal
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        burn(3_000_000)
        print(len(signal.sigpending()))
        """)
    )
    assert ran.stdout == "0\n"
    assert ran.cpu_share("burn") > 0.7


def test_closing_all_descriptors_does_not_stop_the_clock(probe):
    ran = probe(
        program("""
        import os
        from time import thread_time
        def before(): burn(3_000_000)
        def after(): burn(6_000_000)
        times = [thread_time()]
        before()
        times.append(thread_time())
        os.closerange(3, 4096)
        after()
        times.append(thread_time())
        print(os.open("/dev/null", os.O_RDONLY), times[1] - times[0], times[2] - times[1])
        """)
    )
    lowest_free, before_s, after_s = ran.stdout.split()
    assert lowest_free == "3"
    told = ran.cpu_share("after") / ran.cpu_share("before")
    assert told == pytest.approx(float(after_s) / float(before_s), rel=0.3)  # four deviations of so many samples, and more


def test_interrupted_calls_are_not(probe, engine):
    """select, poll and sleep in C code that does not retry: any EINTR would show."""
    ran = probe(
        program("""
        import ctypes, errno, threading
        libc = ctypes.CDLL(None, use_errno=True)
        stop = []
        def sleeper():
            interrupted = 0
            for _ in range(100):
                if libc.poll(None, 0, 5) < 0 and ctypes.get_errno() == errno.EINTR:
                    interrupted += 1
                burn(500)
            stop.append(interrupted)
        t = threading.Thread(target=sleeper); t.start()
        while not stop: burn(2000)
        t.join()
        print(stop[0])
        """),
        engine=engine,
    )
    assert int(ran.stdout) == 0


def test_calls_that_the_kernel_never_restarts_are_not_interrupted(probe, engine, tmp_path):
    """Threads that block just when a signal is under way, thousands of times."""
    source = Path(__file__).with_name("interruptible.c")
    library = tmp_path / "calls.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", source, "-o", library, "-lpthread"], check=True)
    ran = probe(
        program("""
        import ctypes, sys
        library = ctypes.CDLL(sys.argv[1])
        print([library.interrupted(call, ctypes.c_long(1500 if call < 5 else 150)) for call in range(6)])
        """),
        library,
        rate_hz=20_000,
        engine=engine,
    )
    assert ran.samples > 150
    assert ran.stdout.strip() == "[0, 0, 0, 0, 0, 0]"


def test_deep_recursion_keeps_both_ends(probe):
    ran = probe(
        program("""
        import sys, threading
        sys.setrecursionlimit(20_000)
        threading.stack_size(512 << 20)
        def down(n):
            return burn(3_000_000) if n == 0 else down(n - 1)
        def outermost(): down(9_000)
        t = threading.Thread(target=outermost); t.start(); t.join()
        """)
    )
    assert ran.exit_code == 0
    deep = [frames for _, frames, _ in ran.stacks() if len(frames) > 900]
    assert len(deep) > 20
    for frames in deep:
        names = [name for name, _ in frames]
        assert "outermost" in names
        assert len(frames) <= 1025
    assert ran.report["broken_stacks"] == 0


def test_generators_and_coroutines_have_their_callers(probe):
    ran = probe(
        program("""
        import asyncio
        def numbers(n):
            for i in range(n):
                yield i * i
        def consumer(): return sum(numbers(2_000_000))
        async def work(): return burn(2_000_000)
        async def outer(): return await work()
        consumer()
        asyncio.run(outer())
        """)
    )
    assert ran.report["broken_stacks"] <= 0.002 * ran.samples + 1
    inside = [frames for _, frames, _ in ran.stacks() if frames and frames[-1][0] == "numbers"]
    assert len(inside) > 20
    wrong = [frames for frames in inside if len(frames) < 2 or frames[-2][0] != "consumer"]
    assert len(wrong) <= 1, wrong[:3]
    for _, frames, _ in ran.stacks():
        names = [name for name, _ in frames]
        if "work" in names:
            assert "outer" in names


def test_exceptions_tracebacks_and_faulthandler(probe, tmp_path):
    text = program("""
    import faulthandler
    faulthandler.enable()
    burn(500_000)
    def fails(): raise ValueError("on purpose")
    fails()
    """)
    ran = probe(text)
    plain = subprocess.run([TARGET, ran.report["command"][1]], capture_output=True, text=True, cwd=tmp_path)
    assert ran.exit_code == plain.returncode == 1
    assert ran.stderr.rstrip("\n") == plain.stderr.rstrip("\n")


def test_a_segmentation_fault_is_the_programs_own(probe):
    ran = probe(program("burn(500_000)\nimport ctypes\nctypes.string_at(0)\n"))
    assert ran.signal == signal.SIGSEGV
    assert ran.samples > 5


def test_code_objects_that_come_and_go_keep_their_names(probe):
    """Thousands of code objects at a handful of addresses."""
    ran = probe(
        """
        for number in range(400):
            namespace = {}
            source = f"def f{number % 50}():\\n" + "\\n" * (number % 50) + "    for i in range(20000): i * i\\n"
            exec(compile(source, f"<made {number % 50}>", "exec"), namespace)
            namespace[f"f{number % 50}"]()
        """
    )
    seen = 0
    for _, frames, _ in ran.stacks():
        for name, line in frames:
            if name.startswith("f") and name[1:].isdigit():
                seen += 1
                assert line in (1, int(name[1:]) + 2), (name, line)
    assert seen > 50


def test_names_beyond_ascii(probe, tmp_path):
    ran = probe("def größe():\n    for i in range(2_000_000): i * i\ndef 名前():\n    for i in range(2_000_000): i * i\ngröße(); 名前()\n")
    assert ran.cpu_share("größe") > 0.2
    assert ran.cpu_share("名前") > 0.2


def test_waiting_is_told_by_where_and_why(probe):
    ran = probe(
        program("""
        import threading, time
        def naps():
            for _ in range(40): time.sleep(0.01)
        lock = threading.Lock(); lock.acquire()
        def waits_for_the_lock():
            lock.acquire()
        t = threading.Thread(target=waits_for_the_lock); t.start()
        naps()
        lock.release()
        t.join()
        """)
    )
    waits = {f["function"]: f["wait_s"] for f in ran.report["functions"] if f.get("wait_s")}
    assert 0.3 < waits["naps"]["sleep"] < 1.0
    assert waits["waits_for_the_lock"]["lock"] > 0.3
    assert waits["naps"]["gil"] < 0.1


def test_copying_out_of_the_page_cache_is_no_wait(probe, tmp_path):
    """read() computes here: the kernel copies. Told as a wait as well, it would count twice."""
    (tmp_path / "large").write_bytes(bytes(64 << 20))
    ran = probe(
        program(f"""
        import os
        file = os.open({str(tmp_path / "large")!r}, os.O_RDONLY)
        for _ in range(8):
            os.lseek(file, 0, os.SEEK_SET)
            assert len(os.read(file, 64 << 20)) == 64 << 20
        print(open("/proc/thread-self/schedstat").read())
        """)
    )
    without_cpu_s = int(ran.stdout.split()[1]) * 1e-9  # of a busy machine: it reads as part of the call
    main = next(t for t in ran.report["threads"] if t["name"] == "MainThread")
    assert main["cpu_s"] > 0.05
    waits = main.get("wait_s", {"io": 0})
    assert main["cpu_s"] + sum(waits.values()) <= main["wall_s"] * 1.01
    assert waits["io"] < 0.2 * main["cpu_s"] + without_cpu_s


def test_wall_time_of_a_thread_adds_up(probe):
    ran = probe(
        program("""
        import time
        burn(2_000_000)
        begin = time.perf_counter()
        time.sleep(0.3)
        print(time.perf_counter() - begin)
        burn(1_000_000)
        """)
    )
    main = next(t for t in ran.report["threads"] if t["name"] == "MainThread")
    total = main["cpu_s"] + main["runnable_s"] + sum(main["wait_s"].values()) + main["unexplained_s"]
    assert total == pytest.approx(main["wall_s"], rel=0.01)
    assert main["wall_s"] == pytest.approx(ran.report["wall_s"], abs=0.12)
    assert main["wait_s"]["sleep"] == pytest.approx(float(ran.stdout), abs=0.03)
    assert main["unexplained_s"] < 0.03


def test_a_python_in_a_shell_script_is_found(tmp_path):
    script = tmp_path / "wrapper.sh"
    script.write_text(f'#!/bin/sh\nexec /usr/bin/env {sys.executable} -c "sum(i*i for i in range(3_000_000))"\n')
    from hasten import _core

    capture = tmp_path / "sh.hasten"
    ended = _core.collect(["/bin/sh", str(script)], str(capture), rate_hz=1000.0)
    assert ended.exit_code == 0
    assert ended.samples > 20


def test_no_python_is_said(tmp_path):
    from hasten import _core

    ended = _core.collect(["/bin/true"], str(tmp_path / "true.hasten"))
    assert ended.exit_code == 0 and "no Python" in ended.why_not_sampled


def test_a_missing_program_leaves_no_capture(tmp_path):
    from hasten import _core
    from hasten.errors import HastenError

    with pytest.raises(HastenError, match="no-such-program"):
        _core.collect(["/no-such-program"], str(tmp_path / "x.hasten"))
    assert os.listdir(tmp_path) == []


def test_compiled_code_that_announces_itself_has_lines(probe):
    """A loop in machine code, made by hand and registered: 4 bytes that jump to themselves until told."""
    ran = probe(
        program("""
        import ctypes, mmap
        # void spin(long n): loop: dec rdi; jnz loop; ret
        machine = b"\\x48\\xff\\xcf\\x75\\xfb\\xc3"
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(machine)
        begin = ctypes.addressof(ctypes.c_char.from_buffer(page))
        spin = ctypes.CFUNCTYPE(None, ctypes.c_long)(begin)
        class Line(ctypes.Structure):
            _fields_ = [("offset", ctypes.c_uint32), ("line", ctypes.c_uint32)]
        lines = (Line * 2)(Line(0, 77), Line(5, 78))
        register = ctypes.CDLL(None).hasten_probe_register_code
        register.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint32,
                             ctypes.c_void_p, ctypes.c_size_t]
        assert register(begin, begin + 6, b"/made/up.py", b"spinner", 70, lines, 2) == 1
        def caller(): spin(400_000_000)
        caller()
        """)
    )
    inside = [frames for _, frames, _ in ran.stacks() if frames and frames[-1][0] == "spinner"]
    assert len(inside) > 30
    assert all(frames[-1][1] == 77 and frames[-2][0] == "caller" for frames in inside)
    assert ran.report["functions"][0]["split"]["compiled"] > 0.5
