"""What starting a thread costs: counted in system calls, and in the report's own figure."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

TARGET = os.environ.get("HASTEN_TEST_TARGET", sys.executable)

pytestmark = pytest.mark.process

# Threads that do nothing, started and joined from C: all that they call is the C library's and ours.
STARTS = """\
import ctypes, sys
from time import process_time
libc = ctypes.CDLL(None)
thread = ctypes.c_ulong()
nothing = ctypes.cast(libc.abs, ctypes.c_void_p)
begin = process_time()
for _ in range(int(sys.argv[1])):
    assert libc.pthread_create(ctypes.byref(thread), None, nothing, None) == 0
    assert libc.pthread_join(thread, None) == 0
print(process_time() - begin)
"""


@pytest.fixture
def count_calls(tmp_path):
    program = tmp_path / "count_calls"
    subprocess.run(["gcc", "-O1", str(Path(__file__).with_name("count_calls.c")), "-o", str(program)], check=True)
    if subprocess.run([program, tmp_path / "tried", "/bin/true"]).returncode == 126:
        pytest.skip("ptrace is not allowed here")
    return program


def test_a_start_takes_few_system_calls(probe, count_calls, tmp_path):
    script = tmp_path / "starts.py"
    script.write_text(STARTS)
    command = [str(count_calls), str(tmp_path / "plain"), TARGET, str(script), "60"]
    subprocess.run(command, check=True)
    command[1] = str(tmp_path / "watched")
    ran = probe(f"import subprocess; subprocess.run({command!r}, check=True)")
    assert ran.exit_code == 0, ran.stderr
    plain, watched = ([int(line) for line in (tmp_path / name).read_text().split()] for name in ("plain", "watched"))
    assert len(plain) == len(watched) == 60
    # Its number, its CPU clock at both ends of each end, its stack's bounds; eight to make a clock, two to end it. The
    # first threads map their rings besides.
    assert statistics.median(watched[30:]) - statistics.median(plain) <= 16


def test_a_start_is_in_the_sampling_cost(probe):
    """A thread that does nothing spends its watched CPU time on the watch."""
    ran = probe(STARTS, 1000)
    report = ran.report
    cost_s = report["sampling_cost"] * report["cpu_s"]
    main, *others = sorted(report["threads"], key=lambda thread: thread["tid"] != thread["pid"])
    assert len(others) == 1000
    assert 0.9 * sum(thread["cpu_s"] for thread in others) < cost_s < float(ran.stdout) + 0.05 * report["cpu_s"]


def test_a_clock_closed_before_its_first_sample_is_told(probe):
    """The thread computes only after the program has closed all descriptors."""
    ran = probe(
        """
        import os, threading
        from time import thread_time
        def work():
            go.wait()
            while thread_time() < 0.3: pass
        go = threading.Event()
        thread = threading.Thread(target=work)
        thread.start()
        os.closerange(3, 4096)
        go.set()
        thread.join()
        """
    )
    sampled_s = sum(thread["cpu_s"] for thread in ran.report["threads"])
    assert ran.exit_code == 0 and sampled_s > 0.3
    assert ran.report["unsampled_threads"] == 1 or ran.cpu_share("work") > 0.5
