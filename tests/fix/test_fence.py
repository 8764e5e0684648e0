"""What a judged call tries past Python's own hooks: refused by the name of the system call, and no trace of it outside."""

import importlib.util
import os
import platform
import socket
import textwrap

import pytest

from hasten._core import fence
from fix_judging import judge
from fix_programs import program_of

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter is for x86-64")


@pytest.fixture
def tried(write_program, tmp_path):
    """tried(setup, statement): judges one call of act(), which runs the statement in a copy and never in the program itself."""
    (tmp_path / "keep").write_text("kept")

    def run(setup, statement, after="", **more):
        script = write_program("\n".join([
            "import ctypes, mmap, os, signal, socket, sys", "libc = ctypes.CDLL(None, use_errno=True)", "real = os.getpid()", setup,
            "def act(n):", "    if os.getpid() != real:", textwrap.indent(textwrap.dedent(statement).strip(), "        "),
            "    return n", "act(1)", after, "print('end')", ""]))
        judged = judge(script, program_of(script), "act", **more)
        assert judged.run.exit_code == 0 and judged.run.stdout.lines == [b"end", b""], judged.run.stderr_tail
        return judged

    return run


@pytest.mark.parametrize("statement, words", [
    ("libc.unlink(b'keep')", ["writes outside", "unlink('keep')"]),
    ("libc.rename(b'keep', b'gone')", ["rename('keep', 'gone')"]),
    ("libc.open(b'new', os.O_WRONLY | os.O_CREAT, 0o600)", ["openat('new', O_WRONLY|O_CREAT)"]),
    ("libc.open(b'keep', os.O_TRUNC)", ["openat('keep', O_RDONLY|O_TRUNC)"]),
    ("libc.truncate(b'keep', ctypes.c_long(0))", ["truncate('keep', 0)"]),
    ("libc.mkdir(b'new', 0o700)", ["mkdir('new')"]),
    ("libc.symlink(b'keep', b'new')", ["symlink('keep', 'new')"]),
    ("libc.chmod(b'keep', 0)", ["chmod('keep')"]),
    ("libc.syscall(82, b'keep', b'gone')", ["rename('keep', 'gone')"]),
    ("libc.syscall(425, 8, 0)", ["io_uring_setup"]),
    ("libc.syscall(999)", ["system call 999"]),
    ("libc.fork() or libc._exit(0)", ["starts or watches a process"]),
    ("libc.system(b'touch new')", ["starts or watches a process"]),
    ("libc.socket(2, 2, 0)", ["uses the network", "socket"]),
    ("libc.setpriority(0, 0, 5)", ["setpriority(0, 0)"]),
    ("libc.shmget(0, 4096, 0o1600)", ["shmget"]),
    ("libc.getrandom(ctypes.create_string_buffer(8), 8, 0)", ["random numbers", "getrandom"]),
    ("libc.open(b'/dev/urandom', os.O_RDONLY)", ["random numbers"]),
])
def test_a_system_call_that_reaches_outside_is_named_and_leaves_nothing(tried, tmp_path, statement, words):
    before = sorted(os.listdir(tmp_path))
    judged = tried("", statement)
    assert judged.dropped and judged.dropped[0]["verdict"] == "refused"
    assert all(word in judged.why for word in words), judged.why
    assert sorted(os.listdir(tmp_path)) == sorted({*before, "program.py"})
    assert (tmp_path / "keep").read_text() == "kept" and (tmp_path / "keep").stat().st_mode & 0o777 != 0


@pytest.mark.parametrize("statement, word", [
    ("libc.write(log, b'more', 4)", "write("), ("libc.pwrite(log, b'more', 4, ctypes.c_long(0))", "pwrite64("),
    ("libc.write(libc.dup(log), b'more', 4)", "dup("), ("libc.write(libc.fcntl(log, 0, 100), b'more', 4)", "fcntl("),
    ("libc.ftruncate(log, ctypes.c_long(0))", "ftruncate("), ("libc.lseek(log, ctypes.c_long(0), 0)", "lseek("),
    ("libc.flock(log, 2)", "flock("), ("libc.syscall(40, log, os.open('keep', os.O_RDONLY), 0, 4)", "sendfile("),
    ("libc.mmap(0, 4, 3, 1, log, 0)", "mmap("), ("mmap.mmap(log, 4)", "fcntl("),
])
def test_a_file_that_was_open_before_stays_as_it_is(tried, tmp_path, statement, word):
    judged = tried("log = os.open('keep', os.O_RDWR); os.lseek(log, 2, 0)",
                   statement, after="assert os.lseek(log, 0, 1) == 2")
    assert word in judged.why, judged.why
    assert (tmp_path / "keep").read_text() == "kept"


def test_a_connected_socket_sends_nothing(tried):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        judged = tried(f"peer = socket.create_connection(('127.0.0.1', {port})); number = peer.fileno()",
           "libc.send(number, b'more', 4, 0)", after="peer.close()")
        connection, _ = server.accept()
        with connection:
            assert connection.recv(16) == b""
    assert "sendto" in judged.why, judged.why


def test_a_signal_for_another_process_is_not_sent(tried):
    judged = tried("signal.signal(signal.SIGUSR1, lambda *_: print('hit'))", "libc.kill(real, 10)")
    assert "sends a signal: kill(" in judged.why and ", 10)" in judged.why, judged.why


def test_a_signal_for_itself_is_its_own_business(tried):
    judged = tried("signal.signal(signal.SIGUSR1, lambda *_: None)", "signal.raise_signal(10)")
    assert len(judged.same) == 1 and not judged.dropped, judged.why


def test_memory_that_a_file_shares_is_the_copys_own_and_is_compared(tried, tmp_path):
    setup = "area = mmap.mmap(os.open('keep', os.O_RDWR), 4); number = ctypes.addressof(ctypes.c_char.from_buffer(area))"
    judged = tried(setup, "ctypes.memset(number, 65, 4)", after="assert area[:] == b'kept'")
    assert len(judged.same) == 1, judged.why  # both versions write the same
    assert (tmp_path / "keep").read_text() == "kept"
    script = tmp_path / "program.py"
    judged = judge(script, program_of(script), "act", """
        def act(n):
            if os.getpid() != real:
                ctypes.memset(number, 66, 4)
            return n
        """)
    assert "the shared memory" in judged.why and "keep" in judged.why, judged.why
    assert (tmp_path / "keep").read_text() == "kept"


def test_what_stays_inside_goes_through(tried):
    judged = tried("", """
        here, there = os.pipe()
        assert os.write(there, b'x') == 1 and os.read(here, 1) == b'x'
        with open('keep') as file:
            assert file.read() == 'kept'
        assert os.listdir('.') and os.stat('keep').st_size == 4
        with open(os.devnull, 'wb') as file:
            file.write(b'x')
        area = mmap.mmap(-1, 4096)
        area[0] = 1
        import bisect, csv, html.parser
        """)
    assert len(judged.same) == 1 and not judged.dropped, judged.why


def test_a_pipe_is_not_read_by_a_copy(tried, tmp_path):
    os.mkfifo(tmp_path / "queue")
    judged = tried("", "os.open('queue', os.O_RDONLY | os.O_NONBLOCK)")
    assert "reads from a device or a pipe" in judged.why


def test_a_kernel_without_supervisors_kills_the_copy(tried, tmp_path):
    made = fence()
    judged = tried("", "libc.unlink(b'keep')", fence=made | {"ask": made["kill"]})
    # The listener cannot be had for a filter that asks nobody, and is not needed either.
    assert "reaches outside" in judged.why, judged.why
    assert (tmp_path / "keep").exists()


def test_a_refused_filter_is_said_once(tried):
    broken = b"\xff" * 8, [], []
    judged = tried("", "pass", after="for i in range(5): act(i)", calls=(1, 2, 3), fence=fence() | {"ask": broken, "kill": broken})
    assert [e["why"] for e in judged.events if e["event"] == "unfenced"] == ["the kernel refuses a filter (EINVAL)"]
    assert len(judged.same) == 3, judged.why


def test_free_numbers_between_the_programs_descriptors_do_not_confuse(tried):
    judged = tried("many = [os.open('keep', os.O_RDONLY) for _ in range(40)]\nfor fd in many[:20]: os.close(fd)\nos.dup2(many[-1], 300)", """
        own = os.open('keep', os.O_RDONLY)
        assert own > 300 and os.read(own, 4) == b'kept'
        """)
    assert len(judged.same) == 1, judged.why
    judged = tried("many = [os.open('keep', os.O_RDONLY) for _ in range(40)]\nos.dup2(many[-1], 300)", "os.read(300, 1)")
    assert "uses an open descriptor: read(300)" in judged.why


def test_threads_that_a_library_starts_for_itself_are_let_be(write_program):
    pytest.importorskip("numpy")
    script = write_program("""
        import numpy
        table = numpy.arange(90_000.0).reshape(300, 300)
        table @ table
        def act(table):
            return float((table @ table).sum())
        act(table)
        """)
    judged = judge(script, program_of(script), "act")
    assert len(judged.same) == 1, judged.why


# -- calls that are compared beside the judged ones ------------------------------------------------------

MANY = """
    import ctypes, os, threading
    from decimal import Decimal, getcontext
    getcontext().prec = 5
    Decimal(1) / 3  # sets the flags that it sets once
    here = threading.local()
    here.one = 1
    libc, libc_with_lock = ctypes.CDLL(None), ctypes.PyDLL(None)  # the latter keeps the GIL while it waits for the kernel
    def f(n):
        return n + 1
    for i in range(3000):
        f(i)
    print("end")
"""


def beside(script, tmp_path, new_body):
    """(Judged, number of calls that were compared in the program itself) of 3000 calls, of which 5 are judged in copies."""
    (tmp_path / "keep").write_text("kept")
    new = "def f(n):\n" + textwrap.indent(textwrap.dedent(new_body).strip(), "    ")
    judged = judge(script, program_of(script), "f", new, calls=(1, 2, 3, 4, 2900), shadow_seconds=30, stride=1)
    assert judged.run.exit_code == 0 and judged.run.stdout.lines == [b"end", b""], judged.run.stderr_tail
    return judged, max((e["count"] for e in judged.events if e["event"] == "shadow"), default=0)


@pytest.mark.parametrize("statement, told", [
    ("libc.unlink(b'keep')", "writes outside: unlink('keep')"),
    ("libc_with_lock.unlink(b'keep')", "writes outside: unlink('keep')"),
    ("libc.open(b'new', os.O_WRONLY | os.O_CREAT, 0o600)", "writes outside: openat('new', O_WRONLY|O_CREAT)"),
    ("open('new', 'w')", "writes to a file ("),
    ("libc.kill(os.getppid(), 10)", "sends a signal: kill("),
    ("libc.socket(2, 2, 0)", "uses the network: socket("),
])
def test_a_call_beside_the_judged_ones_leaves_nothing_outside(write_program, tmp_path, statement, told):
    judged, compared = beside(write_program(MANY), tmp_path, f"""
        if n == 1500:
            {statement}
        return n + 1
        """)
    assert 1400 <= compared <= 1500, "the call was none of the judged"
    assert [e["verdict"] for e in judged.dropped] == ["refused"] and told in judged.why, judged.why
    assert sorted(os.listdir(tmp_path)) == ["keep", "program.py"] and (tmp_path / "keep").read_text() == "kept"


def test_a_result_that_differs_beside_the_judged_calls_is_seen(write_program, tmp_path):
    judged, compared = beside(write_program(MANY), tmp_path, "return n + 1 + (n == 1500)")
    assert judged.why == "the result differs: 1502 instead of 1501" and 1400 <= compared <= 1500


def test_a_call_beside_the_judged_ones_that_does_not_end_is_broken_off(write_program, tmp_path):
    judged, _ = beside(write_program(MANY), tmp_path, """
        while n == 1500:
            pass
        return n + 1
        """)
    assert "the new version was still running after" in judged.why


@pytest.mark.parametrize("new_body", [
    "return n + 1 if n != 1500 or open('keep').read() == 'kept' else 0",  # a copy may read a file that it opens
    "return n + len(str(Decimal(1) / 3)) - 6",  # 0.33333: the precision is that of the program's thread
    "return n + getattr(here, 'one', 1)",
])
def test_what_a_copy_may_do_is_not_refused_beside_the_judged_calls(write_program, tmp_path, new_body):
    judged, compared = beside(write_program(MANY), tmp_path, new_body)
    assert not judged.dropped and compared > 2900, judged.why


@pytest.mark.parametrize("setup, new_body", [
    ("here.table = {i: i + 1 for i in range(3000)}", "return here.table[n]"),
    ("import sqlite3; table = sqlite3.connect(':memory:')", "return table.execute('select ? + 1', (n,)).fetchone()[0]"),
])
def test_what_only_the_programs_thread_has_may_be_used_by_the_new_version_alone(write_program, tmp_path, setup, new_body):
    script = write_program(MANY.replace("    here.one = 1\n", f"    here.one = 1\n    {setup}\n"))
    judged, compared = beside(script, tmp_path, new_body)
    assert not judged.dropped and compared == 0, judged.why
    judged, compared = beside(script, tmp_path, f"if n == 1500: {new_body.replace('return', 'n =')} + 1\nreturn n + 1")
    assert judged.dropped[0]["of"] == "difference" and judged.why == "the result differs: 1503 instead of 1501", "copies have it too"
    assert 1400 <= compared <= 1500


def test_what_the_new_version_leaves_behind_does_not_hide_that_it_differed(write_program, tmp_path):
    script = write_program(MANY.replace("    here.one = 1\n", "    here.one = 1\n    known = set()\n"))
    judged, _ = beside(script, tmp_path, """
        if n == 1500 and n not in known:
            known.add(n)
            return 0
        return n + 1
        """)
    assert "the new version returned 0 where the old one returned 1501, though not a second time" in judged.why


@pytest.mark.skipif(importlib.util.find_spec("hasten._compile") is None, reason="built without the compiler")
def test_what_is_compiled_at_its_first_call_is_compiled_beside_the_judged_calls(write_program, tmp_path):
    script = write_program(MANY.replace("    here.one = 1\n", "    here.one = 1\n    import hasten\n"
                                        "    plus_one = hasten.jit(lambda n: n + 1)\n"))
    judged, compared = beside(script, tmp_path, """
        result = plus_one(n)
        return result if plus_one.report()["tier"] == "native" else 0
        """)
    assert not judged.dropped and compared > 2900, judged.why


def test_what_is_the_threads_own_makes_no_difference(write_program, tmp_path):
    script = write_program(MANY.replace("return n + 1", "return n + here.one"))
    judged, compared = beside(script, tmp_path, "return here.one + n")
    assert not judged.dropped and compared == 0, "another thread has no such attribute: that says nothing of the new version"


def test_the_program_forks_and_counts_its_threads_as_before(write_program, tmp_path):
    script = write_program(MANY.replace("    f(i)\n", "    f(i)\n" + textwrap.indent(textwrap.dedent("""
        if i % 500 == 250:
            assert threading.active_count() == 1
            pid = os.fork()
            if pid == 0:
                os._exit(len(os.listdir("/proc/self/task")) - 1)
            assert os.waitpid(-1, 0) == (pid, 0)
        """), "        ").replace("\n\n", "\n").lstrip("\n")))
    judged, compared = beside(script, tmp_path, "return 1 + n")
    assert not judged.dropped and compared > 2900, judged.why
    assert "Warning" not in judged.run.stderr_tail


def test_a_kernel_without_supervisors_compares_none_beside_the_judged(write_program, tmp_path):
    made = fence()
    script = write_program(MANY)
    (tmp_path / "keep").write_text("kept")
    judged = judge(script, program_of(script), "f", "def f(n):\n    if n == 1500: libc.unlink(b'keep')\n    return n + 1",
                   calls=(1, 2, 3, 4), shadow_seconds=30, stride=1, fence=made | {"ask": (b"\xff" * 8, [], [])})
    assert judged.run.exit_code == 0 and (tmp_path / "keep").exists()
    assert not [e for e in judged.events if e["event"] == "shadow"]
