"""Whose the kernel's time is, where functions take turns faster than the clock fires. Truth: the thread's own CPU clock around each."""

import json
import math
import textwrap

import pytest

pytestmark = pytest.mark.process

PROGRAM = """\
import json, mmap, os, sys, tempfile, time
zero = os.open("/dev/zero", os.O_RDONLY)
null = os.open("/dev/null", os.O_WRONLY)
kept = tempfile.TemporaryFile(buffering=0)
kept.write(bytes(1 << 15))
block = b"x" * (1 << 15)
def computes():
    total = 0
    for i in range(6000): total += i * i
    return total
def reads():
    for _ in range(20): os.read(zero, 1 << 18)
def writes():
    for _ in range(80): os.pwrite(kept.fileno(), block, 0)
def asks():
    for _ in range(300): os.stat("/usr/bin/env")
def opens():
    for _ in range(150): os.close(os.open("/dev/null", os.O_RDONLY))
def lists():
    os.listdir("/usr/bin")
def sends():
    for _ in range(200): os.sendfile(null, kept.fileno(), 0, 1 << 15)
def removes():  # long calls and short ones by turns
    with tempfile.NamedTemporaryFile() as file:
        os.posix_fallocate(file.fileno(), 0, 1 << 24)
        os.pwrite(file.fileno(), bytes(1 << 20), 0)
def tells():  # one read of some milliseconds for less than 64 KB, and one of nothing
    with open("/proc/self/smaps_rollup", "rb", buffering=0) as file:
        while file.read(1 << 15): pass
def touches():
    memory = mmap.mmap(-1, 1 << 20)
    for place in range(0, 1 << 20, 4096): memory[place] = 1
    memory.close()
clock = time.thread_time
names = sys.argv[1:]
large = b"x" * (1 << 27) if "tells" in names else b""
spent_s = dict.fromkeys(names, 0.0)
end = clock() + 2
while clock() < end:
    for name in names:
        function = globals()[name]
        begin = clock()
        function()
        spent_s[name] += clock() - begin
print(json.dumps(spent_s))
"""


def shares_of(ran, names):
    """Each function's part of the CPU time of all of them."""
    seen_ns = dict.fromkeys(names, 0)
    for _, frames, cpu_ns in ran.stacks():
        for name in {name for name, _ in frames} & set(names):
            seen_ns[name] += cpu_ns
    return {name: ns / sum(seen_ns.values()) for name, ns in seen_ns.items()}


def check(ran, names, engine="perf"):
    spent_s = json.loads(ran.stdout)
    truth = {name: spent_s[name] / sum(spent_s.values()) for name in names}
    seen = shares_of(ran, names)
    # A thread that has lost its CPU waits for another at the end of its call, and the collector takes it for one that runs.
    main = next(t for t in ran.report["threads"] if t["name"] == "MainThread")
    more = 0.5 * main["runnable_s"] / (main["cpu_s"] + main["runnable_s"]) if engine == "threads" else 0.0
    for name in names:
        chance = 3 * math.sqrt(2 * truth[name] * (1 - truth[name]) / ran.samples)
        assert seen[name] == pytest.approx(truth[name], abs=chance + 0.04 + more), (truth, seen)


@pytest.mark.parametrize("name", ["reads", "writes", "asks", "opens", "lists", "sends", "touches"])
def test_computing_and_the_kernel_take_turns(probe, engine, name):
    check(probe(textwrap.dedent(PROGRAM), "computes", name, engine=engine), ["computes", name], engine)


@pytest.mark.parametrize("name", ["removes", "tells"])
def test_computing_and_long_calls_take_turns(probe, engine, name):
    """The collector's signals wait for the end of such a call, which must not be charged with what was computed before it."""
    check(probe(textwrap.dedent(PROGRAM), "computes", name, engine=engine), ["computes", name], engine)


def test_calls_and_page_faults_take_turns(probe):
    names = ["computes", "touches", "reads", "asks"]
    check(probe(textwrap.dedent(PROGRAM), *names, engine="perf"), names)


def test_at_the_rate_that_is_chosen_by_itself(probe):
    check(probe(textwrap.dedent(PROGRAM), "computes", "opens", rate_hz=0, engine="perf"), ["computes", "opens"])


def test_a_program_that_is_nearly_always_in_the_kernel(probe):
    """The clock fires outside the kernel alone: here that is once in many gaps, if at all."""
    ran = probe(textwrap.dedent(PROGRAM), "reads", engine="perf")
    assert ran.cpu_share("reads") > 0.9
    main = next(t for t in ran.report["threads"] if t["name"] == "MainThread")
    assert ran.report["sampled_cpu_s"] == pytest.approx(main["cpu_s"], rel=0.1)


def test_descriptors_that_the_program_closes_are_never_taken_for_one_another(probe):
    """The clock and the one that tells of page faults may come by each other's old numbers."""
    closing = PROGRAM.replace("end = clock() + 2\n", "end = clock() + 2\nturn = 0\n").replace(
        "    for name in names:\n", "    turn += 1\n    if turn % 50 == 0: os.closerange(max(zero, null, kept.fileno()) + 1, 1024)\n    for name in names:\n"
    )
    ran = probe(closing, "computes", "touches", engine="perf")
    spent_s = json.loads(ran.stdout)
    computing = sum(ns for _, frames, ns in ran.stacks() if frames and frames[-1][0] == "computes") * 1e-9
    assert computing > 0.7 * spent_s["computes"]
    assert ran.samples > 300  # of 1 000 a second outside the kernel


def test_a_long_read_that_never_sleeps_is_no_wait(probe):
    ran = probe(textwrap.dedent(PROGRAM), "computes", "tells", engine="perf")
    main = next(t for t in ran.report["threads"] if t["name"] == "MainThread")
    assert main["wait_s"]["io"] < 0.05 * main["cpu_s"]


def test_the_programs_own_descriptors_are_left_to_it(probe):
    """Threads by the hundred, each with a file of its own, as many as are allowed without a third for the clocks."""
    ran = probe("""
        import os, resource, threading
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        go, files = threading.Event(), []
        def work():
            files.append(os.open("/dev/null", os.O_RDONLY))
            go.wait()
        threads = [threading.Thread(target=work) for _ in range(180)]
        [t.start() for t in threads]
        go.set()
        [t.join() for t in threads]
        print(len(files), max(files) < 200)
    """, engine="perf")
    assert ran.stdout.split() == ["180", "True"]
    assert ran.report["unsampled_threads"] >= 80
